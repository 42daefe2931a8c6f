// Lines that files have, for readers who were not there.
//
// Invariants:
//   K1. At most `limit` lines, the newest, and at most about `MAX_BYTES` of them are in memory.
//   K2. Lines that are missing, because they were too many or are not kept any more, are told by one lag in front.

import type { LogLevel } from '../../ports/index.ts';
import type { LogFile } from './log-file.ts';
import type { LogFiles } from './log-files.ts';
import { parseLine } from './log-line.ts';
import type { QueuedRecord } from './log-queue.ts';
import { isAtLeast, sizeOf } from './log-record.ts';
import type { LogItem } from './log-record.ts';
import { linesBackwards } from './lines-backwards.ts';

/** Which lines are wanted. */
export interface KeptLinesOptions {
  /** Names of the logs. */
  readonly plugins: readonly string[];
  /** Lines after this place; undefined for the newest ones, whatever is before them. */
  readonly after: number | undefined;
  /** Lines up to this place. */
  readonly upTo: number;
  readonly limit: number;
  readonly level: LogLevel | undefined;
}

const MAX_BYTES = 16 * 1024 * 1024;

/** The lines, in order. */
export async function keptLines(files: LogFiles, options: KeptLinesOptions): Promise<readonly LogItem[]> {
  const newest = new NewestLines(options);
  for (const plugin of options.plugins) {
    newest.beginLog();
    await files.read(plugin, async (file) => readBackwards(file, newest));
    newest.endLog();
  }
  return newest.items();
}

async function readBackwards(file: LogFile, newest: NewestLines): Promise<void> {
  for (let age = 0; ; age += 1) {
    const handle = await file.open(age);
    if (handle === undefined) return;
    try {
      for await (const text of linesBackwards(handle)) {
        const line = parseLine(text);
        if (line !== undefined && !newest.take(line)) return;
      }
    } finally {
      await handle.close();
    }
  }
}

/** The newest lines of several logs, each of which comes with its newest line first. */
class NewestLines {
  readonly #options: KeptLinesOptions;
  /** The newest first. */
  #lines: QueuedRecord[] = [];
  /** Of the present log. */
  #own: QueuedRecord[] = [];
  #ownBytes = 0;
  /** Place of the line before the oldest one that was seen of the present log. */
  #before = 0;
  #isCut = false;

  constructor(options: KeptLinesOptions) {
    this.#options = options;
  }

  beginLog(): void {
    this.#own = [];
    this.#ownBytes = 0;
    this.#before = 0;
  }

  /** False when no older line of this log is wanted. */
  take(line: QueuedRecord): boolean {
    const { after = 0, upTo, limit, level } = this.#options;
    const { cursor, previous } = line.record;
    if (cursor > upTo) return true;
    if (cursor <= after) {
      this.#before = 0;
      return false;
    }
    this.#before = previous;
    if (level !== undefined && !isAtLeast(line.record.level, level)) return true;
    const isFull = this.#own.length >= limit || this.#ownBytes > MAX_BYTES;
    // Lines of other logs that are all newer leave no room for this one or an older one.
    const isTooOld = this.#lines.length >= limit && cursor < (this.#lines.at(-1)?.record.cursor ?? 0);
    if (isFull || isTooOld) {
      this.#isCut = true;
      return false;
    }
    this.#own.push(line);
    this.#ownBytes += sizeOf(line.record);
    return true;
  }

  endLog(): void {
    const { after, limit } = this.#options;
    // K2. The oldest line that is kept is not the one after the place.
    if (after !== undefined && this.#before > after) this.#isCut = true;
    const all = [...this.#lines, ...this.#own].sort((a, b) => b.record.cursor - a.record.cursor);
    this.#isCut ||= all.length > limit;
    this.#lines = all.slice(0, limit);
    let bytes = 0;
    const end = this.#lines.findIndex(({ record }) => (bytes += sizeOf(record)) > MAX_BYTES);
    if (end > 0) {
      this.#isCut = true;
      this.#lines = this.#lines.slice(0, end);
    }
  }

  items(): readonly LogItem[] {
    const hasGap = this.#isCut && this.#options.after !== undefined;
    const items: LogItem[] = hasGap ? [{ kind: 'lag', missed: 0 }] : [];
    for (const { record, missedBefore } of this.#lines.reverse()) {
      if (missedBefore > 0) items.push({ kind: 'lag', missed: missedBefore });
      items.push({ kind: 'line', record });
    }
    return items;
  }
}
