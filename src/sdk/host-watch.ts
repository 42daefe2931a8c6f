import type { Clock, TimerHandle } from '../ports/index.ts';

/** Milliseconds between two looks at the parent. One look is one system call. */
export const INTERVAL_MS = 500;

/**
 * Calls back once when the process that started this one is gone: its children are then given to another parent, on
 * every POSIX system and whoever the host was. Returns the function that ends the watch.
 *
 * A plugin that is busy does not get to look; on Linux troupe's host has the operating system kill it as well.
 */
export function watchHost(clock: Clock, onGone: () => void): () => void {
  const host = process.ppid;
  let timer: TimerHandle;
  const look = (): void => {
    if (process.ppid !== host) onGone();
    else timer = clock.setTimeout(look, INTERVAL_MS, { unref: true });
  };
  timer = clock.setTimeout(look, INTERVAL_MS, { unref: true });
  return () => clock.clearTimeout(timer);
}
