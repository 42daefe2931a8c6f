import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { explore, follow } from '../src/testing/index.ts';
import type { Exploration } from '../src/testing/index.ts';
import { testScale } from '../test/setup/size.ts';
import { RACES } from './mutants/races/index.ts';
import { STRATEGIES, strategyOf } from './mutants/races/measure.ts';
import type { StrategyName } from './mutants/races/measure.ts';
import type { Race } from './mutants/races/race.ts';

const { seed, factor } = testScale();
/** Each strategy has so many schedules to find a bug. */
const FOUND_WITHIN = 500 * factor;
/** The right version has to hold in so many schedules of each strategy. */
const HOLDS_FOR = 100 * factor;
const REPLAYS = 100;

describe('a planted race', () => {
  it.each(RACES)('is found by a strategy: $name', async (race) => {
    expect((await firstFailure(race))?.failure?.oracle).toBe(race.oracle);
  });

  it.each(RACES)('is not found in the right version: $name', async (race) => {
    for (const strategy of STRATEGIES) {
      const { failure, exhausted, schedules } = await search(race, false, strategy, HOLDS_FOR);

      expect(failure?.message).toBeUndefined();
      expect(exhausted || schedules === HOLDS_FOR).toBe(true);
    }
  });

  it.each(RACES)('is repeated by its replay line 100 times out of 100: $name', async (race) => {
    const failure = (await firstFailure(race))?.failure;
    const hashes = new Set<string | undefined>();
    for (let i = 0; i < REPLAYS; i++) {
      const again = await explore(race.scenario(true), { replay: failure?.replay ?? '', throws: false });
      hashes.add(again.failure?.traceHash);
    }

    expect([...hashes]).toEqual([failure?.traceHash]);
  });

  const choices = fc.array(fc.nat({ max: 9 }), { maxLength: 60 });
  test.prop([choices])('is in no right version, whatever is chosen', async (indices) => {
    for (const race of RACES) {
      const options = { ...race.options, strategy: follow(indices), throws: false };
      const { failure } = await explore(race.scenario(false), options);

      expect(failure && `${race.name}: ${failure.message}`).toBeUndefined();
    }
  });
});

// Helpers

/** What the first strategy that finds it has found. */
async function firstFailure(race: Race): Promise<Exploration | undefined> {
  for (const strategy of STRATEGIES) {
    const exploration = await search(race, true, strategy, FOUND_WITHIN);
    if (exploration.failure !== undefined) return exploration;
  }
  return undefined;
}

function search(race: Race, bug: boolean, strategy: StrategyName, schedules: number): Promise<Exploration> {
  const options = { ...race.options, strategy: strategyOf(strategy, seed), schedules, throws: false };
  return explore(race.scenario(bug), options);
}
