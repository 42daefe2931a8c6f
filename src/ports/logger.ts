/** How important a log entry is. */
export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error';

/** Structured fields of a log entry. Never secrets. */
export type LogFields = Readonly<Record<string, unknown>>;

/** Where log entries go. Never throws. */
export interface Logger {
  /** Writes one entry. */
  log(level: LogLevel, message: string, fields?: LogFields): void;
  /** A logger that adds `fields` to each entry. */
  child(fields: LogFields): Logger;
}
