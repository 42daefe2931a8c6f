// Takes time and randomness out of XState's scheduler: a delayed send without an id gets a random one there, and each
// timer notes the time of the computer. Neither may differ between two runs of a schedule, nor count as a finding.

import type { AnyActorRef } from 'xstate';

type Schedule = (source: AnyActorRef, target: AnyActorRef, event: unknown, delay: number, id?: string) => void;

/**
 * Gives the timers of a root's system ids that count.
 *
 * @param trusted calls code that may read the time
 */
export function calmScheduler(root: AnyActorRef, trusted: (run: () => void) => void): void {
  const { scheduler } = root.system as unknown as { readonly scheduler: { schedule: Schedule } };
  const original = scheduler.schedule;
  let unnamed = 0;
  scheduler.schedule = (source, target, event, delay, id) => {
    trusted(() => original(source, target, event, delay, id ?? `unnamed-${++unnamed}`));
  };
}
