// The logs of a host: a hub that everybody writes to, files that last, and readers that go on where they were.
//
// Invariants:
//   T1. A reader that follows gets each line once, first those that are kept, then those that come, in order.
//   T2. A reader that comes back with the place of its last line misses nothing without being told.

import type { Clock, LogLevel } from '../../ports/index.ts';
import { keptLines } from './kept-lines.ts';
import { LogFiles, prepareLogDirectory } from './log-files.ts';
import type { LogFilesOptions, LogFilesStatus } from './log-files.ts';
import { createLogHub } from './log-hub.ts';
import type { LogHub } from './log-hub.ts';
import type { LogItem } from './log-record.ts';

/** How the logs of a host are made. */
export interface PluginLogsOptions extends LogFilesOptions {
  readonly clock: Clock;
  /** The least important level of logs without one of their own. Default `info`. */
  readonly level?: LogLevel | undefined;
  /** Levels by the names of plugins. */
  readonly levels?: ReadonlyMap<string, LogLevel> | undefined;
}

/** Which lines are read. */
export interface TailOptions {
  /** Name of a plugin, or `HOST_LOG`. Default: all. */
  readonly plugin?: string | undefined;
  /** Lines after this place. Default: the newest of those that are kept. */
  readonly after?: number | undefined;
  /** At most so many of those that are kept. Default 100, or 10,000 when `after` is given; at most 10,000. */
  readonly lines?: number | undefined;
  /** Goes on with lines as they come. Default false. */
  readonly follow?: boolean | undefined;
  /** The least important level. Default: whatever is logged. */
  readonly level?: LogLevel | undefined;
  /** Ends the iteration when it aborts. */
  readonly signal?: AbortSignal | undefined;
}

/** The logs of a host. Whoever opens them closes them. */
export interface PluginLogs {
  readonly hub: LogHub;
  /** Lines that are kept, and those that come. T1, T2. */
  tail(options?: TailOptions): AsyncIterable<LogItem>;
  files(): LogFilesStatus;
  /** Removes all that is kept of a plugin's log. Rejects with what the operating system says. */
  remove(plugin: string): Promise<void>;
  /** Writes what waits and ends all readers. */
  close(): Promise<void>;
}

const DEFAULT_LINES = 100;
const MOST_LINES = 10_000;

/** Opens the logs in a directory. Rejects with what the operating system says about the directory. */
export async function openPluginLogs(options: PluginLogsOptions): Promise<PluginLogs> {
  const { clock, level, levels, ...files } = options;
  const hub = createLogHub({ clock, level, levels, newest: await prepareLogDirectory(options.directory) });
  return new Logs(hub, new LogFiles(hub, files));
}

class Logs implements PluginLogs {
  readonly hub: LogHub;
  readonly #files: LogFiles;

  constructor(hub: LogHub, files: LogFiles) {
    this.hub = hub;
    this.#files = files;
  }

  files(): LogFilesStatus {
    return this.#files.status();
  }

  async remove(plugin: string): Promise<void> {
    this.hub.forget(plugin);
    await this.#files.remove(plugin);
  }

  async *tail(options: TailOptions = {}): AsyncGenerator<LogItem, void> {
    const { plugin, follow = false, level, signal } = options;
    // Subscribed before it is known what is kept, so that no line is between the two.
    const live = follow ? this.hub.subscribe({ plugin, level }) : undefined;
    const stop = (): void => live?.close();
    signal?.addEventListener('abort', stop, { once: true });
    try {
      const upTo = this.hub.newest;
      for (const item of await this.#kept(options, upTo)) {
        if (signal?.aborted === true) return;
        yield item;
      }
      if (live !== undefined) yield* live;
    } finally {
      signal?.removeEventListener('abort', stop);
      stop();
    }
  }

  async close(): Promise<void> {
    this.hub.close();
    await this.#files.close();
  }

  async #kept({ plugin, after, lines, level }: TailOptions, upTo: number): Promise<readonly LogItem[]> {
    const known = this.hub.plugins();
    const plugins = plugin === undefined ? known : known.filter((name) => name === plugin);
    const limit = Math.min(lines ?? (after === undefined ? DEFAULT_LINES : MOST_LINES), MOST_LINES);
    await this.#files.flush(upTo);
    return keptLines(this.#files, { plugins, after, upTo, limit, level });
  }
}
