// Makes one signal of a burst of events.
//
// Invariants:
//   B1. The signal comes `quietMs` after the last event of a burst; when events go on and on, `mostMs` after the first.
//   B2. No event is without a later signal, unless the debouncer is closed.
//   B3. At most one timer is armed.

import type { Clock, TimerHandle } from '../../../ports/index.ts';

/** How long is waited. */
export interface DebounceOptions {
  /** Milliseconds without an event. Default 200. */
  readonly quietMs?: number;
  /** Milliseconds from the first event of a burst. Default 2,000. */
  readonly mostMs?: number;
}

/** Collects events. Whoever creates it closes it. */
export interface Debounce {
  /** An event happened. */
  push(): void;
  /** Takes the timer back; nothing is signalled any more. */
  close(): void;
}

/** Creates one that calls `signal` for each burst. */
export function createDebounce(clock: Clock, signal: () => void, options: DebounceOptions = {}): Debounce {
  const { quietMs = 200, mostMs = 2000 } = options;
  let timer: TimerHandle | undefined;
  let firstAt: number | undefined;
  let isClosed = false;
  const fire = (): void => {
    timer = undefined;
    firstAt = undefined;
    signal();
  };
  return {
    push() {
      if (isClosed) return;
      const now = clock.monotonic();
      firstAt ??= now;
      clock.clearTimeout(timer);
      timer = clock.setTimeout(fire, Math.min(quietMs, Math.max(0, firstAt + mostMs - now)));
    },
    close() {
      isClosed = true;
      clock.clearTimeout(timer);
      timer = undefined;
    },
  };
}
