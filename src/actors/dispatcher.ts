// Runs the actors that have work, off the stack of whoever sent it.
//
// Invariants:
//   D1. A message never runs inside the `tell` that sent it, so no chain of messages can overflow the stack.
//   D2. A turn ends after TURN_MESSAGES messages or TURN_MS, then timers and I/O have theirs.
//   D3. Ready actors take turns; none with a full mailbox starves the others.

import { Ring } from '../policy/index.ts';
import type { Environment } from '../ports/index.ts';

/** Messages processed before I/O has its turn. */
const TURN_MESSAGES = 64;
/** Milliseconds of processing before I/O has its turn. */
const TURN_MS = 2;
/** Messages one actor may process before the next ready one. */
const ACTOR_MESSAGES = 8;

/** Something that can be run a few messages at a time. */
export interface Runnable {
  /** Processes at most `limit` messages and returns how many it processed. */
  run(limit: number): number;
  /** Whether there is more to do. */
  readonly busy: boolean;
}

/** Decides who runs next. */
export interface Dispatcher {
  /** Notes that the actor has work. The caller sees to it that an actor is noted once. */
  ready(runnable: Runnable): void;
}

/** Creates a dispatcher for one system. It owns no timer and no listener, so nobody has to close it. */
export function createDispatcher({ clock, scheduler }: Pick<Environment, 'clock' | 'scheduler'>): Dispatcher {
  const queue = new Ring<Runnable>(Number.MAX_SAFE_INTEGER);
  let scheduled = false;

  const turn = (): void => {
    const endsAt = clock.monotonic() + TURN_MS;
    let left = TURN_MESSAGES;
    while (left > 0) {
      const next = queue.shift();
      if (next === undefined) break;
      left -= next.run(Math.min(ACTOR_MESSAGES, left));
      if (next.busy) queue.push(next);
      if (clock.monotonic() >= endsAt) break;
    }
    scheduled = queue.size > 0;
    if (scheduled) scheduler.yield(turn);
  };

  return {
    ready(runnable) {
      queue.push(runnable);
      if (scheduled) return;
      scheduled = true;
      scheduler.defer(turn);
    },
  };
}
