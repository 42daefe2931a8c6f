import { fc, test } from '@fast-check/vitest';
import { afterAll, describe, expect } from 'vitest';
import type { EventObject } from 'xstate';
import { supervisorMachine } from '../src/machines/index.ts';
import type { SupervisedMember, SupervisorContext, SupervisorInput } from '../src/machines/index.ts';
import { begin, essenceOf, stateOf, step, travel } from '../test/machines/laws.ts';
import type { Journey } from '../test/machines/laws.ts';
import { EVENTS, failureOf, membersOf } from '../test/machines/supervisor.alphabet.ts';
import { testScale } from '../test/setup/size.ts';
import { CANDIDATES, choice, chosenEvent, failureIn, MEMBER_OPTIONS } from './arbitraries/supervisor-choice.ts';
import type { Choice } from './arbitraries/supervisor-choice.ts';

/** Transitions that the sequences must have taken, or else the properties below say little. */
const MUST_BE_TAKEN = [
  'stopping --done--> backingOff',
  'stopping --done--> stopping',
  'stopping --done--> watching',
  'stopping --done--> escalated',
  'stopping --error--> escalated',
  'stopping --member.failed--> stopping',
  'stopping --stop--> halted',
  'backingOff --backoff--> starting',
  'backingOff --member.failed--> backingOff',
  'backingOff --member.failed--> stopping',
  'backingOff --member.failed--> escalated',
  'backingOff --members.changed--> watching',
  'backingOff --stop--> halted',
  'starting --done--> watching',
  'starting --done--> stopping',
  'starting --done--> escalated',
  'starting --error--> escalated',
  'starting --stop--> halted',
  'watching --member.failed--> stopping',
  'watching --member.failed--> escalated',
  'watching --stable--> remembering',
  'watching --stop--> halted',
  'remembering --member.failed--> stopping',
  'remembering --memory--> steady',
  'remembering --stop--> halted',
];

const TIMED = ['backingOff', 'watching', 'remembering'];
const taken = new Set<string>();

afterAll(() => {
  // A run that repeats one counterexample cannot take them all.
  if (testScale().runs >= 100) expect(MUST_BE_TAKEN.filter((transition) => !taken.has(transition))).toEqual([]);
});

const strategies = fc.constantFrom('oneForOne' as const, 'oneForAll' as const, 'restForOne' as const);
const inputs: fc.Arbitrary<SupervisorInput> = fc.record({
  strategy: strategies,
  members: fc.constant(membersOf(CANDIDATES, MEMBER_OPTIONS)),
  failure: fc.constantFrom(...CANDIDATES).map((name) => failureOf(name, 0)),
});

describe('the supervisor, over any sequence of events', () => {
  test.prop([inputs, fc.array(choice(), { maxLength: 120, size: 'max' })])(
    'V1 to V4: agrees with a model of who runs, and owns 1 timer where it waits and none elsewhere',
    (input, choices) => {
      let life = born(input);
      for (const { choice: chosen, at } of timed(choices)) {
        const event = chosenEvent(life.journey, chosen, at);
        const next = step(life.journey, event);
        note(life.journey, event, next);
        life.model.hear(event, stateOf(life.journey.snapshot));
        expectAgreed(life.journey, event, next, life.model);
        // A new life, so that no step is wasted on the dead.
        life = next.snapshot.status === 'done' ? born(input, at) : { journey: next, model: life.model };
      }
    },
  );

  test.prop([inputs, fc.array(choice(), { maxLength: 60, size: 'max' })])(
    'can be repeated exactly',
    (input, choices) => {
      const journey = live(input, choices);

      const again = travel(supervisorMachine, input, journey.path);

      expect(essenceOf(again.snapshot)).toEqual(essenceOf(journey.snapshot));
    },
  );

  test.prop([inputs, fc.array(choice(), { maxLength: 60, size: 'max' })])(
    'V6: is halted 1 step after a stop, with no timer and no effect left',
    (input, choices) => {
      const journey = live(
        input,
        choices.filter(({ kind }) => kind !== 'effectBreaks'),
      );
      fc.pre(journey.snapshot.status === 'active');

      const { snapshot, timers, children } = step(journey, EVENTS.stop);

      expect([snapshot.output, timers.size, children.size]).toEqual([{ kind: 'halted' }, 0, 0]);
    },
  );
});

// Helpers

/** The model: which members run, and when each failed. Knows nothing of states, waits or batches to come. */
class Members {
  up: Set<string>;
  names: readonly string[];
  readonly failedAt = new Map<string, number[]>();
  effect: readonly string[] = [];
  /** Whether one failure of a member was one too many. */
  exceeded = new Set<string>();
  #failedInStart = new Set<string>();

  constructor({ members, failure }: SupervisorInput, at: number) {
    this.names = members.map(({ name }) => name);
    this.up = new Set(this.names);
    this.#fail(failure.name, at);
  }

  hear(event: EventObject, state: string): void {
    const failure = failureIn(event);
    if (event.type === 'members.changed') this.#change((event as unknown as { members: SupervisedMember[] }).members);
    if (event.type === EVENTS.stopped.type && state === 'stopping')
      for (const name of this.effect) this.up.delete(name);
    if (event.type === EVENTS.started.type && state !== 'starting') return;
    if (event.type === EVENTS.started.type) this.#start(failure?.name);
    if (failure !== undefined && this.names.includes(failure.name)) this.#fail(failure.name, failure.at);
  }

  begin(effect: readonly string[]): void {
    this.effect = effect;
    this.#failedInStart = new Set();
  }

  #start(failed: string | undefined): void {
    const until = failed === undefined ? this.effect.length : this.effect.indexOf(failed);
    for (const name of this.effect.slice(0, until)) if (!this.#failedInStart.has(name)) this.up.add(name);
  }

  #fail(name: string, at: number): void {
    const times = [...(this.failedAt.get(name) ?? []), at];
    this.failedAt.set(name, times);
    this.up.delete(name);
    this.#failedInStart.add(name);
    const counted = times.filter((time) => at - time < MEMBER_OPTIONS.withinMs);
    if (counted.length > MEMBER_OPTIONS.maxRestarts) this.exceeded.add(name);
  }

  #change(members: readonly SupervisedMember[]): void {
    const before = this.names;
    this.names = members.map(({ name }) => name);
    this.effect = this.effect.filter((name) => this.names.includes(name));
    for (const name of this.names) if (!before.includes(name)) this.up.add(name);
    for (const name of before) {
      if (this.names.includes(name)) continue;
      this.up.delete(name);
      this.failedAt.delete(name);
      this.exceeded.delete(name);
    }
  }
}

interface Life {
  readonly journey: Journey;
  readonly model: Members;
}

function born(input: SupervisorInput, at = 0): Life {
  const first = { ...input, failure: { ...input.failure, at } };
  const journey = begin(supervisorMachine, first);
  const model = new Members(first, at);
  model.begin(contextOf(journey).batch);
  return { journey, model };
}

function expectAgreed(before: Journey, event: EventObject, after: Journey, model: Members): void {
  const [from, state] = [stateOf(before.snapshot), stateOf(after.snapshot)];
  const { batch } = contextOf(after);
  expect(after.timers.size).toBe(TIMED.includes(state) ? 1 : 0);
  if (model.exceeded.size > 0) expect(state).toBeOneOf(['stopping', 'starting', 'escalated', 'halted']);
  if (state === 'watching' || state === 'remembering') expect([...model.up].toSorted(inText)).toEqual(model.names);
  if (state === 'starting' && from !== state) expectStarted(event, batch, model);
  if (state === 'stopping') expect(batch.toReversed()).toEqual(CANDIDATES.filter((name) => batch.includes(name)));
  if (before.snapshot !== after.snapshot && isEntered(before, after)) model.begin(batch);
}

/** V2, V3, V4. */
function expectStarted({ type }: EventObject, batch: readonly string[], model: Members): void {
  expect(type).toBe(EVENTS.backoff.type);
  expect(batch).toEqual(model.names.filter((name) => !model.up.has(name)));
}

/** Whether an effect has begun: one effect ends before the next begins, so its batch is another. */
function isEntered(before: Journey, after: Journey): boolean {
  const [from, to] = [stateOf(before.snapshot), stateOf(after.snapshot)];
  if (to !== 'stopping' && to !== 'starting') return false;
  return from !== to || after.path.at(-1)?.type === EVENTS.stopped.type;
}

function note(before: Journey, { type }: EventObject, after: Journey): void {
  if (before.snapshot === after.snapshot) return;
  const short = type.replace(/^xstate\.(?:after\.)?([^.]*)\..*$/, '$1');
  taken.add(`${stateOf(before.snapshot)} --${short}--> ${stateOf(after.snapshot)}`);
}

function* timed(choices: readonly Choice[]): Generator<{ readonly choice: Choice; readonly at: number }> {
  let at = 0;
  for (const each of choices) {
    at += each.gapMs;
    yield { choice: each, at };
  }
}

/** Where the choices lead, or the last point before the end. */
function live(input: SupervisorInput, choices: readonly Choice[]): Journey {
  let journey = begin(supervisorMachine, input);
  for (const { choice: chosen, at } of timed(choices)) {
    const next = step(journey, chosenEvent(journey, chosen, at));
    if (next.snapshot.status === 'done') return journey;
    journey = next;
  }
  return journey;
}

function contextOf({ snapshot }: Journey): SupervisorContext {
  return snapshot.context as SupervisorContext;
}

function inText(a: string, b: string): number {
  return a < b ? -1 : 1;
}
