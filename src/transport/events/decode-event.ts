import type { WireEvent } from '../../ports/domain-event.ts';
import { joinMs } from './nanos.ts';
import { WireReader } from './wire-reader.ts';

/** The event in the bytes of a `troupe.events.v1.Event`. The payload is not copied. Throws `EVENT_PROTOCOL_VIOLATION`. */
export function decodeEvent(bytes: Buffer): WireEvent {
  return readEvent(new WireReader(bytes));
}

/** The event from where a reader is up to its end. Unknown fields are passed over. */
export function readEvent(reader: WireReader): WireEvent {
  const metadata: Record<string, string> = {};
  // What missing fields mean. A literal: a copy of a constant takes a tenth of the whole.
  const event = {
    id: '',
    type: '',
    time: 0,
    source: '',
    subject: '',
    contentType: '',
    metadata,
    payload: NO_BYTES,
    depth: 0,
    causationId: '',
  };
  while (reader.hasMore) {
    const tag = reader.tag();
    switch (tag) {
      case 0x0a:
        event.id = reader.text();
        break;
      case 0x12:
        event.type = reader.text();
        break;
      case 0x18:
        reader.varint();
        event.time = joinMs(reader.low, reader.high | 0);
        break;
      case 0x22:
        event.source = reader.text();
        break;
      case 0x2a:
        event.subject = reader.text();
        break;
      case 0x32:
        event.contentType = reader.text();
        break;
      case 0x3a:
        readEntry(reader, metadata);
        break;
      case 0x42:
        event.payload = reader.data();
        break;
      case 0x48:
        event.depth = reader.uint32();
        break;
      case 0x52:
        event.causationId = reader.text();
        break;
      default:
        reader.skip(tag);
    }
  }
  return event;
}

const NO_BYTES: Uint8Array = Buffer.alloc(0);

function readEntry(reader: WireReader, metadata: Record<string, string>): void {
  const outerEnd = reader.end;
  reader.end = reader.lengthEnd();
  let key = '';
  let value = '';
  while (reader.hasMore) {
    const tag = reader.tag();
    if (tag === 0x0a) key = reader.text();
    else if (tag === 0x12) value = reader.text();
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
