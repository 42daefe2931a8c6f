import type { LogFields, Logger, LogLevel } from './logger.ts';

/** An entry that a recording logger holds. */
export interface LogEntry {
  /** When it was written, by the clock that the logger was given; 0 without one. */
  readonly at: number;
  readonly level: LogLevel;
  readonly message: string;
  /** The fields of the entry and of every `child` above it. */
  readonly fields: LogFields;
}

/** What a recording logger keeps. */
export interface RecordingLoggerOptions {
  /** How many of the last entries are kept. Default 1,000. */
  readonly capacity?: number | undefined;
  /** Tells the time of an entry. */
  readonly now?: (() => number) | undefined;
}

/** A logger that writes nothing and remembers the last entries, those of its children included. */
export interface RecordingLogger extends Logger {
  /** The entries so far, oldest first; a copy. */
  readonly entries: readonly LogEntry[];
  /** Forgets all entries. */
  clear(): void;
}

/** A logger for tests, which look at `entries`. */
export function createRecordingLogger(options: RecordingLoggerOptions = {}): RecordingLogger {
  const { capacity = 1000, now = () => 0 } = options;
  const kept: LogEntry[] = [];
  const loggerWith = (bound: LogFields): Logger => ({
    log(level, message, fields) {
      kept.push({ at: now(), level, message, fields: { ...bound, ...fields } });
      // Dropping half at a time keeps the cost of an entry constant.
      if (kept.length >= 2 * capacity) kept.splice(0, kept.length - capacity);
    },
    child: (fields) => loggerWith({ ...bound, ...fields }),
  });
  return {
    ...loggerWith({}),
    get entries() {
      return kept.slice(Math.max(0, kept.length - capacity));
    },
    clear: () => void kept.splice(0),
  };
}
