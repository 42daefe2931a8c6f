// The lines that one reader of a log has not taken yet.
//
// Invariants:
//   Q1. It holds at most `maxLines` lines and about `maxBytes` bytes, whatever comes; a line that does not fit is left out.
//   Q2. What was left out is counted, and told by one number in its place: before the next line that follows it.
//   Q3. Offering a line never waits and never throws.

import type { LogItem, LogRecord } from './log-record.ts';
import { sizeOf } from './log-record.ts';

/** Bounds of a queue. */
export interface LogQueueOptions {
  readonly maxLines: number;
  readonly maxBytes: number;
}

/** A line, and how many were left out just before it. */
export interface QueuedRecord {
  readonly record: LogRecord;
  readonly missedBefore: number;
}

/** Lines that wait for one reader. */
export class LogQueue {
  readonly #options: LogQueueOptions;
  #waiting: QueuedRecord[] = [];
  /** Where the waiting ones begin; taken ones are cut off from time to time. */
  #head = 0;
  #bytes = 0;
  #missed = 0;
  #missedInAll = 0;

  constructor(options: LogQueueOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#waiting.length - this.#head;
  }

  /** Lines that this reader will never get. */
  get missedInAll(): number {
    return this.#missedInAll;
  }

  /** The place of the oldest line; undefined when none waits. */
  get oldest(): number | undefined {
    return this.#waiting[this.#head]?.record.cursor;
  }

  /** Q1, Q3. */
  offer(record: LogRecord): boolean {
    const { maxLines, maxBytes } = this.#options;
    const size = sizeOf(record);
    // A line larger than the whole bound is taken alone: it must not be lost for ever.
    if (this.size >= maxLines || (this.size > 0 && this.#bytes + size > maxBytes)) {
      this.#missed += 1;
      this.#missedInAll += 1;
      return false;
    }
    this.#waiting.push({ record, missedBefore: this.#missed });
    this.#missed = 0;
    this.#bytes += size;
    return true;
  }

  /** The next line with what is missing before it; undefined when none waits. */
  takeRecord(): QueuedRecord | undefined {
    const next = this.#waiting[this.#head];
    if (next === undefined) return undefined;
    this.#head += 1;
    this.#bytes -= sizeOf(next.record);
    if (this.#head >= MOST_TAKEN || this.size === 0) {
      this.#waiting = this.#waiting.slice(this.#head);
      this.#head = 0;
    }
    return next;
  }

  /** Lines that were taken, and that the reader does not get after all: they are told with what comes next. */
  lose(count: number): void {
    const next = this.#waiting[this.#head];
    if (next === undefined) this.#missed += count;
    else this.#waiting[this.#head] = { record: next.record, missedBefore: next.missedBefore + count };
  }

  /** Q2. The next thing to tell the reader. What is missing is told as soon as all before it is taken. */
  take(): LogItem | undefined {
    const next = this.#waiting[this.#head];
    if (next === undefined) return this.#takeLag();
    if (next.missedBefore > 0) {
      this.#waiting[this.#head] = { record: next.record, missedBefore: 0 };
      return { kind: 'lag', missed: next.missedBefore };
    }
    this.takeRecord();
    return { kind: 'line', record: next.record };
  }

  #takeLag(): LogItem | undefined {
    if (this.#missed === 0) return undefined;
    const missed = this.#missed;
    this.#missed = 0;
    return { kind: 'lag', missed };
  }
}

/** Taken entries that are kept before the list is cut: cutting each time would copy it each time. */
const MOST_TAKEN = 256;
