import type { Clock, TimerHandle } from '../ports/index.ts';

/** Whether the promise settles within the time; its error, if any, passes through. Leaves no timer behind. */
export async function withinMs(clock: Clock, limitMs: number, wanted: Promise<unknown>): Promise<boolean> {
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
