// A plugin as its author sees it: what it handles, what it offers, and a handle to emit with at any time.
//
// Invariants:
//   F1. Nothing is loaded for what a definition does not use: events, schemas and the actor system come by `import()`.
//   F2. The handle belongs to whatever serves the definition now; served again, it belongs to the new one, and when that ends
//       first, to the one before again.
//   F3. Who emits without waiting loses the event when it is refused, and not the process: nobody has to catch.

import { InvalidOptionsError, RuntimeError } from '../errors/index.ts';
import type { DraftOf, EventDraft, EventMap, Logger } from '../ports/index.ts';
import type { SeatableDefinition } from '../ports/plugin-seat.ts';
import type { EventRuntime } from './events/index.ts';
import { resolveEventOptions } from './event-options.ts';
import type { Emit, EmitReceipt, EventHandlers, EventOptions, ResolvedEventOptions } from './event-types.ts';
import { resolvePluginDefinition } from './plugin-definition.ts';
import type { ExtensionRuntime, PluginDefinition, PluginExtension } from './plugin-definition.ts';
import type { PluginInit } from './plugin-service.ts';
import type { AnyOperation, AnyStep, ServiceContext, Validator } from './service-types.ts';

/** A plugin's way to its host, usable from anywhere: timers, `onInit`, `onShutdown`. */
export interface PluginHandle<Emitted extends EventMap = EventMap> {
  /**
   * Publishes an event. Within a handler, and in whatever the handler started, the handled event is its cause; elsewhere
   * it has none.
   */
  readonly emit: Emit<Emitted>;
  /** Runs `work` outside of any event: what it emits and starts has no cause. */
  readonly root: <T>(work: () => T) => T;
  /** Writes log entries that the host shows under the plugin's name. Drops them while the plugin is not served. */
  readonly log: Logger;
}

/** Everything an author can say about a plugin that handles events or offers operations, validators or steps. */
export interface PluginAuthoring<Events extends EventMap, Emitted extends EventMap>
  extends Omit<PluginDefinition, 'onInit' | 'onShutdown' | 'load'>,
    EventOptions {
  /** Handlers by pattern: `'order.paid'`, `'order.*'`, `'order.**'`, `'*'`. */
  readonly on?: EventHandlers<Events, Emitted> | undefined;
  readonly operations?: Readonly<Record<string, AnyOperation>> | undefined;
  readonly validators?: readonly Validator[] | undefined;
  readonly steps?: Readonly<Record<string, AnyStep>> | undefined;
  /** Gets the configuration before the first call, and may emit already. What it throws stops the start. */
  readonly onInit?: (init: PluginInit, plugin: PluginHandle<Emitted>) => void | Promise<void>;
  /** Finishes what is under way, and may still emit. The host waits `graceMs` (0: not told) before it uses force. */
  readonly onShutdown?: (shutdown: { readonly graceMs: number }, plugin: PluginHandle<Emitted>) => void | Promise<void>;
}

/** A definition for `servePlugin`, and a handle of the plugin. */
export interface DefinedPlugin<Emitted extends EventMap = EventMap>
  extends PluginDefinition,
    PluginHandle<Emitted>,
    SeatableDefinition {}

/**
 * Defines a plugin: `servePlugin(definePlugin<Events>({ … }))`. The map of events types what handlers get and what may be
 * emitted; without one, everything goes.
 *
 * @throws InvalidOptionsError naming the option
 */
export function definePlugin<Events extends EventMap = EventMap, Emitted extends EventMap = Events>(
  authoring: PluginAuthoring<Events, Emitted>,
): DefinedPlugin<Emitted> {
  const { on, operations, validators, steps, onInit, onShutdown, ...rest } = authoring;
  const options = resolveEventOptions(authoring);
  requireHandlers(on);
  const services = rest.services ?? (rest.versions === undefined ? [] : undefined);
  const { services: _, ...withoutServices } = rest;
  const definition: PluginDefinition = services === undefined ? withoutServices : { ...withoutServices, services };
  resolvePluginDefinition(definition);
  const running = new Running(options);
  const handle: PluginHandle<Emitted> = {
    emit: (draft: DraftOf<Emitted>) => forgettable(running.emit(draft)),
    root: (work) => running.root(work),
    log: {
      log: (level, message, fields) => running.log?.log(level, message, fields),
      child: (fields) => running.log?.child(fields) ?? handle.log,
    },
  };
  const defined: DefinedPlugin<Emitted> = {
    ...definition,
    ...handle,
    ...(onInit === undefined ? {} : { onInit: (init) => onInit(init, handle) }),
    ...(onShutdown === undefined ? {} : { onShutdown: (shutdown) => onShutdown(shutdown, handle) }),
    load: () => running.load({ on, operations, validators, steps }),
    serveIn: async (seat) => (await import('./serve-in-seat.ts')).serveInSeat(defined, seat),
  };
  return defined;
}

/** What a definition offers, its types aside. */
interface Offers {
  readonly on: object | undefined;
  readonly operations: Readonly<Record<string, AnyOperation>> | undefined;
  readonly validators: readonly Validator[] | undefined;
  readonly steps: Readonly<Record<string, AnyStep>> | undefined;
}

/** One process of the plugin: its events, once they are loaded. */
interface Instance {
  readonly runtime: ExtensionRuntime;
  events: EventRuntime | undefined;
  loading: Promise<EventRuntime> | undefined;
  isClosed: boolean;
}

/** F2. Whatever serves the definition now. */
class Running {
  readonly #options: ResolvedEventOptions;
  /** Those that serve it, the newest last: beside its host a plugin can have two versions of one definition. */
  readonly #instances: Instance[] = [];

  constructor(options: ResolvedEventOptions) {
    this.#options = options;
  }

  get log(): Logger | undefined {
    return this.#instance?.runtime.log;
  }

  get #instance(): Instance | undefined {
    return this.#instances.at(-1);
  }

  emit(draft: EventDraft): Promise<EmitReceipt> {
    const instance = this.#instance;
    if (instance === undefined) {
      return Promise.reject(new RuntimeError('UNAVAILABLE', 'the plugin is not served, so that it cannot emit'));
    }
    return this.#emitFrom(instance, draft);
  }

  root<T>(work: () => T): T {
    // Before the events are loaded no handler runs, and everything is a root.
    const events = this.#instance?.events;
    return events === undefined ? work() : events.root(work);
  }

  /** F1. */
  async load(offers: Offers): Promise<(runtime: ExtensionRuntime) => PluginExtension> {
    const { on, operations, validators, steps } = offers;
    const events = on === undefined ? undefined : await import('./events/index.ts');
    const kinds = operations ?? validators ?? steps;
    const others = kinds === undefined ? undefined : await import('./services/index.ts');
    return (runtime) => {
      const instance: Instance = { runtime, events: undefined, loading: undefined, isClosed: false };
      const { log, broker, environment } = runtime;
      const handlers = on as Parameters<typeof import('./events/index.ts').createEventRuntime>[0]['handlers'];
      instance.events = events?.createEventRuntime({ handlers, options: this.#options, log, broker, environment });
      const emit: ServiceContext['emit'] = (draft) => forgettable(this.#emitFrom(instance, draft));
      const services = others?.servicesOf(offers, (signal) => ({ log, signal, emit })) ?? [];
      this.#instances.push(instance);
      const { service } = instance.events ?? {};
      return this.#extension(instance, service === undefined ? services : [service, ...services]);
    };
  }

  #emitFrom(instance: Instance, draft: EventDraft): Promise<EmitReceipt> {
    if (instance.events !== undefined) return instance.events.emit(draft);
    if (instance.isClosed) return Promise.reject(new RuntimeError('UNAVAILABLE', 'the plugin has ended'));
    instance.loading ??= this.#loadEvents(instance);
    return instance.loading.then((events) => events.emit(draft));
  }

  /** For a plugin without handlers, at its first emit. */
  async #loadEvents(instance: Instance): Promise<EventRuntime> {
    const { createEventRuntime } = await import('./events/index.ts');
    const { log, broker, environment } = instance.runtime;
    const options = this.#options;
    instance.events = createEventRuntime({ handlers: undefined, options, log, broker, environment });
    if (instance.isClosed) instance.events.close();
    return instance.events;
  }

  #extension(instance: Instance, services: PluginExtension['services']): PluginExtension {
    return {
      services,
      async drain(deadlineMs) {
        // The emits that wait for the code come into the queue one turn after it.
        await instance.loading?.then(() => Promise.resolve());
        await instance.events?.drain(deadlineMs);
      },
      close: () => {
        instance.isClosed = true;
        instance.events?.close();
        const at = this.#instances.indexOf(instance);
        if (at >= 0) this.#instances.splice(at, 1);
      },
    };
  }
}

/** F3. */
function forgettable(receipt: Promise<EmitReceipt>): Promise<EmitReceipt> {
  receipt.catch(() => {});
  return receipt;
}

function requireHandlers(on: object | undefined): void {
  if (on === undefined) return;
  for (const [pattern, handler] of Object.entries(on) as [string, unknown][]) {
    if (handler !== undefined && typeof handler !== 'function') {
      throw new InvalidOptionsError(`on.${pattern}`, `must be a function, got ${typeof handler}`);
    }
  }
}
