// The bus of a host, and how its plugins get at it.
//
// Invariants:
//   B1. The bus is made when it is first used: by the program, or by a plugin that has to do with events.
//   B2. It is closed after the last plugin has ended: what a plugin says while it is stopped is still published.

import type { ActorSystem } from '../actors/index.ts';
import { createBus, createEmitGate, createHostEventService, createLifecycleEvents } from '../bus/index.ts';
import { HOST_EVENT_SERVICE_ID, startEventStream } from '../bus/index.ts';
import type { Bus, BusOptions, EventStream, EventStreamOptions, PluginLifeFact, Subscription } from '../bus/index.ts';
import { RuntimeError } from '../errors/index.ts';
import type { PluginConnection } from '../ports/index.ts';
import { checkEventOptions } from './plugin-event-options.ts';
import type { PluginEventOptions } from './plugin-event-options.ts';
import { createPluginEvents, NO_EVENTS } from './plugin-events.ts';
import type { PluginEventPorts, PluginEvents } from './plugin-events.ts';

/** How the bus of a host is made. */
export interface HostEventOptions extends Omit<BusOptions, 'system'> {
  /** Whether steps in the lives of the plugins are published: `plugin.ready` and so on. Default false. */
  readonly lifecycle?: boolean | undefined;
  /** How events get to plugins. */
  readonly delivery?: EventStreamOptions['policy'];
}

/** A plugin, as far as its events are concerned. */
export interface EventfulPlugin {
  readonly name: string;
  readonly contract: 'troupe' | 'awf';
  readonly events: PluginEventOptions | undefined;
  readonly drainMs: number;
}

/** The bus of a host. */
export class HostBus {
  readonly #system: ActorSystem;
  readonly #options: HostEventOptions;
  #bus: Bus | undefined;

  constructor(system: ActorSystem, options: HostEventOptions = {}) {
    this.#system = system;
    this.#options = options;
    // A plugin's own name is the source of its events: none may be the host's.
    if (options.lifecycle === true) this.#made();
  }

  /** B1. */
  get bus(): Bus {
    return this.#made();
  }

  /** Publishes a step in the life of a plugin, when that is wanted. */
  tell(fact: PluginLifeFact): void {
    if (this.#options.lifecycle !== true) return;
    const { bus } = this;
    if (bus.gateway.closed) return;
    createLifecycleEvents({ publish: (draft) => bus.publish(draft), log: this.#system.environment.log }).pluginFact(
      fact,
    );
  }

  /**
   * Connects a plugin to the bus.
   *
   * @throws INVALID_OPTIONS, PATTERN_INVALID; NAME_TAKEN for the name by which the host publishes
   */
  connect(plugin: EventfulPlugin): PluginEvents {
    if (plugin.events === undefined) return NO_EVENTS;
    checkEventOptions(plugin.events);
    if (plugin.name === this.#source) {
      throw new RuntimeError('NAME_TAKEN', `the host publishes events by the name "${plugin.name}"`);
    }
    const ports = this.#ports(plugin, plugin.events);
    const log = this.#system.environment.log.child({ plugin: plugin.name });
    return createPluginEvents({ ports, log, drainMs: plugin.drainMs });
  }

  /** B2. Gives the program's own subscriptions `drainMs`. */
  async stop(drainMs: number): Promise<void> {
    await this.#bus?.stop({ drainMs });
  }

  get #source(): string {
    return this.#options.source ?? 'host';
  }

  #made(): Bus {
    const { lifecycle: _, delivery: __, ...options } = this.#options;
    this.#bus ??= createBus({ ...options, source: this.#source, system: this.#system });
    return this.#bus;
  }

  #ports(plugin: EventfulPlugin, events: PluginEventOptions): PluginEventPorts<Subscription, EventStream> {
    const { bus } = this;
    const { name } = plugin;
    const { subscribe: patterns = [], emit: permissions = [], rateLimit, handlerMs: _, ...bounds } = events;
    const gate = createEmitGate({
      plugin: name,
      bus: bus.gateway,
      permissions,
      rateLimit: rateLimit === undefined ? undefined : { perSecond: rateLimit },
    });
    return {
      subscribe: () =>
        patterns.length === 0
          ? undefined
          : bus.subscribe({
              ...bounds,
              name,
              patterns,
              publishEmitted: (cause, drafts) => gate.admitEmitted(cause, drafts),
            }),
      serve: ({ subscription, stream }) => ({
        id: HOST_EVENT_SERVICE_ID,
        service: createHostEventService({
          gate,
          clock: this.#system.environment.clock,
          deliveries: {
            depthOf: (eventId) => subscription()?.deliveries.depthOf(eventId),
            get deepestInFlight() {
              return subscription()?.deliveries.deepestInFlight;
            },
          },
          onResults: (results) => stream()?.reportResults(results),
        }),
      }),
      carry: (subscription, connection, process) => this.#carry(plugin, subscription, connection, process),
    };
  }

  #carry(plugin: EventfulPlugin, { source }: Subscription, connection: PluginConnection, process: number): EventStream {
    const { ids } = this.#system.environment;
    const stream = startEventStream(this.#system, {
      source,
      connection,
      contract: plugin.contract,
      policy: deliveryOf(this.#options.delivery, plugin.events?.handlerMs),
      // Random, so that no process takes the stream of another one for its own.
      session: ids.next('session'),
      name: `events-${plugin.name}-${process}`,
    });
    const log = this.#system.environment.log.child({ plugin: plugin.name });
    stream.onFact((fact) => log.log('debug', fact.type, { ...fact }));
    void stream.ended.then((outcome) => {
      if (outcome.kind !== 'failed') return;
      log.log('error', `no events can be delivered: ${outcome.failure.message}`, { code: outcome.failure.code });
    });
    return stream;
  }
}

/** Where the host waits for one handler, the plugin's own deadline is the one that counts. */
function deliveryOf(
  policy: EventStreamOptions['policy'] = {},
  handlerMs: number | undefined,
): EventStreamOptions['policy'] {
  return handlerMs === undefined ? policy : { ...policy, unary: { ...policy.unary, timeoutMs: handlerMs } };
}
