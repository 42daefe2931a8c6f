import type { EventObject } from 'xstate';

const STATE = 'plugin-replacement.open';
const failure = { code: 'PLUGIN_CRASHED', message: 'gone' };
const swap = { type: 'replacement.swap', eventDrainMs: 50, drainMs: 100 };

/** What whoever replaces a version says. */
export const COMMANDS = {
  verify: { type: 'replacement.verify', order: 1 } as EventObject,
  swap: { ...swap, order: 2, revertOnCrash: false } as EventObject,
  'swap for now': { ...swap, order: 3, revertOnCrash: true } as EventObject,
  keep: { type: 'replacement.keep', order: 4, drainMs: 70 } as EventObject,
  revert: { type: 'replacement.revert', order: 5 } as EventObject,
  discard: { type: 'replacement.discard', order: 6 } as EventObject,
  stop: { type: 'replacement.stop' },
} as const satisfies Record<string, EventObject>;

/** What happens by itself: effects settle, and time passes. */
export const OUTSIDE = {
  ready: done('unused.staging'),
  'not ready': failed('unused.staging'),
  verified: { ...done('unused.verifying'), output: { operations: ['add'], steps: undefined } } as EventObject,
  unverified: failed('unused.verifying'),
  moved: done('swapping'),
  'not moved': failed('swapping'),
  drained: done('draining'),
  'drain failed': failed('draining'),
  'drain timeout': { type: `xstate.after.drainTimeout.${STATE}.draining` },
  retired: done('keeping'),
  'retire failed': failed('keeping'),
  back: done('reverting'),
  'not back': failed('reverting'),
  cleared: done('clearing'),
  'clear failed': failed('clearing'),
} as const satisfies Record<string, EventObject>;

/** All that can happen. */
export const EVENTS = {
  ...COMMANDS,
  ...OUTSIDE,
  'next lost': { type: 'next.lost', failure } as EventObject,
  'standby lost': { type: 'standby.lost' },
  noise: { type: 'noise' },
} as const satisfies Record<string, EventObject>;

/** The short name of an event. */
export type EventName = keyof typeof EVENTS;

/** All short names. */
export const EVENT_NAMES = Object.keys(EVENTS) as readonly EventName[];

function done(state: string): EventObject {
  return { type: `xstate.done.actor.0.${STATE}.${state}` };
}

function failed(state: string): EventObject {
  return { type: `xstate.error.actor.0.${STATE}.${state}`, error: new Error('no') } as EventObject;
}
