// The bus of a host, and how its plugins get at it.
//
// Invariants:
//   B1. The bus is made when it is first used: by the program, or by a plugin that has to do with events.
//   B2. It is closed after the last plugin has ended: what a plugin says while it is stopped is still published.

import type { ActorSystem } from '../actors/index.ts';
import { createBus, createEmitGate, createHostEventService, createLifecycleEvents } from '../bus/index.ts';
import { HOST_EVENT_SERVICE_ID, resolveBusOptions, startEventStream } from '../bus/index.ts';
import type {
  Bus,
  BusOptions,
  EventStream,
  EventStreamOptions,
  PluginLifeFact,
  SourceTap,
  Subscription,
} from '../bus/index.ts';
import { RuntimeError } from '../errors/index.ts';
import type { EventStreamFact, EventStreamFailure } from '../machines/index.ts';
import { requireObject } from '../policy/index.ts';
import type { DenialPort, PluginConnection } from '../ports/index.ts';
import { tellDenial } from './permissions/index.ts';
import { checkEventOptions } from './plugin-event-options.ts';
import type { PluginEventOptions } from './plugin-event-options.ts';
import type { EventSeat } from './event-seat.ts';
import { createNoEvents, createPluginEvents } from './plugin-events.ts';
import type { HostedStream, PluginEventPorts, PluginEvents } from './plugin-events.ts';

/** How the bus of a host is made. */
export interface HostEventOptions extends Omit<BusOptions, 'system'> {
  /** Whether steps in the lives of the plugins are published: `plugin.ready` and so on. Default false. */
  readonly lifecycle?: boolean | undefined;
  /** How events get to plugins. */
  readonly delivery?: EventStreamOptions['policy'];
}

/** A version of a plugin, as far as its events are concerned. */
export interface EventfulPlugin {
  readonly name: string;
  /** What the versions of the plugin share. */
  readonly seat: EventSeat<Subscription>;
  readonly contract: 'troupe' | 'awf';
  readonly events: PluginEventOptions | undefined;
  readonly drainMs: number;
  /** Hears what becomes of the plugin's events. */
  readonly tell: (fact: PluginEventFact) => void;
  /** Asked when no event can be carried to it: true when another version gets the events instead. */
  readonly isTakenBack: (failure: EventStreamFailure) => boolean;
}

/**
 * What becomes of a plugin's events: each step of the streams that carry them, and that none can be carried to the present
 * process. Then its subscription has ended, and what waited in it is dropped; a restart begins another one.
 */
export type PluginEventFact =
  | EventStreamFact
  | { readonly type: 'plugin.eventsUnsupported' | 'plugin.eventsFailed'; readonly failure: EventStreamFailure };

/** The bus of a host. */
export class HostBus {
  readonly #system: ActorSystem;
  readonly #options: HostEventOptions;
  readonly #denials: DenialPort | undefined;
  #bus: Bus | undefined;

  constructor(system: ActorSystem, options: HostEventOptions = {}, denials?: DenialPort) {
    this.#system = system;
    this.#denials = denials;
    this.#options = requireObject('events', options);
    // Here, and not where the bus is first used (B1).
    resolveBusOptions({ ...options, system });
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
   * Connects a version of a plugin to the bus.
   *
   * @throws INVALID_OPTIONS, PATTERN_INVALID; NAME_TAKEN for the name by which the host publishes, or that of a
   *   subscription; BUS_CLOSED
   */
  connect(plugin: EventfulPlugin): PluginEvents {
    if (plugin.events === undefined) return createNoEvents(plugin.seat);
    checkEventOptions(plugin.events);
    if (plugin.name === this.#source) {
      throw new RuntimeError('NAME_TAKEN', `the host publishes events by the name "${plugin.name}"`);
    }
    // Asked again when the plugin is about to be ready; a process that is started for nothing is spared here.
    const { seat, drainMs, isTakenBack } = plugin;
    const isNew = seat.subscription === undefined;
    if (isNew && (plugin.events.subscribe ?? []).length > 0) this.#requireFree(plugin.name);
    const ports = this.#ports(plugin, plugin.events);
    const log = this.#system.environment.log.child({ plugin: plugin.name });
    return createPluginEvents({ ports, log, drainMs, seat, isTakenBack });
  }

  /** B2. Gives the program's own subscriptions `drainMs`. */
  async stop(drainMs: number): Promise<void> {
    await this.#bus?.stop({ drainMs });
  }

  get #source(): string {
    return this.#options.source ?? 'host';
  }

  #requireFree(name: string): void {
    const { bus } = this;
    if (bus.gateway.closed) throw new RuntimeError('BUS_CLOSED', 'the event bus was stopped');
    if (!bus.subscriptions().some((other) => other.name === name)) return;
    throw new RuntimeError('NAME_TAKEN', `a subscription named "${name}" exists already`);
  }

  #made(): Bus {
    const { lifecycle: _, delivery: __, ...options } = this.#options;
    this.#bus ??= createBus({ ...options, source: this.#source, system: this.#system });
    return this.#bus;
  }

  #ports(plugin: EventfulPlugin, events: PluginEventOptions): PluginEventPorts<Subscription, CarriedEvents> {
    const { bus } = this;
    const { name } = plugin;
    const { subscribe: patterns = [], emit: permissions = [], rateLimit, handlerMs: _, ...bounds } = events;
    const gate = createEmitGate({
      plugin: name,
      bus: bus.gateway,
      permissions,
      rateLimit: rateLimit === undefined ? undefined : { perSecond: rateLimit },
      onDenied: (type) => {
        const { log } = this.#system.environment;
        tellDenial({ denials: this.#denials, log }, name, `events.emit:${type}`);
      },
    });
    return {
      patterns,
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
            isInFlight: (eventId) => subscription()?.deliveries.isInFlight(eventId) ?? false,
            get deepestInFlight() {
              return subscription()?.deliveries.deepestInFlight;
            },
          },
          onResults: (results) => stream()?.reportResults(results),
        }),
      }),
      carry: (subscription, connection, process) => {
        // What handlers return is published as far as the version may that they ran in.
        const tap = subscription.tap((cause, drafts) => gate.admitEmitted(cause, drafts));
        return this.#carry(plugin, tap, connection, process);
      },
      failed: (failure) => {
        const isUnsupported = failure.code === 'EVENTS_UNSUPPORTED';
        plugin.tell({ type: isUnsupported ? 'plugin.eventsUnsupported' : 'plugin.eventsFailed', failure });
      },
    };
  }

  #carry(plugin: EventfulPlugin, tap: SourceTap, connection: PluginConnection, process: number): CarriedEvents {
    const { ids } = this.#system.environment;
    const stream = startEventStream(this.#system, {
      source: tap,
      connection,
      contract: plugin.contract,
      policy: deliveryOf(this.#options.delivery, plugin.events?.handlerMs),
      // Random, so that no process takes the stream of another one for its own.
      session: ids.next('session'),
      // The plugin's whole name would leave no room: an actor has no longer one than a plugin.
      name: ids.next(`events-${plugin.name.slice(0, SHOWN_NAME)}-${process}`),
    });
    stream.onFact(plugin.tell);
    return {
      shut: () => tap.shut(),
      stop: (options) => stream.stop(options),
      lost: () => stream.lost(),
      ended: stream.ended,
      reportResults: (results) => stream.reportResults(results),
    };
  }
}

/** A stream with the tap that it takes events from. */
interface CarriedEvents extends HostedStream, Pick<EventStream, 'reportResults'> {}

/** Characters of a plugin's name in those of its actors. */
const SHOWN_NAME = 64;

/** Where the host waits for one handler, the plugin's own deadline is the one that counts. */
function deliveryOf(
  policy: EventStreamOptions['policy'] = {},
  handlerMs: number | undefined,
): EventStreamOptions['policy'] {
  return handlerMs === undefined ? policy : { ...policy, unary: { ...policy.unary, timeoutMs: handlerMs } };
}
