// How quickly the strategies find a planted race.
//
// Invariants:
//   M1. The figures follow from the seeds: they are the same on every machine.
//   M2. What counts is the number of schedules, never the time that they took.

import { dfs, explore, pct, portfolio, random } from '../../../src/testing/index.ts';
import type { Strategy } from '../../../src/testing/index.ts';
import type { Race } from './race.ts';

/** The strategies of the table. */
export const STRATEGIES = ['random', 'pct', 'dfs', 'portfolio'] as const;

/** One of them. */
export type StrategyName = (typeof STRATEGIES)[number];

/** How much is measured. */
export interface MeasureSize {
  /** Explorations by each strategy that has a seed. */
  readonly seeds: number;
  /** Most schedules of one exploration. */
  readonly schedules: number;
  /** Most schedules of the one exploration by dfs, which has no seed. */
  readonly dfsSchedules: number;
  /** Counterexamples that are made small. */
  readonly shrunk: number;
}

/** How one strategy did on one race. */
export interface Detection {
  /** Share of the explorations that found the bug, from 0 to 1. */
  readonly rate: number;
  /** Median number of schedules until then, of those that found it. */
  readonly schedules: number | undefined;
  /** Share of all schedules that failed: what one schedule finds. */
  readonly perSchedule: number;
}

/** What was measured of one race. */
export interface RaceRow {
  readonly name: string;
  readonly oracle: string;
  readonly constraints: number;
  /** Whether the right version passed everywhere. */
  readonly rightHolds: boolean;
  readonly found: boolean;
  readonly strategies: Readonly<Record<StrategyName, Detection>>;
  /** Median length of the counterexamples that were made small, in decisions; undefined when there is none. */
  readonly shrunk: number | undefined;
  readonly shortest: number;
}

/** Delays that the bounded search affords. */
const DFS_BOUND = 16;

/** The strategy of a name, from a seed. */
export function strategyOf(name: StrategyName, seed: number): Strategy {
  switch (name) {
    case 'random':
      return random(seed);
    case 'pct':
      return pct({ seed });
    case 'dfs':
      return dfs({ bound: DFS_BOUND });
    case 'portfolio':
      return portfolio({ seed });
    default:
      return name satisfies never;
  }
}

/** Measures one race with every strategy. */
export async function measureRace(race: Race, size: MeasureSize): Promise<RaceRow> {
  const { name, oracle, constraints, shortest } = race;
  const strategies = {
    random: await detect(race, 'random', size),
    pct: await detect(race, 'pct', size),
    dfs: await detect(race, 'dfs', size),
    portfolio: await detect(race, 'portfolio', size),
  };
  return {
    name,
    oracle,
    constraints,
    rightHolds: await rightHolds(race, size),
    found: STRATEGIES.some((strategy) => strategies[strategy].rate > 0),
    strategies,
    shrunk: median(await shrunkLengths(race, size)),
    shortest,
  };
}

async function detect(race: Race, strategy: StrategyName, size: MeasureSize): Promise<Detection> {
  const seeds = strategy === 'dfs' ? 1 : size.seeds;
  const schedules = strategy === 'dfs' ? size.dfsSchedules : size.schedules;
  const until: number[] = [];
  let total = 0;
  for (let seed = 1; seed <= seeds; seed++) {
    const exploration = await explore(race.scenario(true), {
      ...race.options,
      strategy: strategyOf(strategy, seed),
      schedules,
      shrinkTries: 0,
      throws: false,
    });
    total += exploration.schedules;
    // Another finding than the one that was planted would be a bug of the race itself.
    if (exploration.failure?.oracle === race.oracle) until.push(exploration.schedules);
  }
  return { rate: until.length / seeds, schedules: median(until), perSchedule: until.length / total };
}

async function rightHolds(race: Race, { schedules }: MeasureSize): Promise<boolean> {
  for (const strategy of STRATEGIES) {
    const options = { ...race.options, strategy: strategyOf(strategy, 1), schedules, throws: false };
    const { failure } = await explore(race.scenario(false), options);
    if (failure !== undefined) return false;
  }
  return true;
}

async function shrunkLengths(race: Race, { shrunk, schedules }: MeasureSize): Promise<number[]> {
  const lengths: number[] = [];
  for (let seed = 1; seed <= shrunk; seed++) {
    const strategy = strategyOf('portfolio', seed);
    const options = { ...race.options, strategy, schedules, throws: false };
    const { failure } = await explore(race.scenario(true), options);
    if (failure?.oracle === race.oracle) lengths.push(failure.decisions.length);
  }
  return lengths;
}

/** The middle one; of an even number of values the lower of the two in the middle. */
export function median(values: readonly number[]): number | undefined {
  return values.toSorted((a, b) => a - b)[(values.length - 1) >> 1];
}
