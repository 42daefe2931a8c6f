import type { Clock, TimerHandle } from './clock.ts';

/**
 * Whether the promise settles within `limitMs`; when it rejects in time, so does this. What it does after that is nobody's
 * business here: a late rejection is taken note of and dropped. Leaves no timer behind, however it ends.
 */
export async function within(clock: Clock, limitMs: number, wanted: Promise<unknown>): Promise<boolean> {
  let timer: TimerHandle | undefined;
  const limit = new Promise<false>((resolve) => {
    timer = clock.setTimeout(() => resolve(false), limitMs);
  });
  try {
    return await Promise.race([wanted.then(() => true), limit]);
  } finally {
    clock.clearTimeout(timer);
  }
}
