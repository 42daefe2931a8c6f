// `npm run mutants -- [NAME...] [--full] [--json] [--write]`: which strategy finds which planted race, in how many
// schedules. The figures follow from fixed seeds, so that they only change with the code.
//
// --full   takes more seeds and more schedules.
// --json   prints one object, `{ total, found, perStrategy, table }`, and nothing else, to standard output.
// --write  puts the table into property-tests/mutants/README.md.
//
// Exit codes: 0, 1 (no strategy finds a race, or its right version or its ordinary test fails), 2 (wrong usage).

import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { RACES } from '../property-tests/mutants/races/index.ts';
import { measureRace } from '../property-tests/mutants/races/measure.ts';
import type { MeasureSize, RaceRow } from '../property-tests/mutants/races/measure.ts';
import type { Race } from '../property-tests/mutants/races/race.ts';
import { runUnit } from '../property-tests/mutants/races/run-unit.ts';
import { complaintsOf, insertTable, renderTable, reportOf } from './mutants-table.ts';

const PAGE = new URL('../property-tests/mutants/README.md', import.meta.url);
const DEFAULT_SIZE: MeasureSize = { seeds: 50, schedules: 1000, dfsSchedules: 20_000, shrunk: 5 };
const FULL_SIZE: MeasureSize = { seeds: 500, schedules: 5000, dfsSchedules: 200_000, shrunk: 50 };

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { full: { type: 'boolean' }, json: { type: 'boolean' }, write: { type: 'boolean' } },
  });
  const races = positionals.length === 0 ? RACES : RACES.filter(({ name }) => positionals.includes(name));
  if (races.length < positionals.length || (values.write === true && positionals.length > 0)) {
    process.stderr.write(`no race, or not every race, is named ${positionals.join(', ')}\n`);
    return 2;
  }
  const broken: string[] = [];
  const rows: RaceRow[] = [];
  for (const race of races) {
    broken.push(...(await failingUnits(race)));
    rows.push(await measureRace(race, values.full === true ? FULL_SIZE : DEFAULT_SIZE));
  }
  const report = reportOf(rows);
  const table = renderTable(report);
  process.stdout.write(values.json === true ? `${JSON.stringify(report)}\n` : table);
  if (values.write === true) writeFileSync(PAGE, insertTable(readFileSync(PAGE, 'utf8'), table));
  const complaints = [...broken, ...complaintsOf(report)];
  for (const complaint of complaints) process.stderr.write(`${complaint}\n`);
  return complaints.length === 0 ? 0 : 1;
}

/** A bug that an ordinary test finds needs no race kernel. */
async function failingUnits(race: Race): Promise<string[]> {
  const failing: string[] = [];
  for (const bug of [false, true]) {
    try {
      await runUnit(race, bug);
    } catch (error) {
      failing.push(`the ordinary test of ${race.name} fails ${bug ? 'with' : 'without'} the bug: ${String(error)}`);
    }
  }
  return failing;
}

try {
  process.exitCode = await main();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  process.exitCode = 2;
}
