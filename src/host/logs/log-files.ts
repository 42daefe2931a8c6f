// Writes the lines of a hub to files, one log a plugin.
//
// Invariants:
//   W1. The hub never waits: lines wait in a bounded queue for each log, and what does not fit is counted in the next line.
//   W2. One writer for all: at most one file is being written, in the order in which logs got their lines.
//   W3. What cannot be written is dropped and counted, also in the next line that is; the next lines are tried again.

import { mkdir, readdir } from 'node:fs/promises';
import { RuntimeError } from '../../errors/index.ts';
import { LogFile } from './log-file.ts';
import type { LogHub } from './log-hub.ts';
import { formatLine, parseLine } from './log-line.ts';
import { LogQueue } from './log-queue.ts';
import { linesBackwards } from './lines-backwards.ts';

/** Where logs are, and how much of them is kept. */
export interface LogFilesOptions {
  /** Made with mode 0700 when it is missing. */
  readonly directory: string;
  /** Bytes at which a new file is begun. Default 10 MiB. */
  readonly maxBytes?: number;
  /** Former files that are kept of each log. Default 5. */
  readonly keep?: number;
  /** Lines of one log that may wait to be written. Default 4,096. */
  readonly maxWaiting?: number;
}

/** What became of the lines. */
export interface LogFilesStatus {
  readonly written: number;
  /** Lines that did not fit into their queue. */
  readonly missed: number;
  /** Lines that could not be written. */
  readonly failed: number;
  /** Why the newest batch could not be written; undefined when it was. */
  readonly problem: string | undefined;
}

const MAX_BYTES = 10 * 1024 * 1024;
const KEEP = 5;
const MAX_WAITING = 4096;
const MAX_WAITING_BYTES = 8 * 1024 * 1024;
const BATCH_LINES = 256;
/** Above all places. */
const NOTHING = Number.POSITIVE_INFINITY;

interface Log {
  readonly file: LogFile;
  readonly queue: LogQueue;
}

/** The logs of a host on disk. Whoever makes it calls `close`. */
export class LogFiles {
  readonly #options: Required<LogFilesOptions>;
  readonly #logs = new Map<string, Log>();
  /** Logs with lines that wait; in the order in which they are served. */
  readonly #waiting = new Set<Log>();
  readonly #flushes = new Set<{ readonly upTo: number; readonly done: () => void }>();
  readonly #jobs: (() => Promise<void>)[] = [];
  readonly #removeSink: () => void;
  #isAtWork = false;
  /** Place of the oldest line that is being written. */
  #writing = NOTHING;
  #written = 0;
  #failed = 0;
  /** Of logs that were removed. */
  #missed = 0;
  #problem: string | undefined = undefined;

  constructor(hub: LogHub, options: LogFilesOptions) {
    const { directory, maxBytes = MAX_BYTES, keep = KEEP, maxWaiting = MAX_WAITING } = options;
    this.#options = { directory, maxBytes, keep, maxWaiting };
    this.#removeSink = hub.addSink((record) => {
      const log = this.#log(record.plugin);
      log.queue.offer(record);
      this.#waiting.add(log);
      this.#work();
    });
  }

  status(): LogFilesStatus {
    const missed = [...this.#logs.values()].reduce((sum, { queue }) => sum + queue.missedInAll, this.#missed);
    return { written: this.#written, missed, failed: this.#failed, problem: this.#problem };
  }

  /** Settles when every line up to the place is written, or will never be. */
  flush(upTo: number): Promise<void> {
    return new Promise((done) => {
      this.#flushes.add({ upTo, done });
      this.#endFlushes();
    });
  }

  /** Hands the files of one log to a reader, while none of them changes its name. */
  read<T>(plugin: string, reader: (file: LogFile) => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#jobs.push(() => reader(this.#log(plugin).file).then(resolve, reject));
      this.#work();
    });
  }

  /** Removes the files of one log, and what waits to be written into them. Its name may come again. */
  remove(plugin: string): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#jobs.push(() => this.#remove(plugin).then(resolve, reject));
      this.#work();
    });
  }

  /** Writes what waits, and ends. */
  async close(): Promise<void> {
    this.#removeSink();
    await this.flush(Number.MAX_SAFE_INTEGER);
  }

  #log(plugin: string): Log {
    const present = this.#logs.get(plugin);
    if (present !== undefined) return present;
    const { directory, maxBytes, keep, maxWaiting } = this.#options;
    const log = {
      file: new LogFile({ directory, plugin, maxBytes, keep }),
      queue: new LogQueue({ maxLines: maxWaiting, maxBytes: MAX_WAITING_BYTES }),
    };
    this.#logs.set(plugin, log);
    return log;
  }

  async #remove(plugin: string): Promise<void> {
    const log = this.#log(plugin);
    this.#missed += log.queue.missedInAll;
    this.#waiting.delete(log);
    this.#logs.delete(plugin);
    await log.file.remove();
  }

  #work(): void {
    if (this.#isAtWork) return;
    this.#isAtWork = true;
    void this.#writeAll();
  }

  /** W2. Never rejects. */
  async #writeAll(): Promise<void> {
    // In a turn of its own, so that lines that are logged together are written together.
    await Promise.resolve();
    for (;;) {
      for (let job = this.#jobs.shift(); job !== undefined; job = this.#jobs.shift()) await job();
      const [log] = this.#waiting;
      if (log === undefined) break;
      this.#waiting.delete(log);
      await this.#writeBatch(log);
      if (log.queue.size > 0) this.#waiting.add(log);
      this.#endFlushes();
    }
    this.#isAtWork = false;
  }

  /** W3. */
  async #writeBatch({ file, queue }: Log): Promise<void> {
    const lines: string[] = [];
    let missed = 0;
    this.#writing = queue.oldest ?? NOTHING;
    for (let next = queue.takeRecord(); next !== undefined; next = queue.takeRecord()) {
      missed += next.missedBefore;
      lines.push(formatLine(next));
      if (lines.length === BATCH_LINES) break;
    }
    if (lines.length === 0) return;
    try {
      await file.append(lines.join(''));
      this.#written += lines.length;
      this.#problem = undefined;
    } catch (error) {
      this.#failed += lines.length;
      queue.lose(missed + lines.length);
      this.#problem = RuntimeError.from(error).rawMessage;
    }
    this.#writing = NOTHING;
  }

  #endFlushes(): void {
    if (this.#flushes.size === 0) return;
    const queues = [...this.#logs.values()].map(({ queue }) => queue.oldest ?? NOTHING);
    const oldest = Math.min(this.#writing, ...queues);
    for (const flush of this.#flushes) {
      if (oldest <= flush.upTo) continue;
      this.#flushes.delete(flush);
      flush.done();
    }
  }
}

/** Makes the directory, and finds the place of the newest line of each log that is there. */
export async function prepareLogDirectory(directory: string): Promise<ReadonlyMap<string, number>> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const newest = new Map<string, number>();
  for (const name of await readdir(directory)) {
    const plugin = /^(.+)\.log$/.exec(name)?.[1];
    if (plugin === undefined) continue;
    const cursor = await newestLine(new LogFile({ directory, plugin, maxBytes: MAX_BYTES, keep: 1 }));
    newest.set(plugin, cursor);
  }
  return newest;
}

/** The file that is written may be empty, or end in the middle of a line. */
async function newestLine(file: LogFile): Promise<number> {
  for (const age of [0, 1]) {
    const handle = await file.open(age);
    if (handle === undefined) continue;
    try {
      for await (const text of linesBackwards(handle)) {
        const line = parseLine(text);
        if (line !== undefined) return line.record.cursor;
      }
    } finally {
      await handle.close();
    }
  }
  return 0;
}
