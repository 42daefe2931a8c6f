/** Bytes gathered from many chunks, never more than a limit. */
export interface ByteBuffer {
  readonly length: number;
  /** Copies `chunk[start, end)` behind what is there, as far as it fits. True when all of it fitted. */
  append(chunk: Buffer, start: number, end: number): boolean;
  /** What was gathered. Valid until the next `append` or `clear`. */
  view(): Buffer;
  /** Forgets what was gathered, and gives its memory back when it had grown. */
  clear(): void;
}

const INITIAL_BYTES = 256;
const KEPT_BYTES = 4096;

/**
 * Makes an empty buffer that holds at most `limitBytes`.
 *
 * Bytes are copied instead of keeping the chunks: a peer that writes one byte at a time would otherwise cost an object a
 * byte, a hundred times the limit.
 */
export function createByteBuffer(limitBytes: number): ByteBuffer {
  let bytes = Buffer.allocUnsafeSlow(Math.min(INITIAL_BYTES, limitBytes));
  let length = 0;

  function reserve(needed: number): void {
    if (needed <= bytes.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.min(limitBytes, Math.max(needed, bytes.length * 2)));
    bytes.copy(grown, 0, 0, length);
    bytes = grown;
  }

  return {
    get length() {
      return length;
    },
    append(chunk, start, end) {
      const taken = Math.min(end - start, limitBytes - length);
      reserve(length + taken);
      length += chunk.copy(bytes, length, start, start + taken);
      return taken === end - start;
    },
    view: () => bytes.subarray(0, length),
    clear() {
      length = 0;
      if (bytes.length > KEPT_BYTES) bytes = Buffer.allocUnsafeSlow(Math.min(INITIAL_BYTES, limitBytes));
    },
  };
}
