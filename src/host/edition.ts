// One version of a plugin on its host: over all the processes that run it one after the other, its calls and its events.
//
// Invariants:
//   D1. A version that stops taking calls without having been told to is lost, and that is said at once, before anybody
//       knows why.
//   D2. A call that was cut says what ended the process that it went to.

import type { Actor } from '../actors/index.ts';
import { InvalidOptionsError, PluginCrashedError, RuntimeError } from '../errors/index.ts';
import type { Code, PluginPhase } from '../errors/index.ts';
import { PLUGIN_PROCESS_STATES } from '../machines/index.ts';
import type {
  pluginProcessMachine,
  PluginProcessFact,
  PluginProcessOutcome,
  PluginProcessState,
  ProcessFailure,
} from '../machines/index.ts';
import type {
  Clock,
  ConnectionBroker,
  PluginConnection,
  ProcessExit,
  Scheduler,
  ServiceDescriptor,
} from '../ports/index.ts';
import { within } from '../ports/index.ts';
import type { CallGate } from './call-gate.ts';
import { CommandPost } from './command-post.ts';
import type { PluginCommand } from './command-post.ts';
import type { Instances } from './instances.ts';
import type { ServiceMap } from './launch-options.ts';
import type { PluginEvents } from './plugin-events.ts';

/** What is known about one version of a plugin now. */
export interface EditionStatus {
  readonly state: PluginProcessState;
  /** Process id; undefined while no process runs. */
  readonly pid: number | undefined;
  /** Version of the application protocol; undefined before the first handshake. */
  readonly version: number | undefined;
  /** Times the plugin came back after it had been ready. */
  readonly restarts: number;
  /** Milliseconds from the newest start of a process to `ready`; undefined until then. */
  readonly startMs: number | undefined;
  /** Calls under way. */
  readonly inFlight: number;
  /** Why the newest process failed; undefined while all is well. */
  readonly failure: { readonly code: Code; readonly message: string; readonly phase: PluginPhase } | undefined;
}

/** What an edition is made of. */
export interface EditionParts {
  /** Name of the plugin. */
  readonly plugin: string;
  /** What the plugin contributes; undefined when nobody has said. */
  readonly kinds: readonly string[] | undefined;
  readonly actor: Actor<typeof pluginProcessMachine>;
  readonly gate: CallGate;
  readonly events: PluginEvents;
  readonly instances: Instances;
  /** The services by name, for a version of the application protocol. */
  readonly services: (version: number | undefined) => ServiceMap;
  /** Milliseconds that calls have to end when it is stopped. */
  readonly drainMs: number;
  readonly clock: Clock;
  readonly scheduler: Scheduler;
}

/** A version that has none beside it. */
export const NEVER = (): boolean => false;

const STATES: ReadonlySet<string> = new Set(PLUGIN_PROCESS_STATES);

/** Calls may be under way in these, and each may open further connections. */
const CONNECTED: ReadonlySet<PluginProcessState> = new Set(['ready', 'draining', 'stopping']);

/** One version of a plugin. */
export class Edition {
  readonly kinds: readonly string[] | undefined;
  readonly gate: CallGate;
  readonly events: PluginEvents;
  readonly drainMs: number;
  /** Whether new calls and events are its own. Said by the plugin. */
  isCurrent = false;
  /** Whether another version takes over when no event can be carried to this one. Said by its replacement. */
  isTakenBack: (failure: { readonly code: Code; readonly message: string }) => boolean = NEVER;
  /** Settles when its process is gone for good. Never rejects. */
  readonly over: Promise<void>;
  /** Settles when, besides, nothing of it is left on the bus. Never rejects. */
  readonly ended: Promise<PluginProcessOutcome>;
  readonly #parts: EditionParts;
  readonly #post: CommandPost;
  readonly #onLost = new Set<() => void>();
  #startedAt: number;
  #startMs: number | undefined;
  /** True when the actor has ended; one that is ended by force leaves its chart as it was. */
  #isOver = false;
  /** Whether it was told to leave `ready`. */
  #isAsked = false;
  #isLostTold = false;
  #isRetired = false;

  constructor(parts: EditionParts) {
    const { actor, clock, events, instances } = parts;
    this.#parts = parts;
    this.kinds = parts.kinds;
    this.gate = parts.gate;
    this.events = events;
    this.drainMs = parts.drainMs;
    this.#post = new CommandPost(actor, parts.scheduler);
    this.#startedAt = clock.monotonic();
    actor.onFact((fact) => {
      this.#time(fact);
      instances.note(fact);
      // Also a process that never got as far as taking calls.
      if (fact.type === 'plugin.failed') this.#tellLost();
    });
    this.over = actor.ended.then(() => {
      this.#isOver = true;
      instances.over();
    });
    this.ended = actor.ended.then(async (outcome) => {
      await events.close();
      return outcome.kind === 'done' ? outcome.output : { kind: 'stopped' as const };
    });
  }

  get state(): PluginProcessState {
    const tag = [...this.#parts.actor.snapshot().tags].find((one): one is PluginProcessState => STATES.has(one));
    return this.#isOver || tag === undefined ? 'dead' : tag;
  }

  status(): EditionStatus {
    const { context } = this.#parts.actor.snapshot();
    const { state } = this;
    return {
      state,
      pid: context.exit === undefined && state !== 'dead' ? context.pid : undefined,
      version: context.version,
      restarts: Math.max(0, context.starts - 1),
      startMs: this.#startMs,
      inFlight: this.gate.inFlight,
      failure: context.failure,
    };
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** Whether it is on its way to its end for good, not to another process. */
  get isToEnd(): boolean {
    return this.#isOver || this.#parts.actor.snapshot().context.goal === 'stop';
  }

  /** Whether its calls had their time, so that a stop need not wait for them. */
  get isRetired(): boolean {
    return this.#isRetired;
  }

  /** Settles when every process that was placed is gone and cleaned up. */
  settled(): Promise<void> {
    return this.#parts.instances.settled();
  }

  tell(command: PluginCommand): void {
    if (command !== 'plugin.reset') this.#isAsked = true;
    this.#post.tell(command);
  }

  /** Stops it without a further wait for calls. Settles when it has ended. */
  async retire(): Promise<void> {
    this.#isRetired = true;
    this.tell('plugin.stop');
    await this.ended;
  }

  onFact(listener: (fact: PluginProcessFact) => void): () => void {
    return this.#parts.actor.onFact(listener);
  }

  /** D1. Calls back each time that it is lost. Returns the function that ends this. */
  onLost(listener: () => void): () => void {
    this.#onLost.add(listener);
    return () => this.#onLost.delete(listener);
  }

  /** Calls are taken. */
  entered(): void {
    this.#isAsked = false;
    this.#isLostTold = false;
  }

  /** No further call is taken. */
  left(): void {
    if (!this.#isAsked) this.#tellLost();
  }

  /** Why no call is taken now. */
  refusal(): RuntimeError {
    const { state } = this;
    if (state === 'dead') {
      const failed = this.failure();
      const { output } = this.#parts.actor.snapshot();
      // A plugin that was stopped after a crash is stopped.
      return failed === undefined || output?.kind === 'stopped'
        ? this.#refuse('PLUGIN_STOPPED', 'was stopped', failed)
        : failed;
    }
    if (state === 'quarantined') {
      const { failure } = this.#parts.actor.snapshot().context;
      return this.#refuse('PLUGIN_QUARANTINED', `is in quarantine: ${failure?.message ?? 'it crashed too often'}`);
    }
    return this.#refuse('PLUGIN_UNAVAILABLE', `takes no calls while it is ${state}`);
  }

  /** Why the newest process failed; undefined while nothing is wrong with it. */
  failure(): PluginCrashedError | undefined {
    const { failure, exit, stderrTail } = this.#parts.actor.snapshot().context;
    return failure === undefined ? undefined : this.#crash(failure, exit, stderrTail);
  }

  /** D2. Gives a call that failed because its process died the reason of that death. */
  async explain(error: RuntimeError, connection: PluginConnection): Promise<RuntimeError> {
    const { clock, instances } = this.#parts;
    const instance = instances.behind(connection);
    if (instance === undefined || error.details['origin'] !== 'connection') return error;
    // The broken socket is noticed just before the exit, and the exit before its report is complete.
    if (!(await within(clock, EXIT_NOTICED_MS, instance.placed.exited))) return error;
    if (!(await within(clock, REPORT_COMPLETE_MS, instance.end))) return error;
    const end = await instance.end;
    if (end.type === 'restarted') return this.#refuse('PLUGIN_UNAVAILABLE', 'was restarted during the call', error);
    if (end.type === 'plugin.failed') return this.#crash(end.failure, end.exit, end.stderrTail, error);
    // The plugin goes on without this version.
    if (!this.isCurrent) return this.#refuse('PLUGIN_UNAVAILABLE', 'was replaced during the call', error);
    return this.#refuse('PLUGIN_STOPPED', 'was stopped during the call', error);
  }

  /** Settles when it takes calls; rejects when it cannot any more. */
  ready(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const settle = (): void => {
        const { state } = this;
        const isLost = state === 'quarantined' || state === 'dead' || signal.aborted;
        if (state !== 'ready' && !isLost) return;
        stopFacts();
        signal.removeEventListener('abort', settle);
        if (state === 'ready') resolve();
        else reject(this.refusal());
      };
      const stopFacts = this.onFact(settle);
      signal.addEventListener('abort', settle, { once: true });
      void this.#parts.actor.ended.then(settle);
      settle();
    });
  }

  /** The service of a name, in the version that was negotiated. Throws `InvalidOptionsError`. */
  service(name: string): ServiceDescriptor {
    const services = this.#parts.services(this.#parts.actor.snapshot().context.version);
    // A plain look-up would find what every object has, such as `constructor`.
    const descriptor = Object.hasOwn(services, name) ? services[name] : undefined;
    if (descriptor !== undefined) return descriptor;
    const names = Object.keys(services).join(', ') || 'none';
    throw new InvalidOptionsError(
      'services',
      `of plugin "${this.#parts.plugin}" has no entry "${name}"; it has ${names}`,
    );
  }

  /** Checks the health of the process that runs now. */
  async checkHealth(signal: AbortSignal): Promise<void> {
    const { newest } = this.#parts.instances;
    if (newest === undefined || !this.gate.isOpen) throw this.refusal();
    await newest.checkHealth(signal);
  }

  /** Further connections to the process that runs now. */
  broker(): ConnectionBroker {
    const { newest } = this.#parts.instances;
    if (newest === undefined || !CONNECTED.has(this.state)) throw this.refusal();
    return newest.broker();
  }

  #tellLost(): void {
    if (this.#isLostTold) return;
    this.#isLostTold = true;
    for (const listener of this.#onLost) listener();
  }

  #crash(
    failure: ProcessFailure,
    exit: ProcessExit | undefined,
    stderrTail: readonly string[],
    cause?: unknown,
  ): PluginCrashedError {
    return new PluginCrashedError(failure.code, failure.message, {
      plugin: this.#parts.plugin,
      phase: failure.phase,
      exitCode: exit?.code,
      signal: exit?.signal,
      stderrTail,
      ...(cause === undefined ? {} : { cause }),
    });
  }

  #refuse(code: Code, text: string, cause?: unknown): RuntimeError {
    const { plugin } = this.#parts;
    return new RuntimeError(code, `plugin "${plugin}" ${text}`, {
      details: { plugin, state: this.state },
      ...(cause === undefined ? {} : { cause }),
    });
  }

  #time(fact: PluginProcessFact): void {
    const now = this.#parts.clock.monotonic();
    if (fact.type === 'plugin.starting') this.#startedAt = now;
    if (fact.type === 'plugin.ready') this.#startMs = now - this.#startedAt;
  }
}

/** Milliseconds between a broken connection and the notice that its process has exited. */
const EXIT_NOTICED_MS = 1000;
/** Milliseconds for the chart to say how the process ended, once it has. */
const REPORT_COMPLETE_MS = 1000;
