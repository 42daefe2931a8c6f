// Log entries as JSON lines on standard error.
//
// Invariants:
//   L1. Loading this file loads no logging library: pino is loaded at the first entry that passes the level. Most
//       processes never write one, and a plugin process should start fast.
//   L2. Writing an entry never throws, whatever its fields are.
//   L3. Entries that standard error does not take wait up to a bound; further ones are dropped.
//   L4. A field never replaces what pino itself writes; one that has such a name gets an underscore at its end.

import { createRequire } from 'node:module';
import type { Logger as PinoLogger } from 'pino';
import { InvalidOptionsError } from '../errors/index.ts';
import type { LogFields, Logger, LogLevel } from './logger.ts';

/** What the logger writes. */
export interface RealLoggerOptions {
  /** The least important level that is written. Default `warn`. */
  readonly level?: LogLevel | undefined;
}

const IMPORTANCE: Readonly<Record<LogLevel, number>> = { trace: 10, debug: 20, info: 30, warn: 40, error: 50 };
const MOST_WAITING_BYTES = 1024 * 1024;
const RESERVED: ReadonlySet<string> = new Set(['level', 'time', 'pid', 'msg']);

/** A pino logger and the function that makes its errors printable. */
interface Sink {
  readonly pino: PinoLogger;
  readonly printableError: (error: Error) => unknown;
}

/** The least important level that is written unless another is asked for. */
export const DEFAULT_LOG_LEVEL: LogLevel = 'warn';

/**
 * A logger that writes to standard error: `{"level":"warn","time":"…","pid":1,…fields,"msg":"…"}`.
 *
 * @throws InvalidOptionsError when the level is not a level
 */
export function createRealLogger(options: RealLoggerOptions = {}): Logger {
  const { level = DEFAULT_LOG_LEVEL } = options;
  if (!Object.hasOwn(IMPORTANCE, level)) {
    throw new InvalidOptionsError('logLevel', `must be one of ${Object.keys(IMPORTANCE).join(', ')}, got ${level}`);
  }
  let sink: Sink | undefined;
  const write: Write = (entryLevel, message, fields) => {
    if (IMPORTANCE[entryLevel] < IMPORTANCE[level]) return;
    try {
      sink ??= openSink();
      sink.pino[entryLevel](printable(fields, sink), message);
    } catch {
      // L2: an entry that cannot be written is lost; the caller's work is not.
    }
  };
  return loggerWith([], write);
}

type Write = (level: LogLevel, message: string, fields: readonly (LogFields | undefined)[]) => void;

/** Fields are merged when an entry is written, so that one below the level costs nothing, and a trap in them is caught. */
function loggerWith(bound: readonly LogFields[], write: Write): Logger {
  return {
    log: (level, message, fields) => write(level, message, [...bound, fields]),
    child: (fields) => loggerWith([...bound, fields], write),
  };
}

function openSink(): Sink {
  const pino = createRequire(import.meta.url)('pino') as typeof import('pino');
  // Synchronous, so that the entry about a crash is out before the process is gone.
  const destination = pino.destination({ dest: 2, sync: true, maxLength: MOST_WAITING_BYTES });
  const options = {
    level: 'trace',
    base: { pid: process.pid },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
  };
  return { pino: pino(options, destination), printableError: pino.stdSerializers.errWithCause };
}

/** One object of all fields, later ones win. pino prints errors under the key `err` only, elsewhere as `{}`. */
function printable(fields: readonly (LogFields | undefined)[], sink: Sink): Record<string, unknown> {
  const merged: LogFields = Object.assign({}, ...fields);
  return Object.fromEntries(
    Object.entries(merged).map(([key, value]) => [
      RESERVED.has(key) ? `${key}_` : key,
      value instanceof Error ? sink.printableError(value) : value,
    ]),
  );
}
