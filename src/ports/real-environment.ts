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

/**
 * The golden ratio of 48 bits, made odd, in halves of 24 bits: it shares no factor with a power of two, so that all ids
 * come before any again.
 */
const STEP_HIGH = 0x9e3779;
const STEP_LOW = 0xb97f4b;
const MASK_24 = 0xff_ffff;
const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

/**
 * Ids of 12 hexadecimal digits. They step through their space from a random start, so that no two are alike within
 * the environment, and two processes are unlikely to meet. They can be guessed: never use one as a secret.
 */
function createRealIds(): Ids {
  // Halves are small integers; whole numbers of 48 bits would be slow to step and slower to print.
  let high = randomBytes(3).readUIntBE(0, 3);
  let low = randomBytes(3).readUIntBE(0, 3);
  return {
    next(prefix: string): string {
      low += STEP_LOW;
      high = (high + STEP_HIGH + (low >>> 24)) & MASK_24;
      low &= MASK_24;
      return `${prefix}-${digits(high)}${digits(low)}`;
    },
  };
}

function digits(half: number): string {
  return `${HEX[half >>> 16]}${HEX[(half >>> 8) & 0xff]}${HEX[half & 0xff]}`;
}
