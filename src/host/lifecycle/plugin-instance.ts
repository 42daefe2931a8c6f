// The instance of a plugin that this host runs, and the one that is to take its place.
//
// Invariants:
//   I1. Only what was started here is ever ended here.
//   I2. A start that nobody waits for any more leaves nothing behind: `kill` waits for its end.
//   I3. The end of an instance is told once, and only when nobody here has asked for it.
//   I4. None is started while another one may still run: whoever starts one waits for ends and starts that were given up.
//   I5. One that has ended is not there any more, whoever ended it.

import { RuntimeError } from '../../errors/index.ts';
import type { LifecycleFailure } from '../../machines/index.ts';
import { within } from '../../ports/index.ts';
import type { Clock } from '../../ports/index.ts';
import type { LaunchOptions } from '../launch-options.ts';
import type { Plugin } from '../plugin.ts';
import type { StagedPlugin } from '../staged-plugin.ts';

/** What the lifecycle needs of a running plugin. */
export type RunningPlugin = Pick<Plugin, 'stop' | 'kill' | 'ended' | 'stage' | 'status'>;

/** What instances are made with. */
export interface InstanceParts {
  readonly plugin: string;
  readonly clock: Clock;
  readonly launch: (options: LaunchOptions) => Promise<RunningPlugin>;
  /** The plugin has ended for good, and nobody asked for it. */
  readonly onEnd: (failure: LifecycleFailure) => void;
  /** The new version did not keep its place. */
  readonly onVersionFailed: (failure: LifecycleFailure) => void;
}

/** Milliseconds between two looks at how many calls the old version still has. */
const DRAIN_LOOK_MS = 20;

/** The one instance of a plugin. */
export class PluginInstance {
  readonly #parts: InstanceParts;
  #plugin: RunningPlugin | undefined;
  #staged: StagedPlugin | undefined;
  #starting: Promise<unknown> = Promise.resolve();
  #ending: Promise<unknown> = Promise.resolve();

  constructor(parts: InstanceParts) {
    this.#parts = parts;
  }

  get running(): RunningPlugin | undefined {
    return this.#plugin;
  }

  /** Starts it, and waits until it takes calls. */
  async start(options: LaunchOptions, signal: AbortSignal): Promise<void> {
    // I4.
    await Promise.all([this.#starting, this.#ending]);
    if (signal.aborted) throw this.#givenUp();
    const starting = this.#start(options, signal);
    this.#starting = starting.catch(() => {});
    await starting;
  }

  /** Drains and ends it, by force once the signal aborts. Rejects when it runs on all the same. */
  async stop(signal?: AbortSignal): Promise<void> {
    const plugin = this.#take();
    if (plugin === undefined) return;
    const force = (): void => void plugin.kill().catch(() => {});
    signal?.addEventListener('abort', force, { once: true });
    try {
      await this.#end(plugin, plugin.stop());
    } finally {
      signal?.removeEventListener('abort', force);
    }
  }

  /** Ends it by force, whatever was begun with it. */
  async kill(): Promise<void> {
    await this.#force();
    // I2.
    await this.#starting;
    await this.#force();
  }

  /** Starts another version beside it, and finds out whether it is well. */
  async stage(options: LaunchOptions, signal: AbortSignal): Promise<void> {
    const plugin = this.#required();
    const staging = this.#stage(plugin, options, signal);
    this.#starting = staging.catch(() => {});
    const staged = await staging;
    await staged.verify(signal);
  }

  /** Routes calls and events to the other version. */
  async swap(drainMs: number): Promise<void> {
    const staged = this.#requiredStaged();
    await staged.swap({ revertOnCrash: true, drainMs });
    void staged.ended.then(({ end, error }) => {
      if (end !== 'reverted' || this.#staged !== staged) return;
      const message = error?.rawMessage ?? 'it was taken back';
      this.#parts.onVersionFailed({ code: error?.code ?? 'PLUGIN_CRASHED', message });
    });
  }

  /** Waits until the calls of the old version have ended. */
  async drain(signal: AbortSignal): Promise<void> {
    const staged = this.#requiredStaged();
    while (!signal.aborted && (staged.status().previous?.inFlight ?? 0) > 0) {
      await within(this.#parts.clock, DRAIN_LOOK_MS, new Promise<void>(() => {}));
    }
  }

  /** Ends the old version. */
  async keep(): Promise<void> {
    const staged = this.#staged;
    this.#staged = undefined;
    await staged?.keep();
  }

  /**
   * Ends the new version, and routes everything back to the old one. A start that does not settle within the time is left
   * to itself: the old version serves on, and the new one goes once it is there.
   */
  async revert(isSwapped: boolean, limitMs: number): Promise<void> {
    await within(this.#parts.clock, limitMs, this.#starting);
    const staged = this.#staged;
    this.#staged = undefined;
    if (staged === undefined) return;
    if (isSwapped) return staged.revert();
    if (staged.status().phase !== 'done') await staged.discard();
  }

  async #start(options: LaunchOptions, signal: AbortSignal): Promise<void> {
    if (this.#plugin !== undefined) throw new RuntimeError('INTERNAL', `plugin "${this.#parts.plugin}" runs already`);
    const plugin = await this.#parts.launch({ ...options, signal });
    if (signal.aborted) {
      await plugin.kill();
      throw this.#givenUp();
    }
    this.#plugin = plugin;
    void plugin.ended.then((outcome) => {
      // I3. One that was stopped by somebody with the host in hand is none of ours any more either.
      if (this.#plugin !== plugin) return;
      // I5.
      this.#plugin = undefined;
      this.#staged = undefined;
      const { plugin: name } = this.#parts;
      const failure = outcome.kind === 'failed' ? outcome.failure : undefined;
      this.#parts.onEnd({
        code: failure?.code ?? 'PLUGIN_STOPPED',
        message: failure?.message ?? `plugin "${name}" was stopped past its lifecycle`,
      });
    });
  }

  async #stage(plugin: RunningPlugin, options: LaunchOptions, signal: AbortSignal): Promise<StagedPlugin> {
    const staged = await plugin.stage({ ...options, signal });
    if (signal.aborted) {
      if (staged.status().phase !== 'done') await staged.discard();
      throw new RuntimeError('CANCELLED', 'the update was given up');
    }
    this.#staged = staged;
    return staged;
  }

  async #force(): Promise<void> {
    const plugin = this.#take();
    if (plugin !== undefined) await this.#end(plugin, plugin.kill());
  }

  /** What asks it to end may never answer: then what ended it by force does. */
  async #end(plugin: RunningPlugin, asked: Promise<unknown>): Promise<void> {
    const ending = Promise.race([asked.then(() => plugin.ended), plugin.ended]);
    this.#ending = ending.catch(() => {});
    requireEnd(this.#parts.plugin, await ending);
  }

  #givenUp(): RuntimeError {
    return new RuntimeError('CANCELLED', `the start of plugin "${this.#parts.plugin}" was given up`);
  }

  /** I1, I3. */
  #take(): RunningPlugin | undefined {
    const plugin = this.#plugin;
    this.#plugin = undefined;
    this.#staged = undefined;
    return plugin;
  }

  #required(): RunningPlugin {
    if (this.#plugin !== undefined) return this.#plugin;
    throw new RuntimeError('PLUGIN_STOPPED', `plugin "${this.#parts.plugin}" has ended`);
  }

  #requiredStaged(): StagedPlugin {
    if (this.#staged !== undefined) return this.#staged;
    throw new RuntimeError('INTERNAL', `no version of plugin "${this.#parts.plugin}" is staged`);
  }
}

/** A process that even force did not end must not be taken for gone. */
function requireEnd(plugin: string, outcome: Awaited<Plugin['ended']>): void {
  if (outcome.kind !== 'failed' || outcome.failure.code !== 'KILL_TIMED_OUT') return;
  throw new RuntimeError('KILL_TIMED_OUT', outcome.failure.message, { details: { plugin } });
}
