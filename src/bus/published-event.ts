import { decodePayload, JSON_CONTENT_TYPE } from '../policy/index.ts';
import type { DomainEvent, WireEvent } from '../ports/index.ts';
import type { EncodedEvent, EventEncoder } from '../transport/events/index.ts';
import type { QueuedEvent } from './event-source.ts';

/** What an event takes besides its texts and its payload: the objects around them. */
const OVERHEAD_BYTES = 256;

/** An event on the bus: one object for all its subscribers, whose other forms are made on first use. */
export class PublishedEvent implements QueuedEvent {
  readonly wire: WireEvent;
  readonly bytes: number;
  readonly #encoder: EventEncoder;
  #parsed: { readonly payload: unknown } | undefined;
  #event: DomainEvent | undefined = undefined;
  #encoded: EncodedEvent | undefined = undefined;

  /** @param parsed the payload, when somebody has read it already */
  constructor(wire: WireEvent, metadataSize: number, encoder: EventEncoder, parsed?: { readonly payload: unknown }) {
    this.wire = wire;
    this.bytes = wire.payload.byteLength + metadataSize + wire.type.length + wire.subject.length + OVERHEAD_BYTES;
    this.#encoder = encoder;
    this.#parsed = parsed;
  }

  get event(): DomainEvent {
    if (this.#event !== undefined) return this.#event;
    this.#event = publicForm(this.wire, this.#parsed);
    this.#parsed = undefined;
    return this.#event;
  }

  get encoded(): EncodedEvent {
    this.#encoded ??= this.#encoder.encode(this.wire);
    return this.#encoded;
  }
}

function publicForm(wire: WireEvent, parsed: { readonly payload: unknown } | undefined): DomainEvent {
  const contentType = wire.contentType === '' ? JSON_CONTENT_TYPE : wire.contentType;
  const payload = parsed === undefined ? decodePayload(wire.payload, contentType) : parsed.payload;
  const { id, type, time, source, metadata, depth } = wire;
  const event: Record<string, unknown> = {
    id,
    type,
    time,
    source,
    ...(wire.subject === '' ? {} : { subject: wire.subject }),
    contentType,
    metadata,
    payload,
    depth,
    ...(wire.causationId === '' ? {} : { causationId: wire.causationId }),
  };
  if (payload === wire.payload) {
    // Bytes cannot be frozen: each reader gets its own.
    Object.defineProperty(event, 'payload', { enumerable: true, get: () => new Uint8Array(wire.payload) });
  }
  return Object.freeze(event) as unknown as DomainEvent;
}
