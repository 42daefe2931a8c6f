// The shape of a planted race: one small protocol, right and wrong, told apart by `bug`.
//
// Invariants:
//   R1. The ordinary test passes for both versions: in the order in which a developer tries things, nothing is wrong.
//   R2. The right version holds in every schedule, the wrong one fails in at least one, with the oracle that is named.
//   R3. Everything that a schedule needs is made in `setup`, so that a schedule can be made again.

import type { ActorSystem } from '../../../src/actors/index.ts';
import type { Environment } from '../../../src/ports/index.ts';
import type { ExploreOptions, Scenario } from '../../../src/testing/index.ts';

/** A protocol with a bug that only some orders show. */
export interface Race<State = unknown> {
  /** Name of the file, without its number. */
  readonly name: string;
  /** What goes wrong. */
  readonly wrong: string;
  /** Which oracle sees it. */
  readonly oracle: string;
  /** How many things have to come in a certain order. */
  readonly constraints: number;
  /** Decisions of the shortest counterexample that is known. */
  readonly shortest: number;
  /** Options of `explore` that the scenario needs. */
  readonly options?: Pick<ExploreOptions, 'earlyTimers' | 'faults'>;
  /** What is explored. */
  scenario(bug: boolean): Scenario<State>;
  /** The test that a developer would write; throws when it fails. */
  unit(test: UnitTest, bug: boolean): Promise<void>;
}

/** What an ordinary test has: production's order, and time that moves when the test says so. */
export interface UnitTest {
  readonly system: ActorSystem;
  /** Lets everything happen that needs no time. */
  settle(): Promise<void>;
  /** Lets time pass, and everything happen that follows from it. */
  advance(ms: number): Promise<void>;
}

/** Gives a race its types, and forgets the type of its state. Reports call the scenario by the name of the race. */
export function defineRace<State>(race: Race<State>): Race {
  const named: Race<State> = { ...race, scenario: (bug) => ({ name: race.name, ...race.scenario(bug) }) };
  return named as unknown as Race;
}

/** Lets a client wait. */
export function pause({ clock }: Environment, ms: number): Promise<void> {
  return new Promise((resolve) => void clock.setTimeout(() => resolve(), ms));
}
