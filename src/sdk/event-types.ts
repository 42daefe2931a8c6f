// The types by which handlers know what they get: from a map of events to the patterns that match any of them.

import type { MatchesGlob } from '../policy/index.ts';
import type { DomainEvent, DraftOf, EventMap, EventType, Logger } from '../ports/index.ts';

/** Every pattern that matches an event type: each segment itself or `*`, and `**` at the end. */
type PatternsOf<Type extends string> = Type extends `${infer Head}.${infer Tail}`
  ? `${Head | '*'}.${PatternsOf<Tail> | '**'}`
  : Type | '*';

/** The patterns that match at least one event of the map; any text when the map names no types. */
export type EventPattern<Events extends EventMap> = string extends keyof Events
  ? string
  : PatternsOf<EventType<Events>> | '*' | '**';

/** The events of the map that the pattern matches; any event when the map names no types. */
export type EventMatching<Events extends EventMap, Pattern extends string> = string extends keyof Events
  ? DomainEvent
  : {
      [Type in EventType<Events>]: MatchesGlob<Type, Pattern> extends true ? DomainEvent<Type, Events[Type]> : never;
    }[EventType<Events>];

/** What became of an emitted event. */
export interface EmitReceipt {
  /** The id that the host gave the event. */
  readonly id: string;
}

/**
 * Publishes an event on the host's bus.
 *
 * @throws (rejects) the code of the host's refusal: EMIT_DENIED, DEPTH_EXCEEDED, RATE_LIMITED, BUS_CLOSED, …;
 *   EVENT_TYPE_INVALID, METADATA_INVALID, PAYLOAD_INVALID, … for what is no event; RESOURCE_EXHAUSTED while too many
 *   wait; UNAVAILABLE once the plugin has ended; DEADLINE_EXCEEDED when the host did not answer in time, with nothing
 *   known about the event
 */
export type Emit<Emitted extends EventMap = EventMap> = (draft: DraftOf<Emitted>) => Promise<EmitReceipt>;

/** What a handler knows besides the event. */
export interface EventContext<Emitted extends EventMap = EventMap> {
  /** Publishes an event that the handled one has caused. */
  readonly emit: Emit<Emitted>;
  readonly log: Logger;
  /** Aborts when the deadline of the handler passes. */
  readonly signal: AbortSignal;
  /** How often the event was sent to any process of this plugin before. */
  readonly attempt: number;
  /** Whether another process of this plugin, or a call that failed, may have handled the event before. */
  readonly redelivered: boolean;
  /** Id of the handled event: the cause of whatever is emitted here. */
  readonly causationId: string;
}

/** What a handler may return: events that are published together with the result. */
export type HandlerResult<Emitted extends EventMap = EventMap> =
  | DraftOf<Emitted>
  | readonly DraftOf<Emitted>[]
  | undefined
  | void;

/** Handles one event. Throwing, or rejecting, reports the event as failed with `HANDLER_FAILED`. */
export type EventHandler<Event, Emitted extends EventMap = EventMap> = (
  event: Event,
  context: EventContext<Emitted>,
) => HandlerResult<Emitted> | Promise<HandlerResult<Emitted>>;

/** Handlers by pattern. Those that match an event run one after the other, in the order in which they are written. */
export type EventHandlers<Events extends EventMap, Emitted extends EventMap> = {
  readonly [Pattern in EventPattern<Events>]?: EventHandler<EventMatching<Events, Pattern>, Emitted> | undefined;
};

/** How events reach the plugin; see `docs/events.md`. */
export type EventFormName = 'acked' | 'stream' | 'unary';

/** How a plugin handles and emits events. Each has a default. */
export interface EventOptions {
  /** Milliseconds that the handlers of one event have, together. Default 5,000. */
  readonly handlerTimeoutMs?: number | undefined;
  /**
   * Whether an event is decoded before its handlers run, or field by field as they read it. Default `full`. An event
   * that is decoded as it is read keeps the message that it came in for as long as somebody has hold of it.
   */
  readonly decode?: 'full' | 'lazy' | undefined;
  /** Events that the host may send ahead of the one at work. Default 4,096. */
  readonly window?: number | undefined;
  /** The forms that the plugin offers. Default: all. */
  readonly forms?: readonly EventFormName[] | undefined;
  /** Emits that may wait for the host; further ones are refused with RESOURCE_EXHAUSTED. Default 256. */
  readonly maxWaitingEmits?: number | undefined;
  /** Emits that are sent and not answered. Default 64. */
  readonly maxEmitsInFlight?: number | undefined;
  /** Milliseconds that an emit may take, repetitions included. Default 30,000. */
  readonly emitTimeoutMs?: number | undefined;
}

/** `EventOptions` with every default filled in. */
export interface ResolvedEventOptions {
  readonly handlerTimeoutMs: number;
  readonly decode: 'full' | 'lazy';
  readonly window: number;
  readonly forms: readonly EventFormName[];
  readonly maxWaitingEmits: number;
  readonly maxEmitsInFlight: number;
  readonly emitTimeoutMs: number;
}
