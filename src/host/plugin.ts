// A plugin as its host's code sees it: one handle over all its versions, and over all the processes that run each of them
// one after the other.
//
// Invariants:
//   H1. One version is the current one: calls that begin, the state and the facts of the plugin are its own.
//   H2. The plugin has ended when all its versions have. The end of the current one ends the others, except one that can be
//       taken back.

import type { ActorRef, ActorSystem } from '../actors/index.ts';
import { RuntimeError } from '../errors/index.ts';
import type {
  PluginProcessFact,
  PluginProcessOutcome,
  PluginReplacementFact,
  ReplacementPhase,
} from '../machines/index.ts';
import { requireObject } from '../policy/index.ts';
import type {
  ConnectionBroker,
  CrashPort,
  PluginConnection,
  ServiceClient,
  ServiceDescriptor,
} from '../ports/index.ts';
import { createServiceClient } from '../ports/index.ts';
import { createCallSwitch } from './call-gate.ts';
import type { CallSwitch } from './call-gate.ts';
import type { Edition, EditionStatus } from './edition.ts';
import { operationsOf, requireKind, stepsOf, validatorsOf } from './kind-clients.ts';
import type { KindClientOptions, Operations, Steps, Validators } from './kind-clients.ts';
import type { LaunchOptions, ServiceMap } from './launch-options.ts';
import { Replacement } from './replacement.ts';
import type { StagedPlugin } from './staged-plugin.ts';

/** What is known about a plugin now: about the version that takes its calls, and how many calls there are in all. */
export interface PluginStatus extends EditionStatus {
  readonly name: string;
  /** Where a replacement is; undefined while none is under way. */
  readonly replacement?: ReplacementPhase | undefined;
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
   * Starts another version of the plugin beside this one, and waits until it is ready: with a process, a configuration and
   * permissions of its own. It gets no calls and no events before `swap`. What the options leave out has its default, except
   * for the name, which is the plugin's. One at a time.
   *
   * @throws as `launch` of the host; REPLACEMENT_UNDER_WAY; INVALID_OPTIONS for another name; what ended the new version, of
   *   which nothing is left then; CANCELLED when the signal of the options aborts before it is ready
   */
  stage(options: LaunchOptions): Promise<StagedPlugin>;
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
  /** Calls back after each step in the life of the version that takes the calls. Returns the function that ends this. */
  onFact(listener: (fact: PluginProcessFact) => void): () => void;
  /** Settles when the plugin has ended for good. Never rejects. */
  readonly ended: Promise<PluginProcessOutcome>;
}

/** What a handle is made of. */
export interface PluginParts {
  readonly name: string;
  readonly first: Edition;
  readonly crashes: CrashPort;
  readonly system: ActorSystem;
  readonly parent: ActorRef<never>;
  /** Starts another version. Throws what is wrong with the options, and HOST_STOPPED. */
  readonly startNext: (options: LaunchOptions) => Edition;
  /** Hears what becomes of replacements. */
  readonly tell: (fact: PluginReplacementFact) => void;
}

/** @internal */
export class HostedPlugin<Services extends ServiceMap> implements Plugin<Services> {
  readonly name: string;
  readonly connection: CallSwitch;
  readonly broker: ConnectionBroker;
  readonly ended: Promise<PluginProcessOutcome>;
  readonly #parts: PluginParts;
  readonly #editions = new Set<Edition>();
  readonly #listeners = new Set<(fact: PluginProcessFact) => void>();
  /** Called when another version has become the current one, and when the plugin has ended. */
  readonly #onChange = new Set<() => void>();
  readonly #end = Promise.withResolvers<PluginProcessOutcome>();
  #current: Edition;
  #replacement: Replacement | undefined;
  /** How it was told to end. */
  #ending: 'plugin.stop' | 'plugin.kill' | undefined;

  constructor(parts: PluginParts) {
    this.#parts = parts;
    this.name = parts.name;
    this.#current = parts.first;
    this.#current.isCurrent = true;
    this.connection = createCallSwitch(parts.first.gate);
    this.broker = this.#broker();
    this.ended = this.#end.promise;
    this.#adopt(parts.first);
  }

  status(): PluginStatus {
    let inFlight = 0;
    for (const { gate } of this.#editions) inFlight += gate.inFlight;
    return { name: this.name, ...this.#current.status(), inFlight, replacement: this.#replacement?.phase };
  }

  dispense(wanted: string | ServiceDescriptor): never {
    const descriptor = typeof wanted === 'string' ? this.#current.service(wanted) : wanted;
    return createServiceClient(descriptor, this.connection) as never;
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
    const { clock } = this.#parts.system.environment;
    return new Promise((resolve, reject) => {
      const release = (): void => {
        stopFacts();
        this.#onChange.delete(settle);
        clock.clearTimeout(timer);
      };
      const settle = (): boolean => {
        const { state } = this.#current;
        if (state === 'ready') resolve();
        else if (state === 'quarantined' || state === 'dead') reject(this.#current.refusal());
        else return false;
        release();
        return true;
      };
      const stopFacts = this.onFact(() => void settle());
      this.#onChange.add(settle);
      const timer =
        timeoutMs === undefined
          ? undefined
          : clock.setTimeout(() => {
              release();
              reject(
                new RuntimeError('DEADLINE_EXCEEDED', `plugin "${this.name}" was not ready within ${timeoutMs} ms`),
              );
            }, timeoutMs);
      settle();
    });
  }

  async stage(options: LaunchOptions): Promise<StagedPlugin> {
    const { signal } = requireObject('options', options);
    if (signal?.aborted === true) throw new RuntimeError('CANCELLED', 'the launch was given up before it began');
    if (this.#ending !== undefined || this.#current.isOver) throw this.#stopped();
    if (this.#replacement !== undefined) {
      const text = `another version of plugin "${this.name}" is being put in its place already`;
      throw new RuntimeError('REPLACEMENT_UNDER_WAY', text, { details: { plugin: this.name } });
    }
    const replacement = this.#replace(this.#parts.startNext(options));
    const giveUp = (): void => void replacement.discard().catch(() => {}); // it has ended then
    signal?.addEventListener('abort', giveUp, { once: true });
    try {
      await replacement.staged();
      return replacement;
    } catch (error) {
      if (signal === undefined || !signal.aborted) throw error;
      throw new RuntimeError('CANCELLED', `the launch of plugin "${this.name}" was given up`, { cause: error });
    } finally {
      signal?.removeEventListener('abort', giveUp);
    }
  }

  restart(): void {
    this.#current.tell('plugin.restart');
  }

  async reset(): Promise<void> {
    await this.#parts.crashes.reset(this.name);
    this.#current.tell('plugin.reset');
  }

  stop(): Promise<void> {
    return this.#endBy('plugin.stop');
  }

  kill(): Promise<void> {
    return this.#endBy('plugin.kill');
  }

  onFact(listener: (fact: PluginProcessFact) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async #endBy(command: 'plugin.stop' | 'plugin.kill'): Promise<void> {
    this.#ending = command;
    this.#replacement?.stop();
    for (const edition of this.#editions) edition.tell(command);
    await this.ended;
  }

  /** Follows a version to its end. */
  #adopt(edition: Edition): void {
    this.#editions.add(edition);
    edition.onFact((fact) => {
      if (edition !== this.#current) return;
      for (const listener of this.#listeners) listener(fact);
    });
    void edition.over.then(() => {
      if (edition !== this.#current) return;
      this.#changed();
      // Without it, the others are of no use; but the one that stands by can still be taken back.
      for (const other of this.#editions) {
        if (other !== edition && this.#replacement?.standsBy(other) !== true) other.tell('plugin.stop');
      }
    });
    void edition.ended.then(() => {
      this.#editions.delete(edition);
      if (this.#editions.size > 0) return;
      this.#replacement?.stop();
      this.#end.resolve(this.#current.ended);
    });
  }

  #replace(next: Edition): Replacement {
    const { system, parent, tell } = this.#parts;
    this.#adopt(next);
    const replacement = new Replacement({
      plugin: this.name,
      previous: this.#current,
      next,
      system,
      parent,
      route: (edition) => this.#route(edition),
      tell,
    });
    this.#replacement = replacement;
    void replacement.ended.then(() => {
      this.#replacement = undefined;
    });
    return replacement;
  }

  /** Calls that begin from now on go to this version. */
  #route(edition: Edition): void {
    this.#current.isCurrent = false;
    edition.isCurrent = true;
    this.#current = edition;
    this.connection.route(edition.gate);
    this.#changed();
  }

  #changed(): void {
    for (const listener of this.#onChange) listener();
  }

  #stopped(): RuntimeError {
    return this.#current.isOver
      ? this.#current.refusal()
      : new RuntimeError('PLUGIN_STOPPED', `plugin "${this.name}" is being stopped`, {
          details: { plugin: this.name },
        });
  }

  #offering(kind: string): KindClientOptions {
    requireKind(this.name, this.#current.kinds, kind);
    return { plugin: this.name, connection: this.connection };
  }

  #broker(): ConnectionBroker {
    return {
      nextId: () => this.#current.broker().nextId(),
      accept: async (id, services, options) => this.#current.broker().accept(id, services, options),
      dial: async (id, options) => this.#current.broker().dial(id, options),
    };
  }
}
