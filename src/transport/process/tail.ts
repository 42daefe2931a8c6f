import { StringDecoder } from 'node:string_decoder';
import { InvalidOptionsError } from '../../errors/index.ts';

/** How much a tail keeps. */
export interface TailOptions {
  /** Number of lines, those of a dump included. Default 20. */
  readonly lines?: number;
  /** Longest line kept whole, in bytes of UTF-8; the rest of a longer one is cut off. Default 4096. */
  readonly maxLineBytes?: number;
}

/**
 * The last lines of an output, for error reports. Of a Go program that ends with a long dump of its stacks they are the
 * first lines of that dump, which say why, and the last ones of all.
 */
export interface Tail {
  push(line: string): void;
  /** The lines kept, oldest first. A copy. */
  lines(): readonly string[];
}

/** Lines that a tail keeps by default. */
export const TAIL_LINES = 20;

/** What Go prints before the stacks of its goroutines. A stack itself may hold `panic({0x…`, which is none. */
const DUMP_BEGINS = /^(panic|fatal error): /;
/** Share of the lines that the beginning of a dump may have: of 20 lines the one that says why, and 5 after it. */
const DUMP_SHARE = 0.3;

/** Makes an empty tail. Throws `InvalidOptionsError`. */
export function createTail(options: TailOptions = {}): Tail {
  const { lines: limit = TAIL_LINES, maxLineBytes = 4096 } = options;
  if (!Number.isInteger(limit) || limit < 0) throw new InvalidOptionsError('lines', 'is not a whole number from 0 up');
  if (!Number.isInteger(maxLineBytes) || maxLineBytes < 1) {
    throw new InvalidOptionsError('maxLineBytes', 'is not a whole number from 1 up');
  }
  const kept: string[] = [];
  const dumpLimit = Math.floor(limit * DUMP_SHARE);
  /** The beginning of the newest dump. */
  let dump: string[] = [];
  /** Lines since the dump began, its first one among them; none when there was no dump. */
  let sinceDump: number | undefined;

  return {
    push(line) {
      const cut = cutToBytes(line, maxLineBytes);
      kept.push(cut);
      if (kept.length > limit) kept.shift();
      if (DUMP_BEGINS.test(cut)) {
        dump = [];
        sinceDump = 0;
      }
      if (sinceDump === undefined) return;
      sinceDump += 1;
      if (dump.length < dumpLimit) dump.push(cut);
    },
    lines() {
      // As long as the dump lies within the last lines these are whole without it.
      if (sinceDump === undefined || sinceDump <= limit) return kept.slice();
      return [...dump, ...kept.slice(dump.length)];
    },
  };
}

function cutToBytes(line: string, limit: number): string {
  if (line.length <= limit && Buffer.byteLength(line) <= limit) return line;
  // Each UTF-16 unit has at least one byte, so the first `limit` units are enough to cut from. The decoder leaves out a
  // character that the cut goes through.
  return new StringDecoder('utf8').write(Buffer.from(line.slice(0, limit)).subarray(0, limit));
}
