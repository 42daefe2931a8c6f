// What holds for every statechart of the package, whatever it is for: each law is a property over any sequence of the
// chart's events. L1 to L5 stand in test/machines/laws.ts, whose journeys do the bookkeeping.

import { fc } from '@fast-check/vitest';
import { initialTransition, transition } from 'xstate';
import type { AnyMachineSnapshot, AnyStateMachine, EventObject } from 'xstate';
import { begin, essenceOf, longestWayOut, possibleEvents, step } from '../test/machines/laws.ts';
import type { Journey } from '../test/machines/laws.ts';

/** A chart and all that can happen to it. */
export interface LawSubject {
  readonly machine: AnyStateMachine;
  readonly inputs: readonly unknown[];
  /** The whole alphabet: commands, facts, effects that settle, timers, noise. */
  readonly events: readonly EventObject[];
  /** Those that need nobody who sends a command: effects that settle, timers. */
  readonly outside: readonly EventObject[];
  /** The command that ends the chart; undefined where it has none. */
  readonly stop: EventObject | undefined;
}

/** One event of a run: any at all, or with `likely` one of those that can happen now. */
export interface LawStep {
  readonly likely: boolean;
  readonly number: number;
}

/** A law: throws when the run breaks it. */
export type Law = (subject: LawSubject, input: unknown, steps: readonly LawStep[]) => void;

/** The run of a law: which of the inputs, and the steps. */
export function lawRun(): fc.Arbitrary<{ readonly input: number; readonly steps: readonly LawStep[] }> {
  const likely = fc.oneof({ weight: 5, arbitrary: fc.constant(true) }, { weight: 1, arbitrary: fc.constant(false) });
  const oneStep = fc.record({ likely, number: fc.nat(10_000) });
  return fc.record({ input: fc.nat(100), steps: fc.array(oneStep, { maxLength: 80, size: 'max' }) });
}

/** L1. No event throws in any state, and none fails the chart. Drives it bare, so that no other law speaks first. */
export const neverThrows: Law = ({ machine, events }, input, steps) => {
  let [snapshot] = initialTransition(machine, input);
  for (const { likely, number } of steps) {
    const candidates = events.filter((event) => canReach(snapshot, event) && (!likely || snapshot.can(event)));
    const event = candidates[number % candidates.length];
    if (event === undefined) continue;
    [snapshot] = transition(machine, snapshot, event);
    if (snapshot.status === 'error') throw new Error(`"${event.type}" fails the chart`, { cause: snapshot.error });
  }
};

/** L1. A chart that is done stays as it is, whatever it hears. A run that does not come to an end by itself is stopped. */
export const finalIsFinal: Law = (subject, input, steps) => {
  let journey = travelled(subject, input, steps);
  if (subject.stop !== undefined) journey = step(journey, subject.stop);
  for (const { number } of steps) {
    const possible = possibleEvents(journey, subject.outside);
    const event = possible[number % possible.length];
    if (event !== undefined) journey = step(journey, event);
  }
  if (journey.snapshot.status === 'active') return;
  for (const event of subject.events) step(journey, event);
};

/** L2 and L3. A state owns at most one live timer, and neither timer nor child outlives its state. */
export const ownsWhatLives: Law = (subject, input, steps) => {
  travelled(subject, input, steps);
};

/** L4. The same events lead to the same snapshot. */
export const replays: Law = (subject, input, steps) => {
  const journey = travelled(subject, input, steps);
  const again = journey.path.reduce(step, begin(subject.machine, input));
  const [first, second] = [journey, again].map(({ snapshot }) => JSON.stringify(essenceOf(snapshot)));
  if (first !== second) throw new Error(`replayed, ${first} is ${second}`);
};

/** L5. After the stop command the outside world alone leads to a final state, whichever way it takes. */
export const stopEnds: Law = (subject, input, steps) => {
  if (subject.stop === undefined) return;
  longestWayOut(step(travelled(subject, input, steps), subject.stop), subject.outside);
};

/** All laws, by what they say. */
export const LAWS: Readonly<Record<string, Law>> = {
  'L1: never throws': neverThrows,
  'L1: stays as it is once it is done': finalIsFinal,
  'L2, L3: owns at most 1 timer a state, and nothing that outlives its state': ownsWhatLives,
  'L4: comes to the same when the same events are replayed': replays,
  'L5: comes to its end after a stop, from every state': stopEnds,
};

// Helpers

function travelled(subject: LawSubject, input: unknown, steps: readonly LawStep[]): Journey {
  return steps.reduce((journey, one) => step(journey, chosen(subject, journey, one)), begin(subject.machine, input));
}

/** Where nothing happens by itself, or by choice, any event of the alphabet comes. */
function chosen({ events }: LawSubject, journey: Journey, { likely, number }: LawStep): EventObject {
  const possible = likely ? possibleEvents(journey, events) : [];
  const candidates = possible.length > 0 ? possible : events;
  return candidates[number % candidates.length] as EventObject;
}

/** XState fails a chart on the error of a child that it does not have, and nobody can send one. */
function canReach(snapshot: AnyMachineSnapshot, { type }: EventObject): boolean {
  const child = /^xstate\.error\.actor\.(.*)$/.exec(type)?.[1];
  return child === undefined || Object.hasOwn(snapshot.children, child);
}
