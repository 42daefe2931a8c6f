// Events as bytes, each encoded once for all its subscribers and all its repetitions.
//
// Invariants:
//   C1. A chunk is append-only: the bytes of an event never change once `encode` has returned, and none of those behind
//       the last event are handed out.
//   C2. Events that are encoded one after the other lie one behind the other, without a gap, until a chunk is full. So a
//       batch of neighbours is one piece of memory.
//   C3. A chunk is referenced by its events alone, and goes with the last of them. One event that waits long therefore
//       keeps a whole chunk; an event that fits in none has memory of its own.

import { InvalidOptionsError } from '../../errors/index.ts';
import type { WireEvent } from '../../ports/domain-event.ts';
import { EVENT_FRAME_TAG } from './encoded-event.ts';
import type { EncodedEvent } from './encoded-event.ts';
import { splitMs } from './nanos.ts';
import type { Nanos } from './nanos.ts';
import { MAX_UNIT_BYTES, MAX_VARINT_BYTES, varintBytes, WireWriter } from './wire-writer.ts';

/** Options of an encoder. */
export interface EventEncoderOptions {
  /** Size of the pieces of memory that events lie in, in bytes. Default 256 KiB. */
  readonly chunkBytes?: number | undefined;
}

/** Turns events into bytes. */
export interface EventEncoder {
  /** Throws `EVENT_TIME_INVALID`. */
  encode(event: WireEvent): EncodedEvent;
}

const DEFAULT_CHUNK_BYTES = 256 * 1024;
/** Tag and longest length of a field. */
const FIELD_BYTES = 6;
/** The frame's head, six texts, payload, time and depth. */
const FIXED_BYTES = 8 * FIELD_BYTES + 2 * (1 + MAX_VARINT_BYTES);
/** The entry, its key and its value. */
const ENTRY_BYTES = 3 * FIELD_BYTES;

/** Makes an encoder; a bus has one. Throws `InvalidOptionsError` for a chunk of less than 1 KiB. */
export function createEventEncoder(options: EventEncoderOptions = {}): EventEncoder {
  const { chunkBytes = DEFAULT_CHUNK_BYTES } = options;
  if (!Number.isSafeInteger(chunkBytes) || chunkBytes < 1024) {
    throw new InvalidOptionsError('chunkBytes', `is ${chunkBytes}, not a whole number of at least 1024`);
  }
  return new ChunkEncoder(chunkBytes);
}

class ChunkEncoder implements EventEncoder {
  readonly #chunkBytes: number;
  readonly #writer = new WireWriter(Buffer.alloc(0));
  readonly #nanos: Nanos = { low: 0, high: 0 };

  constructor(chunkBytes: number) {
    this.#chunkBytes = chunkBytes;
  }

  encode(event: WireEvent): EncodedEvent {
    const keys = Object.keys(event.metadata);
    const units = textUnits(event, keys);
    const fixed = FIXED_BYTES + keys.length * ENTRY_BYTES + event.payload.length;
    const room = fixed + units * MAX_UNIT_BYTES;
    // What most events are: ASCII. A wrong guess costs moving the event by a byte.
    const likely = units + event.payload.length + 2 * (8 + 3 * keys.length);
    // Before anything is written, so that a failure leaves no half of an event behind.
    splitMs(event.time, this.#nanos);
    if (room > this.#chunkBytes) return this.#write(new WireWriter(Buffer.allocUnsafeSlow(room)), event, keys, likely);
    const writer = this.#writer;
    if (writer.bytes.length - writer.at < room) {
      writer.bytes = Buffer.allocUnsafeSlow(this.#chunkBytes);
      writer.at = 0;
    }
    return this.#write(writer, event, keys, likely);
  }

  #write(writer: WireWriter, event: WireEvent, keys: readonly string[], likely: number): EncodedEvent {
    const { bytes: chunk, at: start } = writer;
    chunk[start] = EVENT_FRAME_TAG;
    const guessed = varintBytes(likely);
    writer.at = start + 1 + guessed;
    this.#fields(writer, event, keys);
    writer.closeLength(start + 1, guessed);
    return { chunk, start, end: writer.at };
  }

  #fields(writer: WireWriter, event: WireEvent, keys: readonly string[]): void {
    const { low, high } = this.#nanos;
    writer.text(0x0a, event.id);
    writer.text(0x12, event.type);
    if (low !== 0 || high !== 0) {
      writer.bytes[writer.at++] = 0x18;
      writer.varint64(low, high);
    }
    writer.text(0x22, event.source);
    writer.text(0x2a, event.subject);
    writer.text(0x32, event.contentType);
    for (const key of keys) writeEntry(writer, key, event.metadata[key] ?? '');
    writer.data(0x42, event.payload);
    writer.number(0x48, event.depth >>> 0);
    writer.text(0x52, event.causationId);
  }
}

function writeEntry(writer: WireWriter, key: string, value: string): void {
  writer.bytes[writer.at++] = 0x3a;
  const start = writer.at;
  const guessed = varintBytes(key.length + value.length + 4);
  writer.at += guessed;
  writer.text(0x0a, key);
  writer.text(0x12, value);
  writer.closeLength(start, guessed);
}

/** UTF-16 units of all texts. */
function textUnits(event: WireEvent, keys: readonly string[]): number {
  const { id, type, source, subject, contentType, causationId, metadata } = event;
  let units = id.length + type.length + source.length + subject.length + contentType.length + causationId.length;
  for (const key of keys) units += key.length + (metadata[key] ?? '').length;
  return units;
}
