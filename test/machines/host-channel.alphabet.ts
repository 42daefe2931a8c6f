import type { EventObject } from 'xstate';

/** What the data plane tells the chart, and what its effects do. */
export const EVENTS = {
  waiting: { type: 'emit.waiting' },
  proven: { type: 'channel.proven' },
  broken: { type: 'channel.broken' },
  stop: { type: 'stop' },
  dialled: { type: 'xstate.done.actor.0.host-channel.dialing' },
  'dial failed': { type: 'xstate.error.actor.0.host-channel.dialing', error: new Error('nobody there') } as EventObject,
  'dial timeout': { type: 'xstate.after.dialTimeout.host-channel.dialing' },
  'carrying failed': { type: 'xstate.error.actor.0.host-channel.ready', error: new Error('no') } as EventObject,
  backoff: { type: 'xstate.after.backoff.host-channel.backingOff' },
  noise: { type: 'noise' },
} as const satisfies Record<string, EventObject>;

/** The short name of an event. */
export type EventName = keyof typeof EVENTS;

/** All short names. */
export const EVENT_NAMES = Object.keys(EVENTS) as readonly EventName[];
