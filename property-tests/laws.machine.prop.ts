import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { assign, createMachine, fromPromise, raise, spawnChild } from 'xstate';
import type { AnyStateMachine, EventObject } from 'xstate';
import { loadMachines } from '../tools/diagrams.ts';
import { lawSubject } from './law-subjects.ts';
import { LAWS, lawRun } from './laws.ts';
import type { LawSubject } from './laws.ts';

const machines = await loadMachines();
const go: EventObject = { type: 'go' };
const stop: EventObject = { type: 'stop' };

describe.each(machines)('every run of $fileName', (named) => {
  const subject = lawSubject(named);

  for (const [name, law] of Object.entries(LAWS)) {
    test.prop([lawRun()])(name, ({ input, steps }) =>
      law(subject, subject.inputs[input % subject.inputs.length], steps),
    );
  }

  it('knows every event that the chart listens to', () => {
    const known = new Set(subject.events.map(({ type }) => type));

    expect(named.machine.events.filter((type: string) => !known.has(type) && type !== '')).toEqual([]);
  });
});

// Each law fails for a chart that breaks it.
describe.each<[keyof typeof LAWS, string, AnyStateMachine]>([
  ['L1: never throws', 'throws in a guard', throwing()],
  ['L1: stays as it is once it is done', 'leads out of its final state', undead()],
  ['L2, L3: owns at most 1 timer a state, and nothing that outlives its state', 'has two timers', twoTimers()],
  ['L2, L3: owns at most 1 timer a state, and nothing that outlives its state', 'leaves a timer behind', lateRaising()],
  ['L2, L3: owns at most 1 timer a state, and nothing that outlives its state', 'leaves a child behind', orphaning()],
  ['L4: comes to the same when the same events are replayed', 'counts outside its context', forgetful()],
  ['L5: comes to its end after a stop, from every state', 'stops in circles', circling()],
])('the law "%s"', (name, fault, machine) => {
  it(`fails for a chart that ${fault}`, () => {
    const timer = { type: 'xstate.after.1.m.b' };
    const subject: LawSubject = { machine, inputs: [{}], events: [go, stop, timer], outside: [go], stop };
    const law = LAWS[name];

    const verdict = fc.check(fc.property(lawRun(), ({ steps }) => law?.(subject, {}, steps)));

    expect(verdict.failed).toBe(true);
  });
});

describe('a good small chart', () => {
  it('keeps every law', () => {
    const timer = { type: 'xstate.after.1.m.b' };
    const subject: LawSubject = { machine: good(), inputs: [{}], events: [go, stop, timer], outside: [timer], stop };

    const verdicts = Object.values(LAWS).map((law) =>
      fc.check(fc.property(lawRun(), ({ steps }) => law(subject, {}, steps))),
    );

    expect(verdicts.map(({ failed }) => failed)).toEqual([false, false, false, false, false]);
  });
});

// Helpers

function good(): AnyStateMachine {
  return createMachine({
    id: 'm',
    initial: 'a',
    states: {
      a: { invoke: { src: fromPromise(async () => {}), onError: 'c' }, on: { go: 'b', stop: 'c' } },
      b: { after: { 1: 'a' }, on: { stop: 'c' } },
      c: { type: 'final' },
    },
  });
}

function throwing(): AnyStateMachine {
  const guard = (): boolean => {
    throw new Error('no');
  };
  return createMachine({ id: 'm', initial: 'a', states: { a: { on: { go: 'b' } }, b: { on: { go: { guard } } } } });
}

/** A transition at the top leads out of the final states as well. */
function undead(): AnyStateMachine {
  return createMachine({
    id: 'm',
    initial: 'a',
    on: { stop: '.b' },
    states: { a: { on: { go: 'c' } }, b: { type: 'final' }, c: { type: 'final' } },
  });
}

function twoTimers(): AnyStateMachine {
  return createMachine({
    id: 'm',
    initial: 'a',
    states: { a: { on: { go: 'b' } }, b: { after: { 1: 'a', 2: 'a' } } },
  });
}

/** The timer is not that of a state, so no exit cancels it. */
function lateRaising(): AnyStateMachine {
  return createMachine({
    id: 'm',
    initial: 'a',
    states: { a: { on: { go: { target: 'b', actions: raise(stop, { delay: 1, id: 'late' }) } } }, b: {} },
  });
}

/** A child that is spawned and not invoked runs on in the next state. */
function orphaning(): AnyStateMachine {
  const child = spawnChild(
    fromPromise(() => new Promise(() => {})),
    { id: 'orphan' },
  );
  return createMachine({
    id: 'm',
    initial: 'a',
    states: { a: { on: { go: { target: 'b', actions: child } } }, b: {} },
  });
}

function forgetful(): AnyStateMachine {
  let calls = 0;
  return createMachine({
    id: 'm',
    context: { calls },
    initial: 'a',
    states: { a: { on: { go: { actions: assign({ calls: () => ++calls }) } } } },
  });
}

function circling(): AnyStateMachine {
  return createMachine({
    id: 'm',
    initial: 'a',
    states: { a: { on: { stop: 'b' } }, b: { on: { go: 'c' } }, c: { on: { go: 'b' } } },
  });
}
