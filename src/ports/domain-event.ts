/** Payloads by event type, for typed publishers and handlers: `{ 'order.paid': { amount: number } }`. */
export type EventMap = Readonly<Record<string, unknown>>;

/** The event types of a map. */
export type EventType<Events extends EventMap> = Extract<keyof Events, string>;

/** Something that happened. Plain data, frozen through and through: whoever gets it cannot change what others get. */
export interface DomainEvent<Type extends string = string, Payload = unknown> {
  /** Unique among all events of the bus. */
  readonly id: string;
  /** Segments with dots between them: `order.paid`. At most 256 characters. */
  readonly type: Type;
  /** When it happened, in milliseconds since 1970; the fraction keeps microseconds. */
  readonly time: number;
  /** Who published it: the name of a plugin, or what the host calls itself. */
  readonly source: string;
  /** What it is about. */
  readonly subject?: string | undefined;
  /** Media type of the payload. */
  readonly contentType: string;
  /** Short texts that belong to the event. */
  readonly metadata: Readonly<Record<string, string>>;
  /** JSON data; a `Uint8Array` when the content type is not JSON. */
  readonly payload: Payload;
  /** How many events caused each other before this one. */
  readonly depth: number;
  /** Id of the event that caused this one. */
  readonly causationId?: string | undefined;
}

/** What a publisher says about an event; the bus adds the rest. */
export interface EventDraft<Type extends string = string, Payload = unknown> {
  readonly type: Type;
  /** Anything JSON can hold, or a `Uint8Array`. Default: `null`. */
  readonly payload?: Payload | undefined;
  readonly subject?: string | undefined;
  /** Default `application/json`, or `application/octet-stream` for a `Uint8Array`. */
  readonly contentType?: string | undefined;
  /** Default: none. */
  readonly metadata?: Readonly<Record<string, string>> | undefined;
  /** Milliseconds since 1970. Default: now. */
  readonly time?: number | undefined;
}

/** Drafts of the events of a map. */
export type DraftOf<Events extends EventMap> = {
  [Type in EventType<Events>]: EventDraft<Type, Events[Type]>;
}[EventType<Events>];

/** Events of a map. */
export type EventOf<Events extends EventMap> = {
  [Type in EventType<Events>]: DomainEvent<Type, Events[Type]>;
}[EventType<Events>];

/** An event as it travels: the payload as bytes. Codecs and queues use this form. */
export interface WireEvent {
  readonly id: string;
  readonly type: string;
  /** Milliseconds since 1970, with a fraction. */
  readonly time: number;
  readonly source: string;
  /** Empty for none. */
  readonly subject: string;
  /** Empty means `application/json`. */
  readonly contentType: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly payload: Uint8Array;
  readonly depth: number;
  /** Empty for none. */
  readonly causationId: string;
}
