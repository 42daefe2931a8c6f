// The messages of the plugin in Deliver: nearly all of them are two numbers.

import { EventResult } from '../../gen/troupe/events/v1/events.ts';
import type { DeliverAnswer } from './deliver-frames.ts';
import { violation, WireReader } from './wire-reader.ts';
import { MAX_VARINT_BYTES, WireWriter } from './wire-writer.ts';

/** Most results in one message that is read; one has 2 bytes at least, its object a hundred. */
export const MAX_ANSWER_RESULTS = 65_536;

const NO_RESULTS: readonly EventResult[] = [];

/** Writes a message. */
export function encodeAnswer({ settled, sendLimit, results }: DeliverAnswer): Buffer {
  const encoded = results.map((result) => EventResult.encode(result).finish());
  let size = 2 * (1 + MAX_VARINT_BYTES);
  for (const result of encoded) size += 1 + MAX_VARINT_BYTES + result.length;
  const writer = new WireWriter(Buffer.allocUnsafe(size));
  writer.number(0x08, settled);
  writer.number(0x10, sendLimit);
  for (const result of encoded) {
    writer.bytes[writer.at++] = 0x1a;
    writer.varint32(result.length);
    writer.bytes.set(result, writer.at);
    writer.at += result.length;
  }
  return writer.written();
}

/** Reads a message. Throws `EVENT_PROTOCOL_VIOLATION`. */
export function decodeAnswer(bytes: Buffer): DeliverAnswer {
  const reader = new WireReader(bytes);
  let results: EventResult[] | undefined;
  let [settled, sendLimit] = [0, 0];
  while (reader.hasMore) {
    const tag = reader.tag();
    if (tag === 0x08) settled = reader.safeNumber('settled');
    else if (tag === 0x10) sendLimit = reader.safeNumber('send_limit');
    else if (tag === 0x1a) {
      results ??= [];
      if (results.push(readResult(reader.data())) > MAX_ANSWER_RESULTS) {
        throw violation(`an answer has more than ${MAX_ANSWER_RESULTS} results`);
      }
    } else reader.skip(tag);
  }
  return { settled, sendLimit, results: results ?? NO_RESULTS };
}

function readResult(bytes: Buffer): EventResult {
  return decodeWith(() => EventResult.decode(bytes));
}

/** What generated code decodes, with our code for what it throws. */
export function decodeWith<T>(decode: () => T): T {
  try {
    return decode();
  } catch (cause) {
    throw violation(cause instanceof Error ? cause.message : 'an answer is malformed');
  }
}
