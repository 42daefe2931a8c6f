// Everything that launches need, opened for one run of the benchmark and closed after it.

import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createHost } from 'troupe';
import type { LaunchOptions } from 'troupe';
import type { Measure } from '../harness/interleave.ts';
import type { GoBenchPeers } from '../peers/go-bench.ts';
import type { Workshop } from '../plugins/workshop.ts';
import { createRawHost } from '../raw/raw-host.ts';
import { cookieOf } from '../rpc/driver-arguments.ts';
import { startDriver } from '../rpc/driver-process.ts';
import type { DriverProcess } from '../rpc/driver-process.ts';
import type { Variant } from './cells.ts';
import {
  fillCompileCache,
  fillCompileCacheRaw,
  launchByRaw,
  launchByTroupe,
  launchNode,
  optionsFor,
} from './launches.ts';
import type { JavaScriptPlugin } from './launches.ts';

/** What is there to be launched. */
export interface StageParts {
  readonly workshop: Workshop;
  readonly go: GoBenchPeers | undefined;
  /** The file that starts the built plugin, which brings its compile cache along. */
  readonly built: string | undefined;
}

/** The launches, ready to be timed. Whoever opens the stage closes it. */
export interface Stage {
  readonly measures: Readonly<Record<Variant, Measure>>;
  close(): Promise<void>;
}

/** Starts the hosts that the variants need and fills the compile caches. */
export async function openStage(variants: ReadonlySet<Variant>, parts: StageParts): Promise<Stage> {
  const caches = mkdtempSync(join(tmpdir(), 'startup-'));
  const raw = createRawHost();
  const host = createHost();
  const drivers: DriverProcess[] = [];
  const close = async (): Promise<void> => {
    await Promise.all([...drivers.map((driver) => driver.close()), host.stop()]);
    raw.close();
    rmSync(caches, { recursive: true, force: true });
  };
  const warm = (file: string, name: string): JavaScriptPlugin => ({ file, compileCache: join(caches, name) });
  const goDriver = async (variant: Variant, flags: readonly string[]): Promise<Measure> => {
    if (!variants.has(variant) || parts.go === undefined) return unavailable;
    const driver = await startDriver(parts.go.host, [...flags, '--', parts.go.plugin]);
    drivers.push(driver);
    return async () => (await driver.run({ kind: 'start', durationMs: 0 })).elapsedMs;
  };
  try {
    const sdkFile = parts.workshop.troupePlugin;
    const rawFile = parts.workshop.rawPlugin;
    const sdk = warm(sdkFile, 'sdk');
    const built = { file: parts.built ?? '' };
    const rawWarm = warm(rawFile, 'raw');
    await fillCompileCacheRaw(rawWarm);
    // AutoMTLS runs more code, which is to be in the cache as well.
    await fillCompileCache(host, sdk, true);
    for (const plugin of [rawWarm, sdk]) requireFiles(plugin);
    const go = (mtls: boolean): LaunchOptions => ({
      name: 'go',
      command: parts.go?.plugin ?? '',
      handshake: cookieOf(true),
      insecure: !mtls,
    });
    const measures: Record<Variant, Measure> = {
      node: launchNode,
      raw: () => launchByRaw(raw, { file: rawFile }),
      rawWarm: () => launchByRaw(raw, rawWarm),
      sdkCold: () => launchByRaw(raw, { file: sdkFile }),
      sdkWarm: () => launchByRaw(raw, sdk),
      sdkMtls: () => launchByRaw(raw, sdk, true),
      built: () => launchByRaw(raw, built),
      builtMtls: () => launchByRaw(raw, built, true),
      hostSdkWarm: () => launchByTroupe(host, optionsFor(sdk, false)),
      hostSdkMtls: () => launchByTroupe(host, optionsFor(sdk, true)),
      hostBuilt: () => launchByTroupe(host, optionsFor(built, false)),
      hostBuiltMtls: () => launchByTroupe(host, optionsFor(built, true)),
      hostGo: () => launchByTroupe(host, go(false)),
      goGo: await goDriver('goGo', []),
      hostGoMtls: () => launchByTroupe(host, go(true)),
      goGoMtls: await goDriver('goGoMtls', ['-automtls']),
    };
    return { measures, close };
  } catch (error) {
    await close();
    throw error;
  }
}

function requireFiles({ file, compileCache = '' }: JavaScriptPlugin): void {
  if (readdirSync(compileCache, { recursive: true }).length === 0) throw new Error(`${file} left no compile cache`);
}

function unavailable(): Promise<never> {
  return Promise.reject(new Error('this launch was not prepared'));
}
