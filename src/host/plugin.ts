// A plugin as its host's code sees it: one handle over all the processes that run it one after the other.

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
  CrashPort,
  PluginConnection,
  ProcessExit,
  Scheduler,
  ServiceClient,
  ServiceDescriptor,
} from '../ports/index.ts';
import { createServiceClient, within } from '../ports/index.ts';
import type { CallGate } from './call-gate.ts';
import type { Instances } from './instances.ts';
import { operationsOf, requireKind, stepsOf, validatorsOf } from './kind-clients.ts';
import type { KindClientOptions, Operations, Steps, Validators } from './kind-clients.ts';
import type { ServiceMap } from './launch-options.ts';

/** What is known about a plugin now. */
export interface PluginStatus {
  readonly name: string;
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

/** A launched plugin. Stop it, or the host. */
export interface Plugin<Services extends ServiceMap = ServiceMap> {
  readonly name: string;
  status(): PluginStatus;
  /**
   * A client for one of the services named at launch, as the negotiated version has it. It works over restarts; nothing
   * has to be closed.
   */
  dispense<Name extends keyof Services & string>(name: Name): ServiceClient<Services[Name]>;
  /** A client for any gRPC service, by its descriptor. */
  dispense<Descriptor extends ServiceDescriptor>(descriptor: Descriptor): ServiceClient<Descriptor>;
  /** A client for what it offers as operations. Throws KIND_MISSING when it is known to offer none. */
  operations(): Operations;
  /** A client for its validators. Throws KIND_MISSING when it is known to have none. */
  validators(): Validators;
  /** A client for its types of steps. Throws KIND_MISSING when it is known to have none. */
  steps(): Steps;
  /** Calls that no client covers, and interceptors of your own. The same over all restarts; `close()` does nothing. */
  readonly connection: PluginConnection;
  /** Further connections to the present process; they end with it. */
  readonly broker: ConnectionBroker;
  /**
   * Settles when the plugin takes calls. Rejects with what ended it, with PLUGIN_QUARANTINED, or with
   * DEADLINE_EXCEEDED after `timeoutMs` (default: no limit).
   */
  ready(options?: { readonly timeoutMs?: number }): Promise<void>;
  /**
   * Drains, stops and starts the process again. This does not count as a crash. Ends a wait before a restart at once;
   * does nothing while the process is just being started or removed, nor in quarantine (see `reset`).
   */
  restart(): void;
  /** Lets a quarantined plugin start again and forgets its crashes. */
  reset(): Promise<void>;
  /** Drains and stops the plugin for good. Settles when its process is gone. */
  stop(): Promise<void>;
  /** Ends the process by force and the plugin for good. Settles when the process is gone. */
  kill(): Promise<void>;
  /** Calls back after each step of the plugin's life. Returns the function that ends this. */
  onFact(listener: (fact: PluginProcessFact) => void): () => void;
  /** Settles when the plugin has ended for good. Never rejects. */
  readonly ended: Promise<PluginProcessOutcome>;
}

/** What a handle is made of. */
export interface PluginParts {
  readonly name: string;
  /** What the plugin contributes; undefined when nobody has said. */
  readonly kinds: readonly string[] | undefined;
  readonly actor: Actor<typeof pluginProcessMachine>;
  readonly gate: CallGate;
  readonly crashes: CrashPort;
  /** Ends what the plugin has on the bus; belongs to the end of the plugin. Never rejects. */
  readonly closeEvents: () => Promise<void>;
  readonly clock: Clock;
  /** The services by name, for a version of the application protocol. */
  readonly services: (version: number | undefined) => ServiceMap;
  readonly instances: Instances;
  readonly scheduler: Scheduler;
}

const STATES: ReadonlySet<string> = new Set(PLUGIN_PROCESS_STATES);

/** What a handle tells its plugin, the weakest first. */
const STRENGTH = ['plugin.reset', 'plugin.restart', 'plugin.stop', 'plugin.kill'] as const;
type PluginCommand = (typeof STRENGTH)[number];

/** Calls may be under way in these, and each may open further connections. */
const CONNECTED: ReadonlySet<PluginProcessState> = new Set(['ready', 'draining', 'stopping']);

/** @internal */
export class HostedPlugin<Services extends ServiceMap> implements Plugin<Services> {
  readonly name: string;
  readonly connection: PluginConnection;
  readonly broker: ConnectionBroker;
  readonly ended: Promise<PluginProcessOutcome>;
  readonly #parts: PluginParts;
  #startedAt = 0;
  #startMs: number | undefined;
  /** True when the actor has ended; one that is ended by force leaves its chart as it was. */
  #isOver = false;
  /** A command that waits for room in the actor's mailbox. */
  #command: PluginCommand | undefined;

  constructor(parts: PluginParts) {
    this.#parts = parts;
    this.name = parts.name;
    this.connection = parts.gate;
    this.broker = this.#broker();
    this.ended = parts.actor.ended.then(async (outcome) => {
      await parts.closeEvents();
      return outcome.kind === 'done' ? outcome.output : { kind: 'stopped' as const };
    });
    this.#startedAt = parts.clock.monotonic();
    parts.actor.onFact((fact) => {
      this.#time(fact);
      parts.instances.note(fact);
    });
    void parts.actor.ended.then(() => {
      this.#isOver = true;
      parts.instances.over();
    });
  }

  status(): PluginStatus {
    const { context, tags } = this.#parts.actor.snapshot();
    const tag = [...tags].find((candidate): candidate is PluginProcessState => STATES.has(candidate));
    const state = this.#isOver || tag === undefined ? 'dead' : tag;
    return {
      name: this.name,
      state,
      pid: context.exit === undefined && state !== 'dead' ? context.pid : undefined,
      version: context.version,
      restarts: Math.max(0, context.starts - 1),
      startMs: this.#startMs,
      inFlight: this.#parts.gate.inFlight,
      failure: context.failure,
    };
  }

  /** Whether the plugin is on its way to its end for good, not to another process. */
  get isToEnd(): boolean {
    return this.#isOver || this.#parts.actor.snapshot().context.goal === 'stop';
  }

  dispense(wanted: string | ServiceDescriptor): never {
    const descriptor = typeof wanted === 'string' ? this.#named(wanted) : wanted;
    return createServiceClient(descriptor, this.#parts.gate) as never;
  }

  operations(): Operations {
    return operationsOf(this.#offering('operations'));
  }

  validators(): Validators {
    return validatorsOf(this.#offering('validators'));
  }

  steps(): Steps {
    return stepsOf(this.#offering('steps'));
  }

  ready({ timeoutMs }: { readonly timeoutMs?: number } = {}): Promise<void> {
    const { actor, clock } = this.#parts;
    return new Promise((resolve, reject) => {
      const release = (): void => {
        stopFacts();
        clock.clearTimeout(timer);
      };
      const settle = (): boolean => {
        const { state } = this.status();
        if (state === 'ready') resolve();
        else if (state === 'quarantined' || state === 'dead') reject(this.refusal());
        else return false;
        release();
        return true;
      };
      const stopFacts = actor.onFact(() => void settle());
      const timer =
        timeoutMs === undefined
          ? undefined
          : clock.setTimeout(() => {
              release();
              reject(
                new RuntimeError('DEADLINE_EXCEEDED', `plugin "${this.name}" was not ready within ${timeoutMs} ms`),
              );
            }, timeoutMs);
      if (!settle()) void actor.ended.then(() => settle());
    });
  }

  restart(): void {
    this.#tell('plugin.restart');
  }

  async reset(): Promise<void> {
    await this.#parts.crashes.reset(this.name);
    this.#tell('plugin.reset');
  }

  async stop(): Promise<void> {
    this.#tell('plugin.stop');
    await this.ended;
  }

  async kill(): Promise<void> {
    this.#tell('plugin.kill');
    await this.ended;
  }

  onFact(listener: (fact: PluginProcessFact) => void): () => void {
    return this.#parts.actor.onFact(listener);
  }

  /** Why no call is taken now. */
  refusal(): RuntimeError {
    const { state, failure } = this.status();
    if (state === 'dead') {
      const failed = this.#failure();
      const { output } = this.#parts.actor.snapshot();
      // A plugin that was stopped after a crash is stopped.
      return failed === undefined || output?.kind === 'stopped'
        ? this.#refuse('PLUGIN_STOPPED', 'was stopped', failed)
        : failed;
    }
    if (state === 'quarantined') {
      return this.#refuse('PLUGIN_QUARANTINED', `is in quarantine: ${failure?.message ?? 'it crashed too often'}`);
    }
    return this.#refuse('PLUGIN_UNAVAILABLE', `takes no calls while it is ${state}`);
  }

  /** G3. Gives a call that failed because its process died the reason of that death. */
  async explain(error: RuntimeError, connection: PluginConnection): Promise<RuntimeError> {
    const instance = this.#parts.instances.behind(connection);
    if (instance === undefined || error.details['origin'] !== 'connection') return error;
    const { clock } = this.#parts;
    // The broken socket is noticed just before the exit, and the exit before its report is complete.
    if (!(await within(clock, EXIT_NOTICED_MS, instance.placed.exited))) return error;
    if (!(await within(clock, REPORT_COMPLETE_MS, instance.end))) return error;
    const end = await instance.end;
    if (end.type === 'restarted') return this.#refuse('PLUGIN_UNAVAILABLE', 'was restarted during the call', error);
    if (end.type === 'stopped') return this.#refuse('PLUGIN_STOPPED', 'was stopped during the call', error);
    return this.#crash(end.failure, end.exit, end.stderrTail, error);
  }

  /** A full mailbox must not swallow a stop: the strongest command waits until there is room. */
  #tell(type: PluginCommand): void {
    const isWaiting = this.#command !== undefined;
    if (!isWaiting && this.#accepts(type)) return;
    if (this.#command === undefined || STRENGTH.indexOf(type) > STRENGTH.indexOf(this.#command)) this.#command = type;
    if (!isWaiting) this.#retry();
  }

  #retry(): void {
    this.#parts.scheduler.yield(() => {
      if (this.#command === undefined) return;
      if (this.#accepts(this.#command)) this.#command = undefined;
      else this.#retry();
    });
  }

  #accepts(type: PluginCommand): boolean {
    const outcome = this.#parts.actor.tell({ type });
    return outcome.accepted || outcome.reason === 'stopped';
  }

  #failure(): PluginCrashedError | undefined {
    const { failure, exit, stderrTail } = this.#parts.actor.snapshot().context;
    return failure === undefined ? undefined : this.#crash(failure, exit, stderrTail);
  }

  #crash(
    failure: ProcessFailure,
    exit: ProcessExit | undefined,
    stderrTail: readonly string[],
    cause?: unknown,
  ): PluginCrashedError {
    return new PluginCrashedError(failure.code, failure.message, {
      plugin: this.name,
      phase: failure.phase,
      exitCode: exit?.code,
      signal: exit?.signal,
      stderrTail,
      ...(cause === undefined ? {} : { cause }),
    });
  }

  #refuse(code: Code, text: string, cause?: unknown): RuntimeError {
    const details = { plugin: this.name, state: this.status().state };
    return new RuntimeError(code, `plugin "${this.name}" ${text}`, {
      details,
      ...(cause === undefined ? {} : { cause }),
    });
  }

  #offering(kind: string): KindClientOptions {
    requireKind(this.name, this.#parts.kinds, kind);
    return { plugin: this.name, connection: this.connection };
  }

  #named(service: string): ServiceDescriptor {
    const services = this.#parts.services(this.status().version);
    // A plain look-up would find what every object has, such as `constructor`.
    const descriptor = Object.hasOwn(services, service) ? services[service] : undefined;
    if (descriptor !== undefined) return descriptor;
    const names = Object.keys(services).join(', ') || 'none';
    throw new InvalidOptionsError('services', `of plugin "${this.name}" has no entry "${service}"; it has ${names}`);
  }

  #time(fact: PluginProcessFact): void {
    const now = this.#parts.clock.monotonic();
    if (fact.type === 'plugin.starting') this.#startedAt = now;
    if (fact.type === 'plugin.ready') this.#startMs = now - this.#startedAt;
  }

  #broker(): ConnectionBroker {
    const current = (): ConnectionBroker => {
      const placed = this.#parts.instances.newest;
      if (placed === undefined || !CONNECTED.has(this.status().state)) throw this.refusal();
      return placed.broker();
    };
    return {
      nextId: () => current().nextId(),
      accept: async (id, services, options) => current().accept(id, services, options),
      dial: async (id, options) => current().dial(id, options),
    };
  }
}

/** Milliseconds between a broken connection and the notice that its process has exited. */
const EXIT_NOTICED_MS = 1000;
/** Milliseconds for the chart to say how the process ended, once it has. */
const REPORT_COMPLETE_MS = 1000;
