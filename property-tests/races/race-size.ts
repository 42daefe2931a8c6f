import { testScale } from '../../test/setup/size.ts';
import type { ExploreOptions } from '../../src/testing/index.ts';

const { factor, seed } = testScale();

/**
 * How far a race test goes: so many schedules in the gate, ten times as many in a full run. `TROUPE_RACE_SCHEDULES`
 * multiplies them, for a search over night.
 */
export function raceSize(schedules: number): Pick<ExploreOptions, 'schedules' | 'seed'> {
  const more = Number(process.env['TROUPE_RACE_SCHEDULES'] || 1);
  return { schedules: Math.max(1, Math.round(schedules * factor * more)), seed };
}
