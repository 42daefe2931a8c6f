import type { EventObject } from 'xstate';

/** What the queue of a subscription, its deliverer and its owner send, and what time does. */
export const EVENTS = {
  attached: { type: 'deliverer.attached', overflowing: false } as EventObject,
  'attached overflowing': { type: 'deliverer.attached', overflowing: true } as EventObject,
  detached: { type: 'deliverer.detached' },
  'overflowed at 0': overflowed(0),
  'overflowed at 999': overflowed(999),
  'overflowed at 1000': overflowed(1000),
  relieved: { type: 'queue.relieved', dropped: 3 } as EventObject,
  drained: { type: 'queue.drained' },
  stop: { type: 'stop', drainMs: 5000 } as EventObject,
  'stop now': { type: 'stop', drainMs: 0 } as EventObject,
  'time is up': { type: 'xstate.after.drainDeadline.subscription.draining' },
  closed: {
    type: 'xstate.done.actor.0.subscription.closing',
    output: { delivered: 1, dropped: 2, failed: 3, unknown: 4 },
  } as EventObject,
  'close failed': { type: 'xstate.error.actor.0.subscription.closing', error: new Error('no') } as EventObject,
  noise: { type: 'noise' },
} as const satisfies Record<string, EventObject>;

/** The short name of an event. */
export type EventName = keyof typeof EVENTS;

/** All short names. */
export const EVENT_NAMES = Object.keys(EVENTS) as readonly EventName[];

/** The queue had no room at that time. */
export function overflowed(at: number): EventObject {
  return { type: 'queue.overflowed', at, dropped: 3, waiting: 256 } as EventObject;
}
