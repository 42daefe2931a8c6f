import type { EventObject } from 'xstate';
import { RuntimeError } from '../../src/errors/index.ts';
import type { TailPage } from '../../src/machines/index.ts';

/** A page with so many entries. */
export function page(count: number, cursor = 'c'): TailPage {
  const entries = Array.from({ length: count }, (_, index) => ({ at: index, level: 'info', message: `line ${index}` }));
  return { entries, cursor, lost: 0 };
}

/** What can happen to the tail of a log. */
export const EVENTS = {
  stop: { type: 'stop' },
  read: { type: 'xstate.done.actor.0.log-tail.reading', output: page(2) } as EventObject,
  'read nothing': { type: 'xstate.done.actor.0.log-tail.reading', output: page(0) } as EventObject,
  'host away': failed('UNAVAILABLE'),
  'host refuses': failed('UNAUTHENTICATED'),
  paused: { type: 'xstate.after.pause.log-tail.pausing' },
  waited: { type: 'xstate.after.backoff.log-tail.backingOff' },
  noise: { type: 'noise' },
} as const satisfies Record<string, EventObject>;

/** The short name of an event. */
export type EventName = keyof typeof EVENTS;

/** All short names. */
export const EVENT_NAMES = Object.keys(EVENTS) as readonly EventName[];

// Helpers

function failed(code: 'UNAVAILABLE' | 'UNAUTHENTICATED'): EventObject {
  const type = 'xstate.error.actor.0.log-tail.reading';
  return { type, error: new RuntimeError(code, 'no') } as EventObject;
}
