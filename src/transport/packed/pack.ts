// Messages of gRPC as they lie in the body of an HTTP/2 stream: a byte that says whether they are compressed, the length in
// 4 bytes, the message. Where one ends has nothing to do with frames or writes, so that many go out in one.

import { RuntimeError } from '../../errors/index.ts';
import { tooLargeText } from '../status.ts';

const HEAD_BYTES = 5;

/** The messages in one piece. */
export function packMessages(messages: readonly Buffer[]): Buffer {
  let size = messages.length * HEAD_BYTES;
  for (const message of messages) size += message.length;
  const pack = Buffer.allocUnsafe(size);
  let at = 0;
  for (const message of messages) {
    pack[at] = 0;
    pack.writeUInt32BE(message.length, at + 1);
    pack.set(message, at + HEAD_BYTES);
    at += HEAD_BYTES + message.length;
  }
  return pack;
}

/** Collects the one message that a call answers with. */
export interface ResponseReader {
  /** Takes what came next. Throws `RESOURCE_EXHAUSTED`, or `INTERNAL` when it is no single uncompressed message. */
  take(bytes: Buffer): void;
  /** The message. Throws `INTERNAL` when it is not complete. */
  response(): Buffer;
}

/** Makes a reader that keeps at most `maxBytes` and what comes in one go. */
export function createResponseReader(maxBytes: number): ResponseReader {
  const parts: Buffer[] = [];
  let received = 0;
  let expected: number | undefined;
  return {
    take(bytes) {
      parts.push(bytes);
      received += bytes.length;
      if (expected === undefined && received >= HEAD_BYTES)
        expected = HEAD_BYTES + sizeIn(Buffer.concat(parts), maxBytes);
      if (received > (expected ?? received)) throw new RuntimeError('INTERNAL', 'the call was answered more than once');
    },
    response() {
      if (received === expected) return Buffer.concat(parts).subarray(HEAD_BYTES);
      throw new RuntimeError('INTERNAL', 'the call ended well but without a whole response');
    },
  };
}

/** The size in the head of a message. */
function sizeIn(bytes: Buffer, maxBytes: number): number {
  if (bytes[0] !== 0) throw new RuntimeError('INTERNAL', 'the response is compressed, which was not offered');
  const size = bytes.readUInt32BE(1);
  if (size > maxBytes) throw new RuntimeError('RESOURCE_EXHAUSTED', tooLargeText(size, maxBytes));
  return size;
}
