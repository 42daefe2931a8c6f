import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { RACES } from '../../property-tests/mutants/races/index.ts';
import { runUnit } from '../../property-tests/mutants/races/run-unit.ts';

const FOLDER = new URL('../../property-tests/mutants/races/', import.meta.url);
const PAGE = new URL('../../property-tests/mutants/README.md', import.meta.url);

describe('the planted races', () => {
  it('are at least 24, each in a file of its name', () => {
    const numbered = readdirSync(FOLDER).toSorted();
    const files = numbered.flatMap((file) => /^\d\d-(.+)\.ts$/.exec(file)?.[1] ?? []);

    expect(files.length).toBeGreaterThanOrEqual(24);
    expect(RACES.map(({ name }) => name)).toEqual(files);
  });

  it('have at least 6 that need two things or more in a certain order', () => {
    expect(RACES.filter(({ constraints }) => constraints >= 2).length).toBeGreaterThanOrEqual(6);
  });

  it('stand in the table of the page, in their order', () => {
    const table = readFileSync(PAGE, 'utf8').split('<!-- The table is written')[1] ?? '';
    const names = table.split('\n').flatMap((line) => /^\| ([a-z-]*[a-z][a-z-]*) \|/.exec(line)?.[1] ?? []);

    expect(names.filter((name) => name !== 'race')).toEqual(RACES.map(({ name }) => name));
  });
});

describe('the ordinary test of a planted race', () => {
  it.each(RACES)('passes without the bug: $name', async (race) => {
    await expect(runUnit(race, false)).resolves.toBeUndefined();
  });

  it.each(RACES)('passes with the bug: $name', async (race) => {
    await expect(runUnit(race, true)).resolves.toBeUndefined();
  });
});
