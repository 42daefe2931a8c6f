import type { EventObject } from 'xstate';
import type { MemberFailure, SupervisedMember, SupervisorInput } from '../../src/machines/index.ts';
import { resolveSupervision } from '../../src/policy/index.ts';
import type { SupervisionOptions, SupervisionStrategy } from '../../src/policy/index.ts';

/** What members of the charts in tests are called, in start order. */
export const NAMES = ['a', 'b', 'c'] as const;

/** What users of the chart send, and what members do. */
export const EVENTS = {
  stop: { type: 'stop' },
  'a failed': failed('a', 10),
  'b failed': failed('b', 20),
  'c failed': failed('c', 30),
  'x failed': failed('x', 40),
  'all left': { type: 'members.changed', members: [] } as EventObject,
  'b left': { type: 'members.changed', members: membersOf(['a', 'c']) } as EventObject,
  'all back': { type: 'members.changed', members: membersOf(NAMES) } as EventObject,
  stopped: { type: 'xstate.done.actor.0.supervisor.stopping' },
  'stop failed': { type: 'xstate.error.actor.0.supervisor.stopping', error: new Error('stuck') } as EventObject,
  backoff: { type: 'xstate.after.backoff.supervisor.backingOff' },
  started: started(),
  'start of b failed': started(failureOf('b', 50)),
  'start broke': { type: 'xstate.error.actor.0.supervisor.starting', error: 'no reason' } as EventObject,
  stable: { type: 'xstate.after.stable.supervisor.watching' },
  memory: { type: 'xstate.after.memory.supervisor.remembering' },
  noise: { type: 'noise' },
} as const satisfies Record<string, EventObject>;

/** The short name of an event. */
export type EventName = keyof typeof EVENTS;

/** All short names. */
export const EVENT_NAMES = Object.keys(EVENTS) as readonly EventName[];

/** Members that wait 100 ms without jitter after their first failure, and are forgotten after 60 s. */
export function membersOf(names: readonly string[], options: SupervisionOptions = {}): readonly SupervisedMember[] {
  const policy = resolveSupervision({ restart: 'permanent', backoff: { jitter: 'none' }, ...options });
  return names.map((name) => ({ name, policy }));
}

/** The input of a chart for a, b and c, of which b has failed. */
export function supervisorInput(strategy: SupervisionStrategy, options: SupervisionOptions = {}): SupervisorInput {
  return { strategy, members: membersOf(NAMES, options), failure: failureOf('b', 0) };
}

/** A failure at that time. */
export function failureOf(name: string, at: number, random = 0.5): MemberFailure {
  return { name, outcome: 'failed', reason: `${name} broke`, at, random };
}

/** The fact that a member has failed. */
export function failed(name: string, at: number, random = 0.5): EventObject {
  return { type: 'member.failed', ...failureOf(name, at, random) } as EventObject;
}

/** The end of a start. */
export function started(failure?: MemberFailure): EventObject {
  return { type: 'xstate.done.actor.0.supervisor.starting', output: { failure } } as EventObject;
}
