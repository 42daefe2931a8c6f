import type { Clock, TimerHandle } from '../ports/index.ts';

/** Waits until the promise settles, the time is up or the signal aborts. Leaves no timer and no listener. Never rejects. */
export async function settledWithin(
  clock: Clock,
  limitMs: number,
  wanted: Promise<unknown>,
  signal?: AbortSignal,
): Promise<void> {
  if (signal?.aborted) return;
  let timer: TimerHandle | undefined;
  let give: (() => void) | undefined;
  const given = new Promise<void>((resolve) => {
    give = resolve;
    timer = clock.setTimeout(resolve, limitMs);
    signal?.addEventListener('abort', give);
  });
  try {
    // How it settles is nobody's business here.
    await Promise.race([wanted.catch(() => {}), given]);
  } finally {
    clock.clearTimeout(timer);
    if (give !== undefined) signal?.removeEventListener('abort', give);
  }
}
