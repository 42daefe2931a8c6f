import type { WireEvent } from '../../ports/domain-event.ts';
import { joinMs } from './nanos.ts';
import { WireReader } from './wire-reader.ts';

/** What an event is decoded into. */
export interface EventForm<None, Payload> {
  /** Stands for a subject and a cause that are missing. */
  readonly none: None;
  /** Stands for a content type that is missing. */
  readonly contentType: string;
  /** Makes the payload of what lies in [start, end). */
  payloadOf(bytes: Buffer, start: number, end: number, contentType: string): Payload;
}

/** An event of a form. It belongs to whoever had it decoded. */
export interface DecodedEvent<None, Payload> {
  readonly id: string;
  readonly type: string;
  readonly time: number;
  readonly source: string;
  readonly subject: string | None;
  readonly contentType: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly payload: Payload;
  readonly depth: number;
  readonly causationId: string | None;
}

/** An event as it travels. The payload is not copied. */
export const WIRE_FORM: EventForm<'', Uint8Array> = {
  none: '',
  contentType: '',
  payloadOf: (bytes, start, end) => (start === end ? NO_BYTES : bytes.subarray(start, end)),
};

const NO_BYTES: Uint8Array = Buffer.alloc(0);

/** The event in the bytes of a `troupe.events.v1.Event`. The payload is not copied. Throws `EVENT_PROTOCOL_VIOLATION`. */
export function decodeEvent(bytes: Buffer): WireEvent {
  return readEvent(new WireReader(bytes), WIRE_FORM);
}

/**
 * The event from where a reader is up to its end. Unknown fields are passed over; texts that the caller has already are
 * not made again.
 */
export function readEvent<None, Payload>(
  reader: WireReader,
  form: EventForm<None, Payload>,
  knownId?: string,
  knownType?: string,
): DecodedEvent<None, Payload> {
  const metadata: Record<string, string> = {};
  const { none } = form;
  // In locals until the end: the object is made once, in one piece.
  let id = knownId ?? '';
  let type = knownType ?? '';
  let source = '';
  let contentType = '';
  let subject: string | None = none;
  let causationId: string | None = none;
  let time = 0;
  let depth = 0;
  let payloadStart = 0;
  let payloadEnd = 0;
  while (reader.hasMore) {
    const tag = reader.tag();
    switch (tag) {
      case 0x0a:
        if (knownId === undefined) id = reader.text();
        else reader.skip(tag);
        break;
      case 0x12:
        if (knownType === undefined) type = reader.sharedText();
        else reader.skip(tag);
        break;
      case 0x18:
        reader.varint();
        time = joinMs(reader.low, reader.high | 0);
        break;
      case 0x22:
        source = reader.sharedText();
        break;
      case 0x2a:
        subject = reader.sharedText() || none;
        break;
      case 0x32:
        contentType = reader.sharedText();
        break;
      case 0x3a:
        readEntry(reader, metadata);
        break;
      case 0x42:
        payloadEnd = reader.lengthEnd();
        payloadStart = reader.at;
        reader.at = payloadEnd;
        break;
      case 0x48:
        depth = reader.uint32();
        break;
      case 0x52:
        causationId = reader.text() || none;
        break;
      default:
        reader.skip(tag);
    }
  }
  contentType ||= form.contentType;
  const payload = form.payloadOf(reader.bytes, payloadStart, payloadEnd, contentType);
  return { id, type, time, source, subject, contentType, metadata, payload, depth, causationId };
}

function readEntry(reader: WireReader, metadata: Record<string, string>): void {
  const outerEnd = reader.end;
  reader.end = reader.lengthEnd();
  let key = '';
  let value = '';
  while (reader.hasMore) {
    const tag = reader.tag();
    if (tag === 0x0a) key = reader.sharedText();
    else if (tag === 0x12) value = reader.sharedText();
    else reader.skip(tag);
  }
  reader.end = outerEnd;
  setEntry(metadata, key, value);
}

/** Sets an entry of an object whose keys a peer has chosen: `__proto__` is a key like any other. */
export function setEntry(metadata: Record<string, string>, key: string, value: string): void {
  if (key !== '__proto__') metadata[key] = value;
  else Object.defineProperty(metadata, key, { value, enumerable: true, configurable: true, writable: true });
}
