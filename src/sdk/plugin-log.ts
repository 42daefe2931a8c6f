import { writeSync } from 'node:fs';
import type { Clock, LogFields, Logger, LogLevel } from '../ports/index.ts';
import { formatLogLine } from '../transport/go-plugin/index.ts';

const STDERR = 2;

/**
 * A logger whose entries go to the process's real standard error, one line of JSON each, as hosts of go-plugin read
 * them. The host decides which levels it shows.
 */
export function createPluginLog(clock: Clock, module: string, base: LogFields = {}): Logger {
  return {
    log(level: LogLevel, message: string, fields?: LogFields) {
      const line = formatLogLine({ level, message, module, at: clock.now(), fields: { ...base, ...fields } });
      try {
        // Synchronous, so that the last words before an exit are not lost.
        writeSync(STDERR, line);
      } catch {
        // The host is gone or its pipe is full: a plugin must not fail over a log entry.
      }
    },
    child: (fields) => createPluginLog(clock, module, { ...base, ...fields }),
  };
}
