// What a running host takes from its file, and takes anew when the file is read again.
//
// Invariants:
//   S1. A file that cannot be read or used changes nothing.
//   S2. What cannot change while the host runs is said, with the time from which it holds.

import { isDeepStrictEqual } from 'node:util';
import { RuntimeError } from '../../errors/index.ts';
import { readTrust } from '../../host/index.ts';
import type { PendingSetting, PluginLogs, ReloadReport, TrustOptions } from '../../host/index.ts';
import { readHostConfig } from './host-config.ts';
import type { HostConfig } from './host-config.ts';

/** Where the file is. */
export interface HostSettingsOptions {
  readonly file: string;
  /** Whether somebody has named it; then it must be there. */
  readonly wasNamed: boolean;
}

/** A file, and the keys that it trusts. */
interface Loaded {
  readonly config: HostConfig;
  readonly trust: TrustOptions;
}

const AT_START = 'after the next start of the host';

/** The settings of one host. */
export class HostSettings {
  readonly #options: HostSettingsOptions;
  /** What the host was started with, where that counts. */
  readonly #first: HostConfig;
  #now: Loaded;

  private constructor(options: HostSettingsOptions, loaded: Loaded) {
    this.#options = options;
    this.#first = loaded.config;
    this.#now = loaded;
  }

  /** Reads the file for the first time. Rejects with CONFIG_* or SIGNATURE_TRUST_INVALID. */
  static async load(options: HostSettingsOptions): Promise<HostSettings> {
    return new HostSettings(options, await load(options));
  }

  get config(): HostConfig {
    return this.#now.config;
  }

  get trust(): TrustOptions {
    return this.#now.trust;
  }

  /** Configuration of a plugin, as of its next start. */
  ofPlugin(plugin: string): unknown {
    const { plugins } = this.config;
    return Object.hasOwn(plugins, plugin) ? plugins[plugin] : undefined;
  }

  /** Reads the file again. Rejects with RELOAD_FAILED; then everything is as it was (S1). */
  async reload(logs: PluginLogs, onTrust: () => void): Promise<ReloadReport> {
    const next = await load(this.#options).catch((cause: unknown) => {
      const { code, rawMessage, details } = RuntimeError.from(cause);
      throw new RuntimeError('RELOAD_FAILED', `[${code}] ${rawMessage}`, { cause, details });
    });
    const before = this.#now;
    this.#now = next;
    if (!isDeepStrictEqual(before.trust, next.trust)) onTrust();
    return {
      applied: [...setLevels(logs, next.config.log), ...(isDeepStrictEqual(before.trust, next.trust) ? [] : ['trust'])],
      pending: this.#pending(before.config, next.config),
    };
  }

  /** S2. */
  #pending(
    before: HostConfig,
    { log, ops, audit, updates, stopDeadlineMs, plugins }: HostConfig,
  ): readonly PendingSetting[] {
    const first = this.#first;
    const fixed: readonly (readonly [string, unknown, unknown])[] = [
      ['log.maxBytes', first.log.maxBytes, log.maxBytes],
      ['log.keep', first.log.keep, log.keep],
      ['ops', first.ops, ops],
      ['audit', first.audit, audit],
      ['updates', first.updates, updates],
      ['stopDeadlineMs', first.stopDeadlineMs, stopDeadlineMs],
    ];
    const names = new Set([...Object.keys(before.plugins), ...Object.keys(plugins)]);
    const changed = [...names].filter((name) => !isDeepStrictEqual(ownOf(before.plugins, name), ownOf(plugins, name)));
    return [
      ...changed.map((name) => ({ setting: `plugins.${name}`, when: 'from the next start of the plugin on' })),
      ...fixed.filter(([, was, is]) => !isDeepStrictEqual(was, is)).map(([setting]) => ({ setting, when: AT_START })),
    ];
  }
}

/** Sets all levels as the file has them, whatever was set by hand meanwhile. Returns those that were others. */
function setLevels({ hub }: PluginLogs, { level, levels }: HostConfig['log']): readonly string[] {
  const before = hub.levels();
  const applied = before.level === level ? [] : ['log.level'];
  hub.setLevel(undefined, level);
  const names = new Set([...before.plugins.keys(), ...Object.keys(levels)]);
  for (const name of [...names].sort()) {
    const own = ownOf(levels, name);
    if (before.plugins.get(name) === own) continue;
    hub.setLevel(name, own);
    applied.push(`log.levels.${name}`);
  }
  return applied;
}

function ownOf<T>(byName: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(byName, name) ? byName[name] : undefined;
}

async function load({ file, wasNamed }: HostSettingsOptions): Promise<Loaded> {
  const config = await readHostConfig(file, wasNamed);
  return { config, trust: config.trust === undefined ? {} : await readTrust(config.trust) };
}
