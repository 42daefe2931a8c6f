// The standard error of a plugin that has none of its own: what it logs, and what it died of, for the host's log and for
// the last lines of a crash report.

import { PassThrough } from 'node:stream';
import type { Clock } from '../../ports/clock.ts';
import type { LogFields, Logger } from '../../ports/logger.ts';
import { formatLogLine } from '../go-plugin/hclog.ts';

/** Bytes that wait to be read at most, while the plugin does not let the host have a turn; more is dropped. */
const MAX_WAITING_BYTES = 1024 * 1024;

/** Where the lines go. */
export interface SeatLog {
  /** For the host to read. It ends with `end`. */
  readonly stream: PassThrough;
  /** Logs as plugin processes do: lines of JSON, under the name that the plugin gives itself. */
  logger(module: string): Logger;
  /** Writes what ended the plugin. */
  death(error: unknown): void;
  /** What is written later is dropped. Idempotent. */
  end(): void;
}

/** Makes the log of one instance. */
export function createSeatLog(clock: Clock): SeatLog {
  const stream = new PassThrough();
  const write = (text: string): void => {
    if (!stream.writableEnded && stream.writableLength < MAX_WAITING_BYTES) stream.write(text);
  };
  const logger = (module: string, base: LogFields = {}): Logger => ({
    log: (level, message, fields) =>
      write(formatLogLine({ level, message, module, at: clock.now(), fields: { ...base, ...fields } })),
    child: (fields) => logger(module, { ...base, ...fields }),
  });
  return {
    stream,
    logger,
    death: (error) => write(deathText(error)),
    end: () => void stream.end(),
  };
}

/** What a program that dies of an error writes: the stack, or whatever else was thrown. */
export function deathText(error: unknown): string {
  return `Uncaught ${printed(() => (error instanceof Error ? (error.stack ?? error.message) : error))}\n`;
}

/** One line about what was thrown: `TypeError: boom`. */
export function headlineOf(error: unknown): string {
  return printed(() => (error instanceof Error ? `${error.name}: ${error.message}` : error));
}

/** A plugin can throw what cannot be turned into text, or read; its host must not die of that. */
function printed(read: () => unknown): string {
  try {
    return String(read());
  } catch {
    return 'something that cannot be printed';
  }
}
