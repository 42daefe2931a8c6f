import { randomBytes } from 'node:crypto';
import type { Environment } from './environment.ts';
import type { Ids } from './ids.ts';
import type { Logger, LogLevel } from './logger.ts';
import { createRealClock } from './real-clock.ts';
import { createRealLogger } from './real-logger.ts';

/** What a real environment does with log entries. */
export interface RealEnvironmentOptions {
  /** The least important level that is written to standard error. Default `warn`. Unused when `logger` is given. */
  readonly logLevel?: LogLevel | undefined;
  /** Takes the log entries instead of standard error. */
  readonly logger?: Logger | undefined;
}

/**
 * The environment of production: the clock, the randomness and the event loop of this process. Owns nothing that must
 * be closed.
 *
 * @throws InvalidOptionsError when the log level is not a level
 */
export function createRealEnvironment(options: RealEnvironmentOptions = {}): Environment {
  return {
    clock: createRealClock(),
    random: { next: () => Math.random() },
    ids: createRealIds(),
    scheduler: {
      defer: (callback) => queueMicrotask(callback),
      yield: (callback) => void setImmediate(callback),
    },
    log: options.logger ?? createRealLogger({ level: options.logLevel }),
  };
}

const ID_SPACE = 2 ** 48;
/** The golden ratio of the space, made odd: it shares no factor with a power of two, so all ids come before any again. */
const ID_STEP = 0x9e3779b97f4b;

/**
 * Ids of 12 hexadecimal digits. They step through their space from a random start, so that no two are alike within
 * the environment, and two processes are unlikely to meet. They can be guessed: never use one as a secret.
 */
function createRealIds(): Ids {
  let last = randomBytes(6).readUIntBE(0, 6);
  return {
    next(prefix: string): string {
      last = (last + ID_STEP) % ID_SPACE;
      return `${prefix}-${last.toString(16).padStart(12, '0')}`;
    },
  };
}
