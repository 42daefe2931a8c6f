import type { LogLevel } from '../../ports/index.ts';

/** One line of a log. */
export interface LogRecord {
  /** Its place: grows through the logs of all plugins and all starts of the host. */
  readonly cursor: number;
  /** Place of the line before it of the same plugin; 0 for none. */
  readonly previous: number;
  /** Milliseconds since 1970. */
  readonly at: number;
  /** Name of the plugin, or `HOST_LOG`. */
  readonly plugin: string;
  readonly level: LogLevel;
  readonly message: string;
  /** More about it, as a JSON object; empty for nothing. */
  readonly fieldsJson: string;
}

/** What somebody who reads a log gets. */
export type LogItem =
  | { readonly kind: 'line'; readonly record: LogRecord }
  /** Lines are missing here. `missed` is 0 when nobody knows how many. */
  | { readonly kind: 'lag'; readonly missed: number };

/** The name of the host's own log. No plugin can have it. */
export const HOST_LOG = '@host';

const IMPORTANCE: Readonly<Record<LogLevel, number>> = { trace: 10, debug: 20, info: 30, warn: 40, error: 50 };

/** The levels, the least important first. */
export const LOG_LEVELS: readonly LogLevel[] = ['trace', 'debug', 'info', 'warn', 'error'];

/** Whether a text is a level. */
export function isLogLevel(text: string): text is LogLevel {
  return Object.hasOwn(IMPORTANCE, text);
}

/** Whether a line of the level is wanted by somebody who wants `least` and what is more important. */
export function isAtLeast(level: LogLevel, least: LogLevel): boolean {
  return IMPORTANCE[level] >= IMPORTANCE[least];
}

/** About how much memory a line takes, in bytes. */
export function sizeOf({ message, fieldsJson }: LogRecord): number {
  return RECORD_BYTES + message.length + fieldsJson.length;
}

const RECORD_BYTES = 128;
