import { describe, expect, it } from 'vitest';
import { createMachine, fromPromise, setup } from 'xstate';
import type { AnyStateMachine } from 'xstate';
import { begin, explore, longestWayOut, step, travel } from './laws.ts';

const go = { type: 'go' };

describe('the laws', () => {
  it('L1: notice a machine that throws', () => {
    const machine = createMachine({
      initial: 'a',
      states: {
        a: {
          on: {
            go: {
              guard: () => {
                throw new Error('no');
              },
            },
          },
        },
      },
    });

    expect(() => travel(machine, undefined, [go])).toThrow('no');
  });

  it('L1: notice a machine that fails on the error of its child', () => {
    const machine = createMachine({
      id: 'm',
      initial: 'a',
      states: { a: { invoke: { src: fromPromise(async () => {}) } } },
    });

    expect(() => travel(machine, undefined, [{ type: 'xstate.error.actor.0.m.a' }])).toThrow('failed after');
  });

  it.each([Number.NaN, -1, Number.POSITIVE_INFINITY])('L1: notice a delay of %d ms', (delayMs) => {
    expect(() => begin(waiting(delayMs), undefined)).toThrow(`delay ${delayMs}`);
  });

  it('L2: notice a state with two timers', () => {
    const machine = createMachine({
      id: 'm',
      initial: 'a',
      states: { a: { after: { 1: 'b', 2: 'c' } }, b: {}, c: {} },
    });

    expect(() => travel(machine, undefined, [go])).toThrow('owns two timers');
  });

  it('L5: notice a machine that gets stuck', () => {
    const machine = createMachine({ initial: 'a', states: { a: {} } });

    expect(() => longestWayOut(begin(machine, undefined), [go])).toThrow('stuck after');
  });

  it('L5: notice a machine that goes round in a circle', () => {
    const machine = createMachine({ initial: 'a', states: { a: { on: { go: 'b' } }, b: { on: { go: 'a' } } } });

    expect(() => longestWayOut(begin(machine, undefined), [go])).toThrow('no final state');
  });

  it('find every state once', () => {
    const machine = createMachine({
      initial: 'a',
      states: { a: { on: { go: 'b' } }, b: { on: { go: 'c' } }, c: { type: 'final' } },
    });

    const found = explore(machine, { input: undefined, events: [go], keyOf: ({ value }) => String(value) });

    expect(found.map(({ snapshot, path }) => [snapshot.value, path.length])).toEqual([
      ['a', 0],
      ['b', 1],
      ['c', 2],
    ]);
  });

  it('leave out errors of children that do not run', () => {
    const before = begin(createMachine({ initial: 'a', states: { a: {} } }), undefined);

    expect(step(before, { type: 'xstate.error.actor.0.m.a' }).snapshot).toBe(before.snapshot);
  });
});

// Helpers

function waiting(delayMs: number): AnyStateMachine {
  return setup({ delays: { some: () => delayMs } }).createMachine({
    id: 'm',
    initial: 'a',
    states: { a: { after: { some: 'b' } }, b: {} },
  });
}
