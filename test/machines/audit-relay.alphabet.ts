import type { EventObject } from 'xstate';

/** What the chart is told, and what its effects do. */
export const EVENTS = {
  written: { type: 'entries.written' },
  stop: { type: 'stop', drainMs: 100 } as EventObject,
  'stop at once': { type: 'stop', drainMs: 0 } as EventObject,
  poll: { type: 'xstate.after.poll.audit-relay.idle' },
  settled: { type: 'xstate.after.settle.audit-relay.collecting' },
  sealed: { type: 'xstate.done.actor.0.audit-relay.sealing' },
  'sealing failed': { type: 'xstate.error.actor.0.audit-relay.sealing', error: new Error('no store') } as EventObject,
  'sealing hangs': { type: 'xstate.after.stepDeadline.audit-relay.sealing' },
  delivered: { type: 'xstate.done.actor.0.audit-relay.delivering', output: { more: false } } as EventObject,
  'delivered in part': { type: 'xstate.done.actor.0.audit-relay.delivering', output: { more: true } } as EventObject,
  'sink failed': { type: 'xstate.error.actor.0.audit-relay.delivering', error: new Error('no sink') } as EventObject,
  'sink hangs': { type: 'xstate.after.stepDeadline.audit-relay.delivering' },
  backoff: { type: 'xstate.after.backoff.audit-relay.backingOff' },
  finished: { type: 'xstate.done.actor.0.audit-relay.stopping', output: { isCaughtUp: true } } as EventObject,
  'finish failed': { type: 'xstate.error.actor.0.audit-relay.stopping', error: new Error('no store') } as EventObject,
  'time is up': { type: 'xstate.after.drainDeadline.audit-relay.stopping' },
  noise: { type: 'noise' },
} as const satisfies Record<string, EventObject>;

/** The short name of an event. */
export type EventName = keyof typeof EVENTS;

/** All short names. */
export const EVENT_NAMES = Object.keys(EVENTS) as readonly EventName[];
