import { describe, expect, it } from 'vitest';
import {
  and,
  assign,
  createMachine,
  fromCallback,
  fromPromise,
  not,
  raise,
  sendParent,
  sendTo,
  setup,
  spawnChild,
} from 'xstate';
import type { AnyStateMachine } from 'xstate';
import { lintMachine } from '../../../src/testing/index.ts';
import type { LintOptions } from '../../../src/testing/index.ts';

const never = fromPromise<number>(() => new Promise<number>(() => {}));

describe('lintMachine', () => {
  it('B3: reports two states that lead to each other for ever, at the start and behind an event', () => {
    const states = { a: { always: 'b' }, b: { always: 'a' }, c: { on: { go: 'a' } } };
    const loop = 'Infinite loop detected: the machine has processed more than 5000 microsteps';

    expect(lint(createMachine({ id: 'm', initial: 'a', states }))).toEqual(
      expect.arrayContaining([expect.stringContaining(`throws: "m" throws on the initial state: ${loop}`) as unknown]),
    );
    expect(lint(createMachine({ id: 'm', initial: 'c', states }))).toEqual(
      expect.arrayContaining([expect.stringContaining(`throws: "m.c" throws on go: ${loop}`) as unknown]),
    );
  });

  it.each([Number.NaN, 0, 1.5, '100'])('refuses a limit of %j', (limit) => {
    expect(() => lintMachine(good(), { limit: limit as number })).toThrow('option "limit" must be a whole number');
  });

  it('has nothing to say about a good machine with children, timers and guards', () => {
    expect(lint(good(), { outputs: { load: [0, 1] } })).toEqual([]);
  });

  it.each<[string, AnyStateMachine, readonly string[]]>([
    [
      'a state that no event leads to',
      createMachine({
        id: 'm',
        initial: 'a',
        states: { a: { on: { go: 'b' } }, b: { on: { back: 'a' } }, lost: { on: { go: 'a' } } },
      }),
      ['unreachable: "m.lost" is never entered'],
    ],
    [
      'a state behind a guard that never passes',
      createMachine({
        id: 'm',
        initial: 'a',
        states: { a: { on: { go: { guard: () => false, target: 'b' } } }, b: { type: 'final' } },
      }),
      ['unreachable: "m.b" is never entered', 'one-sided-guard: guard "inline guard of m.a on go" is never true'],
    ],
    [
      'a state without exit',
      createMachine({
        id: 'm',
        initial: 'a',
        states: { a: { on: { go: 'b' } }, b: { on: { noise: { actions: () => {} } } } },
      }),
      ['no-exit: nothing leads out of "m.b", and it is neither final nor tagged "resting"'],
    ],
    [
      'a child whose error nobody handles',
      setup({ actors: { load: never } }).createMachine({
        id: 'm',
        initial: 'a',
        states: { a: { invoke: { src: 'load', onDone: 'b' } }, b: { type: 'final' } },
      }),
      ['unhandled-child-error: an error of "load" is handled neither in "m.a" nor around it, and ends the machine'],
    ],
    [
      'a child whose error is handled under a guard only',
      setup({ actors: { load: never }, guards: { never: () => false } }).createMachine({
        id: 'm',
        initial: 'a',
        states: {
          a: { invoke: { src: 'load', onDone: 'b', onError: { guard: 'never', target: 'b' } } },
          b: { type: 'final' },
        },
      }),
      [
        'one-sided-guard: guard "never" is never true',
        'unhandled-child-error: an error of "load" is handled neither in "m.a" nor around it, and ends the machine',
      ],
    ],
    [
      'a spawned child whose error nobody handles',
      createMachine({
        id: 'm',
        initial: 'a',
        entry: spawnChild(never, { id: 'kid' }),
        states: { a: { on: { go: 'b' } }, b: { type: 'final' } },
      }),
      ['unhandled-child-error: an error of "kid" is handled neither in "m.a" nor around it, and ends the machine'],
    ],
    [
      'a wildcard around a child',
      createMachine({
        id: 'm',
        on: { '*': { actions: () => {} } },
        initial: 'a',
        states: { a: { invoke: { id: 'kid', src: never, onDone: 'b' } }, b: { type: 'final' } },
      }),
      ['swallowed-error: "*" of "m" swallows errors of "xstate.invoke.0.m.a" in "m.a"'],
    ],
    [
      'a wildcard that comes before onError',
      setup({ actors: { load: never } }).createMachine({
        id: 'm',
        initial: 'a',
        states: {
          a: {
            invoke: { src: 'load', onDone: 'b', onError: 'b' },
            initial: 'x',
            states: { x: { on: { '*': { actions: () => {} } } } },
          },
          b: { type: 'final' },
        },
      }),
      ['unreachable: "m.b" is never entered', 'swallowed-error: "*" of "m.a.x" swallows errors of "load" in "m.a"'],
    ],
    [
      'a delay above 2^31-1 that is computed',
      setup({ delays: { long: () => 2 ** 31 } }).createMachine({
        id: 'm',
        initial: 'a',
        states: { a: { after: { long: 'b' } }, b: { type: 'final' } },
      }),
      ['delay-out-of-range: "m.a" waits 2147483648 ms; a timer takes at most 2147483647 ms and not less than 0'],
    ],
    [
      'a delay above 2^31-1 in a state that is not reached',
      createMachine({ id: 'm', initial: 'a', states: { a: { type: 'final' }, b: { after: { 3e9: 'a' } } } }),
      [
        'unreachable: "m.b" is never entered',
        'delay-out-of-range: "m.b" waits 3000000000 ms; a timer takes at most 2147483647 ms and not less than 0',
      ],
    ],
    [
      'a delay that is no number',
      setup({ delays: { odd: () => Number.NaN } }).createMachine({
        id: 'm',
        initial: 'a',
        states: { a: { after: { odd: 'b' } }, b: { type: 'final' } },
      }),
      ['delay-out-of-range: "m.a" waits NaN ms; a timer takes at most 2147483647 ms and not less than 0'],
    ],
    [
      'a guard that is always true, within others',
      setup({ guards: { yes: () => true, isOne: ({ event }) => event.type === 'one' } }).createMachine({
        id: 'm',
        initial: 'a',
        states: {
          a: {
            on: {
              one: { guard: and(['yes', 'isOne']), target: 'b' },
              two: { guard: not(and(['yes', 'isOne'])), target: 'b' },
            },
          },
          b: { type: 'final' },
        },
      }),
      [
        'one-sided-guard: guard "yes" is never false',
        'one-sided-guard: guard "inline guard of m.a on one" is never false',
        'one-sided-guard: guard "inline guard of m.a on two" is never false',
      ],
    ],
    [
      'a guard that nothing asks',
      setup({ guards: { idle: () => true } }).createMachine({
        id: 'm',
        initial: 'a',
        states: { a: { type: 'final' } },
      }),
      ['one-sided-guard: guard "idle" is never asked'],
    ],
    [
      'two children of one id',
      createMachine({
        id: 'm',
        initial: 'a',
        states: {
          a: {
            entry: spawnChild(
              fromCallback(() => {}),
              { id: 'kid' },
            ),
            on: { go: 'b', 'xstate.error.actor.kid': 'b' },
          },
          b: { invoke: { id: 'kid', src: never, onDone: 'c', onError: 'c' } },
          c: { type: 'final' },
        },
      }),
      [
        'duplicate-child-id: a child "kid" is started while another one of that id runs, which nobody can stop any more',
      ],
    ],
    [
      'a guard that throws',
      createMachine({
        id: 'm',
        initial: 'a',
        states: {
          a: { on: { go: { guard: ({ event }) => event['list'].length > 0, target: 'b' }, skip: 'b' } },
          b: { type: 'final' },
        },
      }),
      [
        'one-sided-guard: guard "inline guard of m.a on go" is never asked',
        `throws: "m.a" throws on go: Unable to evaluate guard in transition for event 'go' in state node 'm.a':\nCannot read properties of undefined (reading 'length')`,
      ],
    ],
    [
      'an initial state that throws',
      createMachine({ id: 'm', context: ({ input }: { input: unknown }) => ({ n: (input as { n: number }).n }) }),
      ['throws: "m" throws on the initial state: Cannot read properties of undefined (reading \'n\')'],
    ],
    [
      'a context that counts without end',
      setup({ types: { context: {} as { n: number } } })
        .createMachine({
          id: 'm',
          context: { n: 0 },
          initial: 'a',
          states: { a: { on: { go: { target: 'b' } } }, b: { type: 'final' } },
          on: { more: { actions: { type: 'count' } as never } },
        })
        .provide({ actions: { count: assignCount() } as never }),
      ['too-many-states: "m" has more than 50 positions; give "serialize" or raise "limit"'],
    ],
  ])('finds %s', (_, machine, expected) => {
    const found = lint(machine, { limit: 50 });

    expect(found).toEqual(expected);
  });

  it('accepts a state without exit that is declared, by tag or by id', () => {
    const machine = createMachine({
      id: 'm',
      initial: 'a',
      states: { a: { on: { go: 'b', skip: 'c' } }, b: { tags: ['resting'] }, c: {} },
    });

    expect(lint(machine, { resting: ['m.c'] })).toEqual([]);
    expect(lint(machine, { restingTag: 'end', resting: ['m.b', 'm.c'] })).toEqual([]);
  });

  it('takes events as lists and as functions of the snapshot', () => {
    const machine = setup({
      guards: { isBig: ({ event }) => event['size'] > 1, isRed: ({ event }) => event['red'] },
    }).createMachine({
      id: 'm',
      initial: 'a',
      states: {
        a: { on: { put: { guard: 'isBig', target: 'b' }, paint: { guard: 'isRed', target: 'b' } } },
        b: { type: 'final' },
      },
    });

    const events: LintOptions['events'] = {
      put: [
        { type: 'put', size: 1 },
        { type: 'put', size: 2 },
      ] as never,
      paint: ({ value }) =>
        [
          { type: 'paint', red: value === 'a' },
          { type: 'paint', red: false },
        ] as never,
    };
    expect(lint(machine, { events })).toEqual([]);
  });

  it('runs no action, no child and no timer of the machine', () => {
    const ran: string[] = [];
    const machine = createMachine({
      id: 'm',
      initial: 'a',
      entry: () => void ran.push('entry'),
      invoke: { src: fromCallback(() => void ran.push('child')), id: 'kid', onError: '.b' },
      states: {
        a: {
          entry: [raise({ type: 'go' }, { delay: 5 }), sendTo('kid', { type: 'x' }), sendParent({ type: 'y' })],
          on: { go: 'b' },
          after: { 1: 'b' },
        },
        b: { type: 'final' },
      },
    });

    expect([lint(machine), ran]).toEqual([[], []]);
  });
});

// Helpers

function lint(machine: AnyStateMachine, options?: LintOptions): readonly string[] {
  return lintMachine(machine, options).map(({ rule, message }) => `${rule}: ${message}`);
}

function good(): AnyStateMachine {
  return setup({
    actors: { load: never },
    guards: { isFull: (_, params: { readonly count: number }) => params.count > 0 },
    delays: { patience: 100 },
  }).createMachine({
    id: 'good',
    initial: 'loading',
    states: {
      loading: {
        invoke: {
          src: 'load',
          onDone: [
            { guard: { type: 'isFull', params: ({ event }) => ({ count: event.output }) }, target: 'full' },
            { target: 'empty' },
          ],
          onError: 'empty',
        },
        after: { patience: 'empty' },
      },
      full: {
        type: 'parallel',
        states: {
          left: { initial: 'x', states: { x: { always: 'y' }, y: { on: { flip: 'z' } }, z: { on: { flip: 'y' } } } },
          right: {},
        },
        on: { reload: 'loading', close: 'closed' },
      },
      empty: { on: { reload: 'loading', close: 'closed' } },
      closed: { type: 'final' },
    },
  });
}

function assignCount() {
  return assign({ n: ({ context }: { context: { n: number } }) => context.n + 1 });
}
