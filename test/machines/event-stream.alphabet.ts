import type { EventObject } from 'xstate';
import type { EventForm, EventStreamInput } from '../../src/machines/index.ts';
import { resolveEventStreamPolicy } from '../../src/policy/index.ts';
import type { EventStreamPolicyOptions } from '../../src/policy/index.ts';

const after = (delay: string, state: string): EventObject => ({
  type: `xstate.after.${delay}.event-stream.live.${state}`,
});

/** What users of the chart send. */
export const COMMANDS = {
  start: { type: 'stream.start' },
  stop: { type: 'stream.stop', drainMs: 5000 } as EventObject,
  lost: { type: 'process.lost' },
} as const satisfies Record<string, EventObject>;

/** What the data plane reports about the stream of a number. */
export function reportsOf<const Generation extends number>(generation: Generation): Reports<Generation> {
  const cut = (code: string, proved: boolean): EventObject =>
    ({ type: 'plane.cut', generation, code, message: 'gone', proved, random: 0.5 }) as EventObject;
  const about = (type: string): EventObject => ({ type, generation }) as EventObject;
  return {
    [`opened ${generation}`]: about('plane.opened'),
    [`proved ${generation}`]: about('plane.proved'),
    [`blocked ${generation}`]: about('plane.blocked'),
    [`progressed ${generation}`]: about('plane.progressed'),
    [`refused ${generation}`]: cut('UNIMPLEMENTED', false),
    [`broke ${generation}`]: cut('EVENT_PROTOCOL_VIOLATION', true),
    [`cut early ${generation}`]: cut('UNAVAILABLE', false),
    [`cut late ${generation}`]: cut('UNAVAILABLE', true),
  } as Reports<Generation>;
}

type ReportName = 'opened' | 'proved' | 'blocked' | 'progressed' | 'refused' | 'broke' | 'cut early' | 'cut late';
type Reports<Generation extends number> = Record<`${ReportName} ${Generation}`, EventObject>;

/** What the outside world does: the data plane reports, timers fire. */
export const OUTSIDE = {
  ...reportsOf(1),
  ...reportsOf(2),
  ...reportsOf(3),
  replayed: { type: 'plane.replayed' },
  'unary refused': { type: 'plane.refused', message: 'no' } as EventObject,
  'unary failed': { type: 'plane.failed', code: 'UNAVAILABLE', message: 'gone', random: 0.5 } as EventObject,
  paused: { type: 'plane.paused' },
  drained: { type: 'plane.drained' },
  ended: { type: 'plane.ended' },
  'plane failed': { type: 'xstate.error.actor.0.event-stream.live', error: new Error('bug') } as EventObject,
  'probe timeout': after('probeTimeout', 'streaming.probing'),
  'resume timeout': after('probeTimeout', 'streaming.resuming'),
  'send timeout': after('sendTimeout', 'streaming.stalled'),
  backoff: after('backoff', 'backingOff'),
  'drain timeout': after('drainTimeout', 'closing'),
  'close timeout': after('closeTimeout', 'closing.ending'),
} as const satisfies Record<string, EventObject>;

/** The whole alphabet of the chart, an event that it does not know included. */
export const EVENTS = { ...COMMANDS, ...OUTSIDE, noise: { type: 'noise' } } as const;

/** The short name of an event. */
export type EventName = keyof typeof EVENTS;

/** All short names. */
export const EVENT_NAMES = Object.keys(EVENTS) as readonly EventName[];

/** The input of a chart for the plugin `kv`, without jitter. */
export function eventStreamInput(
  forms: readonly EventForm[] = ['acked', 'stream', 'unary'],
  policy: EventStreamPolicyOptions = {},
): EventStreamInput {
  return { subscriber: 'kv', forms, policy: resolveEventStreamPolicy({ backoff: { jitter: 'none' }, ...policy }) };
}

/** The events of the names. */
export function eventsOf(names: readonly EventName[]): readonly EventObject[] {
  return names.map((name) => EVENTS[name]);
}
