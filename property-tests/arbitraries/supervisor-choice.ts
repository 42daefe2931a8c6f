import { fc } from '@fast-check/vitest';
import type { EventObject } from 'xstate';
import type { MemberFailure } from '../../src/machines/index.ts';
import { EVENTS, failureOf, membersOf, started } from '../../test/machines/supervisor.alphabet.ts';
import { stateOf } from '../../test/machines/laws.ts';
import type { Journey } from '../../test/machines/laws.ts';

/** Who can be a member, in start order. */
export const CANDIDATES = ['a', 'b', 'c', 'd'] as const;

/** One step of a restart unit. Numbers choose among what is possible when the step is taken. */
export interface Choice {
  readonly kind: 'onward' | 'memberFails' | 'startFails' | 'effectBreaks' | 'membersChange' | 'stop' | 'noise';
  readonly number: number;
  /** Time that passes before, in milliseconds. */
  readonly gapMs: number;
}

/** Most steps lead on or fail a member, or else hardly any sequence would come to a second restart. */
export function choice(): fc.Arbitrary<Choice> {
  const of = (kind: Choice['kind'], weight: number) => ({
    weight,
    arbitrary: fc.record({ kind: fc.constant(kind), number: fc.nat(1_000), gapMs: fc.constantFrom(0, 1, 40, 400) }),
  });
  return fc.oneof(
    of('onward', 24),
    of('memberFails', 8),
    of('startFails', 4),
    of('membersChange', 3),
    of('effectBreaks', 1),
    of('stop', 2),
    of('noise', 1),
  );
}

/** The event that a choice stands for where the journey is at that time. */
export function chosenEvent(journey: Journey, { kind, number }: Choice, at: number): EventObject {
  const state = stateOf(journey.snapshot);
  const { batch } = journey.snapshot.context as { readonly batch: readonly string[] };
  switch (kind) {
    case 'onward':
      return ONWARD[state] ?? EVENTS.noise;
    case 'memberFails':
      return failing(among(CANDIDATES, number), at);
    case 'startFails':
      return state === 'starting' && batch.length > 0
        ? started(failureOf(among(batch, number), at))
        : (ONWARD[state] ?? EVENTS.noise);
    case 'effectBreaks':
      return state === 'starting' ? EVENTS['start broke'] : EVENTS['stop failed'];
    case 'membersChange':
      return changing(CANDIDATES.filter((_, i) => (number >> i) % 2 === 0));
    case 'stop':
      return EVENTS.stop;
    case 'noise':
      return among(NOISE, number);
  }
}

/** The failure that an event reports. */
export function failureIn(event: EventObject): MemberFailure | undefined {
  if (event.type === 'member.failed') return event as unknown as MemberFailure;
  return (event as { readonly output?: { readonly failure?: MemberFailure } }).output?.failure;
}

/**
 * Without failures, whose times would lie in the past, which a monotonic clock does not give; and without changes of the
 * members, who would have other policies.
 */
const NOISE = Object.values<EventObject>(EVENTS).filter(
  (event) => failureIn(event) === undefined && event.type !== 'members.changed',
);

const ONWARD: Readonly<Record<string, EventObject>> = {
  stopping: EVENTS.stopped,
  backingOff: EVENTS.backoff,
  starting: EVENTS.started,
  watching: EVENTS.stable,
  remembering: EVENTS.memory,
};

function failing(name: string, at: number): EventObject {
  return { type: 'member.failed', ...failureOf(name, at) } as EventObject;
}

function changing(names: readonly string[]): EventObject {
  return { type: 'members.changed', members: membersOf(names, MEMBER_OPTIONS) } as EventObject;
}

/** Few restarts in a short window, so that budgets are used up and refilled. */
export const MEMBER_OPTIONS = { maxRestarts: 2, withinMs: 500, stableMs: 100 } as const;

function among<T>(items: readonly T[], number: number): T {
  return items[number % items.length] as T;
}
