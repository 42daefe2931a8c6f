import { varintBytes } from './wire-writer.ts';

/** An event as bytes within a larger piece of memory, framed as one entry of `repeated Event events = 3`. */
export interface EncodedEvent {
  readonly chunk: Buffer;
  /** Where the frame begins. */
  readonly start: number;
  /** Where it ends, and the next one may begin. */
  readonly end: number;
}

/** Field 3 with a length: what each frame begins with. */
export const EVENT_FRAME_TAG = 0x1a;

/** Where the message itself begins: behind the tag and the length. */
export function bodyStart({ chunk, start }: EncodedEvent): number {
  let at = start + 1;
  while ((chunk[at] as number) > 0x7f) at += 1;
  return at + 1;
}

/** The bytes of the message itself, not copied: nobody may write to them. */
export function eventBytes(event: EncodedEvent): Buffer {
  return event.chunk.subarray(bodyStart(event), event.end);
}

/** Frames the bytes of a message, in memory of their own. */
export function frameEvent(body: Uint8Array): EncodedEvent {
  const head = 1 + varintBytes(body.length);
  const chunk = Buffer.allocUnsafe(head + body.length);
  chunk[0] = EVENT_FRAME_TAG;
  let rest = body.length;
  let at = 1;
  for (; rest > 0x7f; rest >>>= 7) chunk[at++] = (rest & 0x7f) | 0x80;
  chunk[at] = rest;
  chunk.set(body, head);
  return { chunk, start: 0, end: chunk.length };
}
