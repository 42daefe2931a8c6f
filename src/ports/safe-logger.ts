import type { Logger } from './logger.ts';

/**
 * The same logger, but one that never throws: what a logger of somebody else throws would otherwise come up wherever an
 * entry is written, also where an error is being handled.
 */
export function createSafeLogger(logger: Logger): Logger {
  return {
    log(level, message, fields) {
      try {
        logger.log(level, message, fields);
      } catch {
        // There is nowhere left to tell it.
      }
    },
    child(fields) {
      try {
        return createSafeLogger(logger.child(fields));
      } catch {
        return this;
      }
    },
  };
}
