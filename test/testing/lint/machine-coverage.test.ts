import { describe, expect, it } from 'vitest';
import { createMachine, fromPromise, setup } from 'xstate';
import { machineCoverage } from '../../../src/testing/index.ts';

describe('machineCoverage', () => {
  it('names the states and transitions that were seen, and those that were not', () => {
    const machine = createMachine({
      id: 'door',
      initial: 'open',
      states: {
        open: { on: { close: [{ guard: () => false, target: 'stuck' }, { target: 'closed' }], ring: {} } },
        closed: { type: 'final' },
        stuck: { after: { 10: 'open' } },
      },
    });

    const { states, transitions } = machineCoverage(machine);

    expect(states).toEqual({ seen: ['door', 'door.open', 'door.closed'], missing: ['door.stuck'] });
    expect(transitions).toEqual({
      seen: ['door.open on close, 2 of 2'],
      missing: ['door.open on close, 1 of 2', 'door.stuck on xstate.after.10.door.stuck'],
    });
  });

  it('goes through invoked children and timers', () => {
    const { states, complete, positions } = machineCoverage(loader());

    expect([states.missing, complete, positions]).toEqual([[], true, 4]);
  });

  it('goes through the snapshots of a watched child', () => {
    const machine = createMachine({
      id: 'm',
      initial: 'a',
      states: {
        a: { invoke: { id: 'kid', src: createMachine({}), onSnapshot: 'b', onDone: 'c', onError: 'c' } },
        b: { type: 'final' },
        c: { type: 'final' },
      },
    });

    expect(machineCoverage(machine).transitions.missing).toEqual([]);
  });

  it('counts what each guard said', () => {
    const { guards } = machineCoverage(loader(), { outputs: { load: [1, 2, 3] } });

    expect(guards).toEqual([{ name: 'isMany', true: 2, false: 1 }]);
  });

  it('says what each state did with each event', () => {
    const machine = createMachine({
      id: 'm',
      type: 'parallel',
      states: {
        left: {
          initial: 'a',
          states: { a: { on: { go: 'b' } }, b: { on: { boom: { actions: [], guard: explode } } } },
        },
        right: { initial: 'c', states: { c: { on: { flip: 'd' } }, d: { on: { flip: 'c' } } } },
      },
    });

    const { eventMatrix } = machineCoverage(machine);

    expect(eventMatrix).toEqual({
      'm.left.a': { go: 'handled', flip: 'ignored', boom: 'ignored' },
      'm.left.b': { go: 'ignored', flip: 'ignored', boom: 'failed' },
      'm.right.c': { go: 'ignored', flip: 'handled', boom: 'failed' },
      'm.right.d': { go: 'ignored', flip: 'handled', boom: 'failed' },
    });
  });

  it('stops at its limit of 2 positions, and says so', () => {
    const { complete, positions } = machineCoverage(loader(), { limit: 2 });

    expect([complete, positions]).toEqual([false, 2]);
  });

  it('survives a context that holds itself, a function and a map', () => {
    const context: Record<string, unknown> = { act: () => {}, map: new Map([[1, 2n]]), error: new Error('no') };
    context['self'] = context;

    const { positions } = machineCoverage(createMachine({ id: 'm', context, on: { go: { actions: () => {} } } }));

    expect(positions).toBe(1);
  });
});

// Helpers

function explode(): boolean {
  throw new Error('boom');
}

function loader() {
  return setup({
    actors: { load: fromPromise<number>(() => new Promise<number>(() => {})) },
    guards: { isMany: (_, params: { readonly count: number }) => params.count > 1 },
  }).createMachine({
    id: 'loader',
    initial: 'loading',
    states: {
      loading: {
        invoke: {
          src: 'load',
          onDone: [
            { guard: { type: 'isMany', params: ({ event }) => ({ count: event.output }) }, target: 'waiting' },
            { target: 'done' },
          ],
          onError: 'failed',
        },
        after: { 50: 'waiting' },
      },
      waiting: { after: { 10: 'failed' } },
      failed: { type: 'final' },
      done: { type: 'final' },
    },
  });
}
