// Runs the actors that have work, off the stack of whoever sent it.
//
// Invariants:
//   D1. A message never runs inside the `tell` that sent it, so no chain of messages can overflow the stack.
//   D2. A turn ends after TURN_MESSAGES messages or TURN_MS, then timers and I/O have theirs; also when whoever sends
//       waits for each answer before the next message, so that nothing is ready in between.
//   D3. Ready actors take turns; none with a full mailbox starves the others.
//   D4. What one of them throws is logged and stops no other.

import { Ring } from '../../policy/index.ts';
import type { Environment } from '../../ports/index.ts';

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
export function createDispatcher(
  environment: Pick<Environment, 'clock' | 'scheduler'> & Partial<Pick<Environment, 'log'>>,
): Dispatcher {
  const { clock, scheduler, log } = environment;
  const queue = new Ring<Runnable>(Number.MAX_SAFE_INTEGER);
  let scheduled = false;
  // What is left of the turn. Work that ends and begins again before I/O had its turn goes on with the same one.
  let messages = TURN_MESSAGES;
  let ms = TURN_MS;

  const run = (runnable: Runnable, limit: number): number => {
    try {
      return runnable.run(limit);
    } catch (error) {
      log?.log('error', 'an actor could not be run', { error });
      return 0;
    }
  };
  const go = (): void => {
    const startedAt = clock.monotonic();
    let now = startedAt;
    while (messages > 0 && now - startedAt < ms) {
      const next = queue.shift();
      if (next === undefined) break;
      try {
        // One that only performs what it has recorded counts too, so that a turn ends also when time stands still.
        messages -= Math.max(1, run(next, Math.min(ACTOR_MESSAGES, messages)));
      } catch (error) {
        messages--;
        log?.log('error', 'an actor failed outside its behaviour', { error });
      }
      if (next.busy) queue.push(next);
      now = clock.monotonic();
    }
    ms -= now - startedAt;
    scheduled = queue.size > 0;
    if (scheduled) scheduler.yield(beginTurn);
  };
  const beginTurn = (): void => {
    messages = TURN_MESSAGES;
    ms = TURN_MS;
    go();
  };

  return {
    ready(runnable) {
      queue.push(runnable);
      if (scheduled) return;
      scheduled = true;
      if (messages > 0 && ms > 0) scheduler.defer(go);
      else scheduler.yield(beginTurn);
    },
  };
}
