// Starts the plugins that manifests describe, and says what became of each.
//
// Invariants:
//   T1. Each plugin that was found is in exactly one of `started` and `failed`; what is no plugin is in `skipped`.
//   T2. After the failure of a plugin whose policy is `abort` none of this start is left running.
//   T3. The steps of one plugin: manifest, dependencies, version of the host, configuration, then the launch; a failed step
//       ends it.
//   T4. A plugin is launched after everything that it needs of the same start takes calls, or has failed. Then it fails, too,
//       unless it can do without. Plugins that need each other fail, all of them.

import { RuntimeError } from '../errors/index.ts';
import type { Code } from '../errors/index.ts';
import type { DependencyGate } from './dependencies/index.ts';
import type { LaunchOptions } from './launch-options.ts';
import { manifestLaunch } from './manifest-launch.ts';
import type { LoadedManifest, SkippedPlugin } from './manifest/index.ts';
import type { Plugin } from './plugin.ts';
import { checkStartOptions } from './start-options.ts';
import type { StartFailurePolicy, StartOptions } from './start-options.ts';

/** A plugin that does not run. */
export interface FailedStart {
  readonly name: string;
  /** Why; START_ABORTED for one that was fine but for another plugin. */
  readonly code: Code;
  readonly message: string;
  readonly policy: StartFailurePolicy;
}

/** How a start went. */
export interface StartReport {
  /** Names of the plugins that take calls, in the order in which they were found. */
  readonly started: readonly string[];
  readonly failed: readonly FailedStart[];
  /** What was found and is no plugin, or stands behind another one of its name. */
  readonly skipped: readonly SkippedPlugin[];
}

/** What a start does its work with. */
export interface StartPorts {
  readonly launch: (options: LaunchOptions) => Promise<Plugin>;
  /** A plugin that runs already. */
  readonly plugin: (name: string) => Plugin | undefined;
}

/** Plugins that are being started at the same time. */
const AT_ONCE = 4;

/** Starts them. Rejects with `InvalidOptionsError` only. */
export async function startPlugins(options: StartOptions, ports: StartPorts): Promise<StartReport> {
  checkStartOptions(options);
  const { discoverPlugins } = await import('./manifest/index.ts');
  const { createDependencyGate } = await import('./dependencies/index.ts');
  const { plugins, skipped } = await discoverPlugins(options);
  const wanted = options.plugins;
  const chosen = wanted === undefined ? plugins : plugins.filter(({ manifest }) => wanted.includes(manifest.name));
  const run = new StartRun(options, ports, createDependencyGate({ found: plugins, chosen, running: ports.plugin }));
  await run.all(chosen);
  const unknown = [...new Set([...(wanted ?? []), ...namesIn(options)])]
    .filter((name) => !plugins.some(({ manifest }) => manifest.name === name))
    .map((name) => ({
      name,
      code: 'PLUGIN_UNKNOWN' as const,
      message: `there is no plugin "${name}" in what was searched`,
      policy: policyIn(options, name) ?? ('continue' as const),
    }));
  // T2: also a plugin that is not there can be one without which nothing works.
  if (unknown.some(({ policy }) => policy === 'abort')) await run.abort();
  const { started, failed } = run.outcome(chosen);
  return { started, failed: [...failed, ...unknown], skipped };
}

/** A name that nobody has is a mistake wherever it stands. */
function namesIn({ config = {}, startFailure = {}, launch = {} }: StartOptions): readonly string[] {
  return [config, startFailure, launch].flatMap((byName) => Object.keys(byName));
}

/** What the program says; a name may be that of something that every object has. */
function policyIn({ startFailure = {} }: StartOptions, name: string): StartFailurePolicy | undefined {
  return Object.hasOwn(startFailure, name) ? startFailure[name] : undefined;
}

class StartRun {
  readonly #options: StartOptions;
  readonly #ports: StartPorts;
  readonly #gate: DependencyGate;
  readonly #abort = new AbortController();
  readonly #started = new Map<LoadedManifest, Plugin>();
  readonly #failed = new Map<LoadedManifest, FailedStart>();

  constructor(options: StartOptions, ports: StartPorts, gate: DependencyGate) {
    this.#options = options;
    this.#ports = ports;
    this.#gate = gate;
  }

  async all(plugins: readonly LoadedManifest[]): Promise<void> {
    const { atOnce = AT_ONCE } = this.#options;
    const work = async (): Promise<void> => {
      for (let next = await this.#gate.next(); next !== undefined; next = await this.#gate.next()) {
        const plugin = await this.#one(next);
        this.#gate.settle(next.manifest.name, plugin);
      }
    };
    await Promise.all(Array.from({ length: Math.min(atOnce, plugins.length) }, work));
    if (this.#isGivenUp) await this.abort();
  }

  /** T2. */
  async abort(): Promise<void> {
    this.#abort.abort();
    const running = [...this.#started];
    this.#started.clear();
    await Promise.all(
      running.map(async ([loaded, plugin]) => {
        await plugin.stop();
        this.#fail(loaded, new RuntimeError('START_ABORTED', `plugin "${plugin.name}" was stopped with the others`));
      }),
    );
  }

  outcome(plugins: readonly LoadedManifest[]): Pick<StartReport, 'started' | 'failed'> {
    return {
      started: plugins.filter((loaded) => this.#started.has(loaded)).map(({ manifest }) => manifest.name),
      failed: plugins.map((loaded) => this.#failed.get(loaded)).filter((failure) => failure !== undefined),
    };
  }

  get #isGivenUp(): boolean {
    return this.#abort.signal.aborted || this.#options.signal?.aborted === true;
  }

  /** T3. The plugin; undefined when it does not run. */
  async #one(loaded: LoadedManifest): Promise<Plugin | undefined> {
    const { manifest } = loaded;
    const aborted = new RuntimeError('START_ABORTED', `the start of plugin "${manifest.name}" was given up`);
    if (this.#isGivenUp) return this.#fail(loaded, aborted);
    try {
      this.#gate.require(manifest);
      const plugin = await this.#ports.launch(await this.#launchOptions(loaded));
      this.#started.set(loaded, plugin);
      return plugin;
    } catch (error) {
      const isOwn = !(this.#isGivenUp && RuntimeError.from(error).code === 'CANCELLED');
      if (isOwn && this.#policyOf(loaded) === 'abort') this.#abort.abort();
      return this.#fail(loaded, isOwn ? error : aborted);
    }
  }

  async #launchOptions(loaded: LoadedManifest): Promise<LaunchOptions> {
    const { pluginConfig, requireHostVersion } = await import('./manifest/index.ts');
    const { manifest } = loaded;
    const { config = {}, launch = {}, signal } = this.#options;
    requireHostVersion(manifest);
    const own = <T>(byName: Readonly<Record<string, T>>): T | undefined =>
      Object.hasOwn(byName, manifest.name) ? byName[manifest.name] : undefined;
    const given = own(launch);
    const options = { ...manifestLaunch(loaded, pluginConfig(manifest, own(config)), given?.placement), ...given };
    const signals = [this.#abort.signal, options.signal, signal].filter((given) => given !== undefined);
    return { ...options, name: manifest.name, signal: AbortSignal.any(signals) };
  }

  #policyOf({ manifest }: LoadedManifest): StartFailurePolicy {
    return policyIn(this.#options, manifest.name) ?? manifest.startFailure;
  }

  #fail(loaded: LoadedManifest, error: unknown): undefined {
    const { code, rawMessage } = RuntimeError.from(error);
    const { name } = loaded.manifest;
    this.#failed.set(loaded, { name, code, message: rawMessage, policy: this.#policyOf(loaded) });
  }
}
