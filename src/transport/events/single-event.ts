// The messages that carry one event: those of StreamEvents and HandleEvent.

import { frameEvent } from './encoded-event.ts';
import type { EncodedEvent } from './encoded-event.ts';
import type { HandledEvent, HandleEventFrame, StreamedEvent, StreamEventsFrame } from './event-frames.ts';
import { LazyEvent } from './event-view.ts';
import { violation, WireReader } from './wire-reader.ts';
import { MAX_VARINT_BYTES, WireWriter } from './wire-writer.ts';

/** Field 1 with a length: the event in both messages. */
const EVENT_TAG = 0x0a;
const NUMBERS_BYTES = 2 * (1 + MAX_VARINT_BYTES);

/** Writes a message of StreamEvents. */
export function encodeStreamEvents({ event, sequence, attempt }: StreamEventsFrame): Buffer {
  const writer = withEvent(event);
  writer.number(0x10, sequence);
  writer.number(0x18, attempt);
  return writer.written();
}

/** Writes the request of HandleEvent. */
export function encodeHandleEvent({ event, attempt }: HandleEventFrame): Buffer {
  const writer = withEvent(event);
  writer.number(0x10, attempt);
  return writer.written();
}

/** Reads a message of StreamEvents as the plugin does. Throws `EVENT_PROTOCOL_VIOLATION`. */
export function decodeStreamedEvent(bytes: Buffer): StreamedEvent {
  let [sequence, attempt] = [0, 0];
  const event = readFields(bytes, (tag, reader) => {
    if (tag === 0x10) sequence = reader.safeNumber('sequence');
    else if (tag === 0x18) attempt = reader.uint32();
    else reader.skip(tag);
  });
  return { event: new LazyEvent(bytes, event.at, event.end), sequence, attempt };
}

/** Reads the request of HandleEvent as the plugin does. Throws `EVENT_PROTOCOL_VIOLATION`. */
export function decodeHandledEvent(bytes: Buffer): HandledEvent {
  let attempt = 0;
  const event = readFields(bytes, (tag, reader) => {
    if (tag === 0x10) attempt = reader.uint32();
    else reader.skip(tag);
  });
  return { event: new LazyEvent(bytes, event.at, event.end), attempt };
}

/** Reads a message of StreamEvents as it was written. Throws `EVENT_PROTOCOL_VIOLATION`. */
export function decodeStreamEventsFrame(bytes: Buffer): StreamEventsFrame {
  const { sequence, attempt } = decodeStreamedEvent(bytes);
  return { event: reframed(bytes), sequence, attempt };
}

/** Reads the request of HandleEvent as it was written. Throws `EVENT_PROTOCOL_VIOLATION`. */
export function decodeHandleEventFrame(bytes: Buffer): HandleEventFrame {
  return { event: reframed(bytes), attempt: decodeHandledEvent(bytes).attempt };
}

/** Only the tag of the frame differs: the length and the event itself are taken over. */
function withEvent(event: EncodedEvent): WireWriter {
  const writer = new WireWriter(Buffer.allocUnsafe(event.end - event.start + NUMBERS_BYTES));
  writer.raw(event.chunk, event.start, event.end);
  writer.bytes[0] = EVENT_TAG;
  return writer;
}

function reframed(bytes: Buffer): EncodedEvent {
  const { at, end } = readFields(bytes, (tag, reader) => reader.skip(tag));
  return frameEvent(bytes.subarray(at, end));
}

/** Reads all fields, the event itself apart; returns where that is. */
function readFields(
  bytes: Buffer,
  onField: (tag: number, reader: WireReader) => void,
): { readonly at: number; readonly end: number } {
  const reader = new WireReader(bytes);
  let found: { readonly at: number; readonly end: number } | undefined;
  while (reader.hasMore) {
    const tag = reader.tag();
    if (tag === EVENT_TAG) {
      const end = reader.lengthEnd();
      found = { at: reader.at, end };
      reader.at = end;
    } else onField(tag, reader);
  }
  if (found === undefined) throw violation('a message has no event');
  return found;
}
