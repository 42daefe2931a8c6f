import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { createMachine, fromCallback, fromPromise, spawnChild } from 'xstate';
import type { AnyStateMachine, EventObject } from 'xstate';
import { lintMachine } from '../../src/testing/index.ts';
import type { LintRule } from '../../src/testing/index.ts';

/** A ring of states, each with one way on, some with a child or a timer, and an end. */
interface Ring {
  readonly states: readonly ('event' | 'timer' | 'child')[];
  readonly shortcuts: readonly (readonly [from: number, to: number])[];
}

type Config = Record<string, unknown> & { on?: Record<string, unknown> };
type Plant = (states: Record<string, Config>, place: string) => void;

const events = { next: [{ type: 'next', sure: true } as EventObject, { type: 'next' }] };
const isSure = ({ event }: { readonly event: object }): boolean => 'sure' in event;
const never = fromPromise<void>(() => new Promise<void>(() => {}));

const PLANTS: Readonly<Record<Exclude<LintRule, 'too-many-states'>, Plant>> = {
  unreachable: (states) => void (states['lost'] = { on: { end: 'end' } }),
  'no-exit': (states, place) => {
    states['trap'] = {};
    addEvent(states, place, 'fall', 'trap');
  },
  'unhandled-child-error': (states, place) =>
    void (states[place] = { ...states[place], invoke: { id: 'kid', src: never } }),
  'swallowed-error': (states, place) => {
    states[place] = { ...states[place], invoke: { id: 'kid', src: never } };
    addEvent(states, place, '*', 'end');
  },
  'delay-out-of-range': (states, place) => void (states[place] = { ...states[place], after: { 2147483648: 'end' } }),
  'one-sided-guard': (states, place) => addEvent(states, place, 'ask', { guard: () => true, target: 'end' }),
  'duplicate-child-id': (states, place) => {
    const child = { id: 'twin', src: fromCallback(() => {}), onError: 'end' };
    states[place] = {
      ...states[place],
      entry: spawnChild(
        fromCallback(() => {}),
        { id: 'twin' },
      ),
      invoke: child,
    };
  },
  throws: (states, place) => {
    const guard = ({ event }: { event: { list?: unknown[] } }): boolean => (event.list as unknown[]).length > 0;
    addEvent(states, place, 'break', { guard, target: 'end' });
  },
};

describe('lintMachine', () => {
  test.prop([ring()])('has nothing to say about a ring of states with a way out', (drawn) => {
    expect(
      lintMachine(
        build(drawn, () => {}),
        { events },
      ),
    ).toEqual([]);
  });

  describe.each(Object.entries(PLANTS))('finds %s', (rule, plant) => {
    test.prop([ring(), fc.nat()])('wherever it is planted', (drawn, at) => {
      const place = `s${at % drawn.states.length}`;

      const rules = lintMachine(
        build(drawn, (states) => plant(states, place)),
        { events },
      ).map((finding) => finding.rule);

      expect(rules).toContain(rule);
    });
  });
});

// Helpers

function ring(): fc.Arbitrary<Ring> {
  return fc.array(fc.constantFrom('event' as const, 'timer', 'child'), { minLength: 1, maxLength: 8 }).chain((states) =>
    fc.record({
      states: fc.constant(states),
      shortcuts: fc.array(fc.tuple(fc.nat(states.length - 1), fc.nat(states.length - 1)), { maxLength: 5 }),
    }),
  );
}

function build({ states, shortcuts }: Ring, plant: (states: Record<string, Config>) => void): AnyStateMachine {
  const configs: Record<string, Config> = { end: { type: 'final' } };
  for (const [i, kind] of states.entries()) {
    const next = `s${(i + 1) % states.length}`;
    const way: Config =
      kind === 'timer'
        ? { after: { 10: next } }
        : kind === 'child'
          ? { invoke: { src: never, onDone: next, onError: 'end' } }
          : {};
    configs[`s${i}`] = {
      ...way,
      on: { end: 'end', ...(kind === 'event' && { next: { guard: isSure, target: next } }) },
    };
  }
  for (const [from, to] of shortcuts) addEvent(configs, `s${from}`, `jump.to${to}`, `s${to}`);
  plant(configs);
  return createMachine({ id: 'ring', initial: 's0', states: configs as never });
}

function addEvent(states: Record<string, Config>, place: string, event: string, transition: unknown): void {
  states[place] = { ...states[place], on: { ...states[place]?.on, [event]: transition } };
}
