import { StringDecoder } from 'node:string_decoder';
import { InvalidOptionsError } from '../../errors/index.ts';

/** How much a tail keeps. */
export interface TailOptions {
  /** Number of lines. Default 20. */
  readonly lines?: number;
  /** Longest line kept whole, in bytes of UTF-8; the rest of a longer one is cut off. Default 4096. */
  readonly maxLineBytes?: number;
}

/** The last lines of an output, for error reports. */
export interface Tail {
  push(line: string): void;
  /** The lines kept, oldest first. A copy. */
  lines(): readonly string[];
}

/** Lines that a tail keeps by default. */
export const TAIL_LINES = 20;

/** Makes an empty tail. Throws `InvalidOptionsError`. */
export function createTail(options: TailOptions = {}): Tail {
  const { lines: limit = TAIL_LINES, maxLineBytes = 4096 } = options;
  if (!Number.isInteger(limit) || limit < 0) throw new InvalidOptionsError('lines', 'is not a whole number from 0 up');
  if (!Number.isInteger(maxLineBytes) || maxLineBytes < 1) {
    throw new InvalidOptionsError('maxLineBytes', 'is not a whole number from 1 up');
  }
  const kept: string[] = [];

  return {
    push(line) {
      kept.push(cutToBytes(line, maxLineBytes));
      if (kept.length > limit) kept.shift();
    },
    lines: () => kept.slice(),
  };
}

function cutToBytes(line: string, limit: number): string {
  if (line.length <= limit && Buffer.byteLength(line) <= limit) return line;
  // Each UTF-16 unit has at least one byte, so the first `limit` units are enough to cut from. The decoder leaves out a
  // character that the cut goes through.
  return new StringDecoder('utf8').write(Buffer.from(line.slice(0, limit)).subarray(0, limit));
}
