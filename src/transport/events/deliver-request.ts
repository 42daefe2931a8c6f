// The messages of the host in Deliver.
//
// Invariants:
//   D1. What is written lies in memory of its own: neither the transport nor whoever reads it can reach the chunks.
//   D2. Any bytes are either a batch or EVENT_PROTOCOL_VIOLATION; an event within a batch is looked at later, by itself.

import type { DeliverBatch, DeliverFrame, EventView } from './deliver-frames.ts';
import type { EncodedEvent } from './encoded-event.ts';
import { LazyEvent } from './event-view.ts';
import { violation, WireReader } from './wire-reader.ts';
import { MAX_UNIT_BYTES, WireWriter } from './wire-writer.ts';

/** Most events in one message that is read. Hosts send some hundreds; an empty event has 2 bytes, its view a hundred. */
export const MAX_BATCH_EVENTS = 65_536;

/** Head, start and all numbers, without the text of the session. */
const FIXED_BYTES = 64;

/** Writes a message. Events that lie one behind the other are copied as one piece. */
export function encodeDeliver(frame: DeliverFrame): Buffer {
  const { start, events } = frame;
  let size = FIXED_BYTES + (start === undefined ? 0 : start.session.length * MAX_UNIT_BYTES);
  for (const event of events) size += event.end - event.start;
  const writer = new WireWriter(Buffer.allocUnsafe(size));
  if (start !== undefined) writeStart(writer, start);
  writer.number(0x10, frame.firstSequence);
  writeEvents(writer, events);
  writer.number(0x20, frame.attempt);
  writer.number(0x28, frame.resultsReceived);
  return writer.written();
}

/** Reads a message as the plugin does. Throws `EVENT_PROTOCOL_VIOLATION`. */
export function decodeDeliverBatch(bytes: Buffer): DeliverBatch {
  return readDeliver(bytes, viewOf);
}

/** Reads a message as it was written. Throws `EVENT_PROTOCOL_VIOLATION`. */
export function decodeDeliverFrame(bytes: Buffer): DeliverFrame {
  return readDeliver(bytes, frameOf);
}

const viewOf = (bytes: Buffer, _start: number, body: number, end: number): EventView => new LazyEvent(bytes, body, end);
const frameOf = (chunk: Buffer, start: number, _body: number, end: number): EncodedEvent => ({ chunk, start, end });

function writeStart(writer: WireWriter, { session, nextSequence }: NonNullable<DeliverFrame['start']>): void {
  writer.bytes[writer.at++] = 0x0a;
  const begin = writer.at;
  writer.at += 1;
  writer.text(0x0a, session);
  writer.number(0x10, nextSequence);
  writer.closeLength(begin, 1);
}

function writeEvents(writer: WireWriter, events: readonly EncodedEvent[]): void {
  const first = events[0];
  if (first === undefined) return;
  let { chunk, start, end } = first;
  for (let index = 1; index < events.length; index += 1) {
    const event = events[index] as EncodedEvent;
    if (event.chunk !== chunk || event.start !== end) {
      writer.raw(chunk, start, end);
      ({ chunk, start } = event);
    }
    end = event.end;
  }
  writer.raw(chunk, start, end);
}

type ReadEvent<E> = (bytes: Buffer, start: number, body: number, end: number) => E;

function readDeliver<E>(bytes: Buffer, read: ReadEvent<E>): Omit<DeliverFrame, 'events'> & { readonly events: E[] } {
  const reader = new WireReader(bytes);
  const events: E[] = [];
  let start: DeliverFrame['start'];
  let [firstSequence, attempt, resultsReceived] = [0, 0, 0];
  while (reader.hasMore) {
    const frameStart = reader.at;
    const tag = reader.tag();
    if (tag === 0x1a) {
      const end = reader.lengthEnd();
      if (events.push(read(bytes, frameStart, reader.at, end)) > MAX_BATCH_EVENTS) {
        throw violation(`a batch has more than ${MAX_BATCH_EVENTS} events`);
      }
      reader.at = end;
    } else if (tag === 0x0a) start = readStart(reader);
    else if (tag === 0x10) firstSequence = reader.safeNumber('first_sequence');
    else if (tag === 0x20) attempt = reader.uint32();
    else if (tag === 0x28) resultsReceived = reader.safeNumber('results_received');
    else reader.skip(tag);
  }
  return { start, firstSequence, events, attempt, resultsReceived };
}

function readStart(outer: WireReader): NonNullable<DeliverFrame['start']> {
  const end = outer.lengthEnd();
  const reader = new WireReader(outer.bytes, outer.at, end);
  let session = '';
  let nextSequence = 0;
  while (reader.hasMore) {
    const tag = reader.tag();
    if (tag === 0x0a) session = reader.text();
    else if (tag === 0x10) nextSequence = reader.safeNumber('next_sequence');
    else reader.skip(tag);
  }
  outer.at = end;
  return { session, nextSequence };
}
