// What a lifecycle acts on, without processes and files: plugins that are counted, and artifacts that are texts.

import { createHash } from 'node:crypto';
import { RuntimeError } from '../../../src/errors/index.ts';
import type { Artifacts, DataDirectories, PluginSource, StagedArtifact } from '../../../src/host/lifecycle/index.ts';
import { checkManifest } from '../../../src/host/manifest/index.ts';
import type { Manifest } from '../../../src/host/manifest/index.ts';
import type { LaunchOptions } from '../../../src/host/launch-options.ts';
import type { RunningPlugin } from '../../../src/host/lifecycle/plugin-instance.ts';
import type { StagedPlugin, SwapOptions } from '../../../src/host/staged-plugin.ts';
import type { PluginProcessOutcome } from '../../../src/machines/index.ts';

/** What a manifest of a test says besides its name and its version. */
export interface PluginParts {
  readonly name?: string;
  readonly version?: string;
  readonly depends?: readonly { readonly name: string; readonly version?: string; readonly optional?: boolean }[];
  readonly permissions?: Readonly<Record<string, unknown>>;
  /** Tells artifacts of one version apart. */
  readonly description?: string;
}

/** The files of a plugin: its manifest alone, as bytes. */
export function bundle({ name = 'kv', version = '1.0.0', ...rest }: PluginParts = {}): PluginSource {
  const manifest = {
    apiVersion: 'troupe.plugin/v1',
    name,
    version,
    kinds: ['operations'],
    run: { node: 'main.js' },
    ...rest,
  };
  return { kind: 'bytes', bytes: new TextEncoder().encode(JSON.stringify(manifest)) };
}

/** Artifacts that can be looked at, and made to fail. */
export interface FakeArtifacts extends Artifacts {
  readonly digests: readonly string[];
  /** Makes the next calls of a method fail. */
  fail(method: 'stage' | 'open' | 'remove', error: RuntimeError | undefined): void;
}

/** Creates artifacts that live in memory. Only sources of bytes are taken. */
export function createFakeArtifacts(): FakeArtifacts {
  const byDigest = new Map<string, StagedArtifact>();
  const failures = new Map<string, RuntimeError>();
  const mayFail = (method: string): void => {
    const error = failures.get(method);
    if (error !== undefined) throw error;
  };
  return {
    get digests() {
      return [...byDigest.keys()].sort();
    },
    fail: (method, error) => void (error === undefined ? failures.delete(method) : failures.set(method, error)),
    async stage(source) {
      mayFail('stage');
      if (source.kind !== 'bytes') throw new RuntimeError('BUNDLE_NOT_FOUND', 'a fake takes bytes');
      const artifact = artifactOf(new TextDecoder().decode(source.bytes));
      byDigest.set(artifact.digest, artifact);
      return artifact;
    },
    async open(digest) {
      mayFail('open');
      const found = byDigest.get(digest);
      if (found === undefined) throw new RuntimeError('BUNDLE_UNKNOWN', `there is no artifact ${digest}`);
      return found;
    },
    async remove(digest) {
      mayFail('remove');
      byDigest.delete(digest);
    },
    list: async () => [...byDigest.keys()].sort(),
  };
}

// Reading a manifest takes most of the time of a schedule, and there are few.
const KNOWN = new Map<string, StagedArtifact>();

function artifactOf(text: string): StagedArtifact {
  const known = KNOWN.get(text);
  if (known !== undefined) return known;
  const checked = checkManifest(text, 'json', '/files');
  if (!('manifest' in checked)) throw new RuntimeError('MANIFEST_INVALID', JSON.stringify(checked.problems));
  const digest = createHash('sha256').update(text).digest('hex');
  const loaded = { manifest: checked.manifest as Manifest, file: '/files/plugin.json', directory: `/files/${digest}` };
  const artifact = { digest, directory: loaded.directory, loaded, manifestText: text, signer: undefined };
  KNOWN.set(text, artifact);
  return artifact;
}

/** Data directories that are names. */
export interface FakeData extends DataDirectories {
  readonly directories: ReadonlySet<string>;
}

/** Creates data directories that live in memory. */
export function createFakeData(): FakeData {
  const directories = new Set<string>();
  return {
    directories,
    pathOf: (plugin) => `/data/${plugin}`,
    prepare: async (plugin) => void directories.add(plugin),
    remove: async (plugin) => void directories.delete(plugin),
  };
}

/** One process of a plugin, as far as anybody can tell. */
export interface FakeProcess {
  readonly plugin: string;
  /** Directory of its files, which has the digest in its name. */
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  isLive: boolean;
}

/** How a fake host behaves; may be changed at any time. */
export interface FakeScript {
  /** What the next launches, and the next stages, fail with. */
  launchError: RuntimeError | undefined;
  verifyError: RuntimeError | undefined;
  revertError: RuntimeError | undefined;
  /** Holds launches until the promise settles. */
  launchGate: Promise<void> | undefined;
  /** Waited for by plugins that are stopped, which run until then. */
  stopGate: (() => Promise<void>) | undefined;
  /** Whether plugins that are stopped stay all the same. */
  resists: boolean;
}

/** Plugins without processes. */
export interface FakePlugins {
  readonly script: FakeScript;
  /** All that were ever started. */
  readonly processes: readonly FakeProcess[];
  /** The processes of a plugin that run. */
  live(plugin?: string): readonly FakeProcess[];
  launch(options: LaunchOptions): Promise<RunningPlugin>;
  /** Ends the plugin for good, as if it had crashed and was not to be restarted. */
  end(plugin: string): void;
  /** Lets the new version fail after it took over. */
  failNext(plugin: string): void;
  /** Most processes of one plugin that ran at once, outside of a replacement. */
  readonly mostLive: number;
}

/** Creates plugins that start at once and end when they are told to. */
export function createFakePlugins(): FakePlugins {
  const script: FakeScript = {
    launchError: undefined,
    verifyError: undefined,
    revertError: undefined,
    launchGate: undefined,
    stopGate: undefined,
    resists: false,
  };
  const processes: FakeProcess[] = [];
  const handles = new Map<string, FakeHandle>();
  const live = (plugin?: string): readonly FakeProcess[] =>
    processes.filter((one) => one.isLive && (plugin === undefined || one.plugin === plugin));
  let mostLive = 0;
  const start = async ({ name = '', cwd = '', env = {}, signal }: LaunchOptions): Promise<FakeProcess> => {
    if (script.launchGate !== undefined) await script.launchGate;
    if (signal?.aborted === true) throw new RuntimeError('CANCELLED', 'the launch was given up');
    if (script.launchError !== undefined) throw script.launchError;
    const process = { plugin: name, cwd, env, isLive: true };
    processes.push(process);
    return process;
  };
  return {
    script,
    processes,
    live,
    get mostLive() {
      return mostLive;
    },
    async launch(options) {
      const process = await start(options);
      mostLive = Math.max(mostLive, live(process.plugin).length);
      const handle = new FakeHandle(process, script, start);
      handles.set(process.plugin, handle);
      return handle as unknown as RunningPlugin;
    },
    end: (plugin) => handles.get(plugin)?.end(),
    failNext: (plugin) => handles.get(plugin)?.staged?.fail(),
  };
}

class FakeHandle {
  readonly ended: Promise<PluginProcessOutcome>;
  process: FakeProcess;
  staged: FakeStaged | undefined;
  readonly #script: FakeScript;
  readonly #start: (options: LaunchOptions) => Promise<FakeProcess>;
  #resolve: (outcome: PluginProcessOutcome) => void = () => {};

  constructor(process: FakeProcess, script: FakeScript, start: (options: LaunchOptions) => Promise<FakeProcess>) {
    this.process = process;
    this.#script = script;
    this.#start = start;
    this.ended = new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }

  status(): unknown {
    return { name: this.process.plugin, state: this.process.isLive ? 'ready' : 'dead' };
  }

  async stop(): Promise<void> {
    if (this.#script.stopGate !== undefined) await this.#script.stopGate();
    if (this.#script.resists) {
      const failure = { code: 'KILL_TIMED_OUT' as const, message: 'it runs on', phase: 'killing' as const };
      this.#resolve({ kind: 'failed', failure, exit: undefined, stderrTail: [] });
      return;
    }
    this.#gone();
    this.#resolve({ kind: 'stopped' });
  }

  async kill(): Promise<void> {
    this.#gone();
    this.#resolve({ kind: 'stopped' });
  }

  end(): void {
    this.#gone();
    const failure = { code: 'PLUGIN_CRASHED' as const, message: 'it exited with code 3', phase: 'ready' as const };
    this.#resolve({ kind: 'failed', failure, exit: { code: 3, signal: null }, stderrTail: [] });
  }

  async stage(options: LaunchOptions): Promise<StagedPlugin> {
    const next = await this.#start(options);
    this.staged = new FakeStaged(this, next, this.#script);
    return this.staged as unknown as StagedPlugin;
  }

  #gone(): void {
    this.process.isLive = false;
    this.staged?.gone();
  }
}

class FakeStaged {
  readonly ended: Promise<{ readonly end: string; readonly error: RuntimeError | undefined }>;
  readonly #handle: FakeHandle;
  readonly #previous: FakeProcess;
  readonly #next: FakeProcess;
  readonly #script: FakeScript;
  #phase = 'staged';
  #resolve: (outcome: { readonly end: string; readonly error: RuntimeError | undefined }) => void = () => {};

  constructor(handle: FakeHandle, next: FakeProcess, script: FakeScript) {
    this.#handle = handle;
    this.#previous = handle.process;
    this.#next = next;
    this.#script = script;
    this.ended = new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }

  status(): unknown {
    return { phase: this.#phase, next: undefined, previous: { inFlight: 0 }, failure: undefined };
  }

  async verify(): Promise<void> {
    if (this.#script.verifyError !== undefined) throw this.#script.verifyError;
  }

  async swap(_options?: SwapOptions): Promise<void> {
    this.#require('staged');
    this.#handle.process = this.#next;
    this.#phase = 'probation';
  }

  async keep(): Promise<void> {
    this.#require('probation');
    this.#previous.isLive = false;
    this.#over('kept');
  }

  async revert(): Promise<void> {
    if (this.#phase === 'done') return;
    this.#require('probation');
    if (this.#script.revertError !== undefined) throw this.#script.revertError;
    this.#back();
    this.#over('reverted');
  }

  async discard(): Promise<void> {
    this.#require('staged');
    this.#next.isLive = false;
    this.#over('discarded');
  }

  fail(): void {
    this.#back();
    this.#over('reverted', new RuntimeError('PLUGIN_CRASHED', 'the new version exited with code 3'));
  }

  gone(): void {
    if (this.#phase === 'done') return;
    this.#next.isLive = false;
    this.#previous.isLive = false;
    this.#over('stopped');
  }

  #back(): void {
    this.#handle.process = this.#previous;
    this.#next.isLive = false;
  }

  #over(end: string, error?: RuntimeError): void {
    this.#phase = 'done';
    this.#handle.staged = undefined;
    this.#resolve({ end, error });
  }

  #require(phase: string): void {
    if (this.#phase !== phase) throw new RuntimeError('INTERNAL', `the replacement is ${this.#phase}, not ${phase}`);
  }
}
