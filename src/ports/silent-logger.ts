import type { Logger } from './logger.ts';

/** A logger that writes nothing. */
export function createSilentLogger(): Logger {
  const logger: Logger = { log: () => {}, child: () => logger };
  return logger;
}
