import { describe, expect, it } from 'vitest';
import type { Detection, RaceRow } from '../../property-tests/mutants/races/measure.ts';
import { complaintsOf, insertTable, renderTable, reportOf } from '../../tools/mutants-table.ts';

const ALWAYS: Detection = { rate: 1, schedules: 3, perSchedule: 0.25 };
const SELDOM: Detection = { rate: 0.5, schedules: 400, perSchedule: 0.001 };
const NEVER: Detection = { rate: 0, schedules: undefined, perSchedule: 0 };

describe('reportOf', () => {
  it('counts what each strategy has found', () => {
    const { total, found, perStrategy } = reportOf([rowOf({ name: 'a' }), rowOf({ name: 'b', found: false })]);

    expect([total, found]).toEqual([2, 1]);
    expect(perStrategy.random).toEqual({ found: 2, rate: 0.5, schedules: 400 });
    expect(perStrategy.dfs).toEqual({ found: 0, rate: 0, schedules: undefined });
  });
});

describe('complaintsOf', () => {
  it('has nothing to say when all is found', () => {
    expect(complaintsOf(reportOf([rowOf({})]))).toEqual([]);
  });

  it('names a race that nobody finds, and a right version that fails', () => {
    const table = [rowOf({ name: 'a', found: false }), rowOf({ name: 'b', rightHolds: false })];

    expect(complaintsOf(reportOf(table))).toEqual(['no strategy finds a', 'the right version of b fails']);
  });

  it('complains when counterexamples are more than 1.5 times as long as need be', () => {
    const complaints = complaintsOf(reportOf([rowOf({ shrunk: 16, shortest: 10 })]));

    expect(complaints).toEqual(['counterexamples are 1.60 times as long as the shortest known ones']);
  });
});

describe('renderTable', () => {
  it('shows schedules, and the share of explorations where it is below 100 %', () => {
    const [, , row] = renderTable(reportOf([rowOf({})])).split('\n');

    expect(row).toBe('| a | check | 2 | 400 (50 %) | 0.10 % | 3 | - | 3 | 10 | 10 |');
  });

  it('takes the place between the markers, again and again', () => {
    const page = insertTable(
      'before\n<!-- The table is written by `npm run mutants -- --write`. -->\n<!-- End of the table. -->\nafter\n',
      'one\n',
    );

    expect(insertTable(page, 'one\n')).toBe(page);
    expect(page).toMatch(/^before\n[^]*\n\none\n\n[^]*\nafter\n$/);
    expect(() => insertTable('nothing', 'one')).toThrow('the page lacks');
  });
});

// Helpers

function rowOf(row: Partial<RaceRow>): RaceRow {
  return {
    name: 'a',
    oracle: 'check',
    constraints: 2,
    rightHolds: true,
    found: true,
    strategies: { random: SELDOM, pct: ALWAYS, dfs: NEVER, portfolio: ALWAYS },
    shrunk: 10,
    shortest: 10,
    ...row,
  };
}
