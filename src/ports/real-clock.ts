import type { Clock, TimerHandle, TimerOptions } from './clock.ts';

/** The longest delay that Node.js takes; it turns a longer one into 1 ms. */
const LONGEST_CHUNK_MS = 2 ** 31 - 1;

/** The clock of the operating system. Delays of any length work; an infinite one never ends. */
export function createRealClock(): Clock {
  return {
    now: () => Date.now(),
    monotonic: () => performance.now(),
    setTimeout(callback: () => void, delayMs: number, options?: TimerOptions): TimerHandle {
      const timer = new RealTimer();
      arm(timer, callback, delayMs, options?.unref === true);
      return timer;
    },
    clearTimeout(handle: TimerHandle | undefined): void {
      if (!(handle instanceof RealTimer)) return;
      clearTimeout(handle.chunk);
      handle.chunk = undefined;
    },
  };
}

/**
 * How much of a delay one timer of Node.js takes: whole milliseconds, rounded up so that nothing fires early.
 *
 * @internal
 */
export function timerChunk(remainingMs: number): number {
  // Written so that NaN counts as 0.
  return remainingMs > 0 ? Math.min(Math.ceil(remainingMs), LONGEST_CHUNK_MS) : 0;
}

/** Stays the same through all chunks of a delay, so that it can be cleared in any of them. */
class RealTimer implements TimerHandle {
  readonly [key: symbol]: unknown;
  chunk: NodeJS.Timeout | undefined = undefined;
}

function arm(timer: RealTimer, callback: () => void, delayMs: number, unref: boolean): void {
  const chunkMs = timerChunk(delayMs);
  if (delayMs <= LONGEST_CHUNK_MS || chunkMs === 0) {
    timer.chunk = setTimeout(() => {
      timer.chunk = undefined;
      callback();
    }, chunkMs);
  } else {
    // Each chunk may be late; the deadline keeps that from adding up.
    const deadline = performance.now() + delayMs;
    timer.chunk = setTimeout(() => arm(timer, callback, deadline - performance.now(), unref), chunkMs);
  }
  if (unref) timer.chunk.unref();
}
