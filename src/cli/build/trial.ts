// Starts a built plugin once, as a host does: that shows that it works, and fills its code cache.

import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { PluginCrashedError, RuntimeError } from '../../errors/index.ts';
import { createHost } from '../../host/index.ts';
import { createRealEnvironment, createSilentLogger } from '../../ports/index.ts';
import type { MagicCookie } from '../../transport/index.ts';
import { BUNDLE_FILE, CACHE_FOLDER, cacheName, cacheWriter, ENTRY_FILE } from './entry-file.ts';

/** How a plugin is tried. */
export interface TrialOptions {
  /** The magic cookie that the plugin expects. Default: the one of troupe's SDK. */
  readonly handshake?: MagicCookie | undefined;
  /** Its configuration. Default: none. */
  readonly config?: unknown;
  /** Gives the trial up. */
  readonly signal?: AbortSignal | undefined;
}

const START_TIMEOUT_MS = 30_000;
/** Whatever version the plugin speaks, as long as it is one of these. */
const VERSIONS = Array.from({ length: 100 }, (_, version) => version);
/** These change what V8 compiles, or where to; what runs in the end has others. */
const NOT_INHERITED = new Set(['NODE_OPTIONS', 'NODE_COMPILE_CACHE', 'NODE_V8_COVERAGE', 'NODE_DISABLE_COMPILE_CACHE']);

/** What helps with which failure. */
const HINTS: Readonly<Record<string, string>> = {
  MAGIC_COOKIE_MISMATCH: '; name the magic cookie that it expects with --handshake KEY=VALUE',
  INIT_FAILED: '; give it a configuration with --config JSON',
};

/**
 * Starts the plugin that was built into a directory, with mutual TLS, lets it answer the calls that every host makes
 * first, and stops it in order. Rejects with BUILD_TRIAL_FAILED, or CANCELLED when it was given up.
 */
export async function tryPlugin(directory: string, options: TrialOptions = {}): Promise<void> {
  const { handshake, config, signal } = options;
  const folder = join(directory, CACHE_FOLDER);
  await mkdir(folder);
  const writer = cacheWriter(join(directory, BUNDLE_FILE), join(folder, cacheName()));
  const host = createHost({ environment: createRealEnvironment({ logger: createSilentLogger() }) });
  try {
    await host.launch({
      name: 'trial',
      command: process.execPath,
      args: [`--import=data:text/javascript,${encodeURIComponent(writer)}`, join(directory, ENTRY_FILE)],
      inheritEnv: Object.keys(process.env).filter((name) => !NOT_INHERITED.has(name)),
      compileCache: 'off',
      versions: VERSIONS,
      config,
      startTimeoutMs: START_TIMEOUT_MS,
      restart: 'never',
      ...(handshake === undefined ? {} : { handshake }),
      ...(signal === undefined ? {} : { signal }),
    });
  } catch (error) {
    throw signal?.aborted === true ? error : failure(error);
  } finally {
    await host.stop();
  }
}

function failure(error: unknown): RuntimeError {
  const { code, rawMessage } = RuntimeError.from(error);
  const stderrTail = error instanceof PluginCrashedError ? error.stderrTail : [];
  return new RuntimeError(
    'BUILD_TRIAL_FAILED',
    `the built plugin does not start [${code}]: ${rawMessage}${HINTS[code] ?? ''}`,
    { cause: error, details: { code, stderrTail } },
  );
}
