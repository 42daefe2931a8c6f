import { RuntimeError } from '../../errors/index.ts';
import type { Clock } from '../../ports/index.ts';

const LOOK_EVERY_MS = 20;

/** How long is waited, and what ends it early. */
export interface WaitOptions {
  readonly clock: Clock;
  /** Rejects the wait with CANCELLED. */
  readonly signal: AbortSignal;
}

/** Settles after a time. */
export function sleep(ms: number, { clock, signal }: WaitOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(interrupted());
    const timer = clock.setTimeout(() => {
      signal.removeEventListener('abort', onAbort);
      resolve();
    }, ms);
    const onAbort = (): void => {
      clock.clearTimeout(timer);
      reject(interrupted());
    };
    signal.addEventListener('abort', onAbort, { once: true });
  });
}

/** Looks until a fact holds. Settles with false when it does not within the time; rejects with what `fact` throws. */
export async function holdsWithin(ms: number, fact: () => boolean, options: WaitOptions): Promise<boolean> {
  const end = options.clock.monotonic() + ms;
  while (!fact()) {
    if (options.clock.monotonic() >= end) return false;
    await sleep(LOOK_EVERY_MS, options);
  }
  return true;
}

function interrupted(): RuntimeError {
  return new RuntimeError('CANCELLED', 'the demo was interrupted');
}
