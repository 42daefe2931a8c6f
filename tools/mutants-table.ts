// What the measured races look like, in Markdown and as one object of JSON.

import { median, STRATEGIES } from '../property-tests/mutants/races/measure.ts';
import type { Detection, RaceRow, StrategyName } from '../property-tests/mutants/races/measure.ts';

/** What `npm run mutants -- --json` prints. */
export interface MutantsReport {
  /** Planted races. */
  readonly total: number;
  /** Those that at least one strategy has found. */
  readonly found: number;
  readonly perStrategy: Readonly<Record<StrategyName, StrategySummary>>;
  readonly table: readonly RaceRow[];
}

/** How one strategy did on all races. */
export interface StrategySummary {
  /** Races that it found at all. */
  readonly found: number;
  /** Mean share of its explorations that found the bug, from 0 to 1. */
  readonly rate: number;
  /** Median over the races that it found, of the schedules until then. */
  readonly schedules: number | undefined;
}

/** A race is rare when this share of random schedules, or less, finds it. */
const RARE = 0.01;
/** How much longer than the shortest known one a counterexample may be, in the median. */
const MOST_RATIO = 1.5;
const BEGIN = '<!-- The table is written by `npm run mutants -- --write`. -->';
const END = '<!-- End of the table. -->';

/** Sums rows up. */
export function reportOf(table: readonly RaceRow[]): MutantsReport {
  const summaries = STRATEGIES.map((strategy) => {
    const detections = table.map(({ strategies }) => strategies[strategy]);
    const found = detections.filter(({ rate }) => rate > 0);
    const summary: StrategySummary = {
      found: found.length,
      rate: detections.reduce((sum, { rate }) => sum + rate, 0) / Math.max(1, table.length),
      schedules: median(found.flatMap(({ schedules }) => schedules ?? [])),
    };
    return [strategy, summary] as const;
  });
  return {
    total: table.length,
    found: table.filter(({ found }) => found).length,
    perStrategy: Object.fromEntries(summaries) as Record<StrategyName, StrategySummary>,
    table,
  };
}

/** What is wrong with the corpus; empty when every bug is found and nothing else is. */
export function complaintsOf({ table }: MutantsReport): readonly string[] {
  const ratio = medianRatio(table);
  return [
    ...table.filter(({ found }) => !found).map(({ name }) => `no strategy finds ${name}`),
    ...table.filter((row) => !row.rightHolds).map(({ name }) => `the right version of ${name} fails`),
    ...(ratio <= MOST_RATIO
      ? []
      : [`counterexamples are ${ratio.toFixed(2)} times as long as the shortest known ones`]),
  ];
}

/** The table, and what it comes to. */
export function renderTable({ total, found, perStrategy, table }: MutantsReport): string {
  const rare = table.filter(({ constraints, strategies }) => constraints >= 2 && strategies.random.perSchedule < RARE);
  const lines = [
    '| race | oracle | orders | random | of all random | pct | dfs | portfolio | shrunk | shortest |',
    '| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |',
    ...table.map(renderRow),
    '',
    `${found} of ${total} are found. ${STRATEGIES.map((name) => `${name} finds ${perStrategy[name].found}`).join(', ')}.`,
    `${rare.length} need two orders or more and fail in less than 1 % of random schedules: ${rare.map(({ name }) => name).join(', ')}.`,
    `A counterexample that was made small is ${medianRatio(table).toFixed(2)} times as long as the shortest known one (median).`,
  ];
  return `${lines.join('\n')}\n`;
}

/** The page with the table between its markers replaced. Throws when the page has none. */
export function insertTable(page: string, table: string): string {
  const [head, rest] = page.split(BEGIN);
  const tail = rest?.split(END)[1];
  if (head === undefined || tail === undefined) throw new Error(`the page lacks "${BEGIN}" or "${END}"`);
  return `${head}${BEGIN}\n\n${table}\n${END}${tail}`;
}

function renderRow({ name, oracle, constraints, strategies, shrunk, shortest }: RaceRow): string {
  const [random, ...others] = STRATEGIES.map((strategy) => renderDetection(strategies[strategy]));
  const share = `${(100 * strategies.random.perSchedule).toPrecision(2)} %`;
  const cells = [name, oracle, constraints, random, share, ...others, shrunk ?? '-', shortest];
  return `| ${cells.join(' | ')} |`;
}

/** The median of the schedules, and how often the bug was found where that was not always. */
function renderDetection({ rate, schedules }: Detection): string {
  if (schedules === undefined) return '-';
  return rate === 1 ? String(schedules) : `${schedules} (${Math.round(100 * rate)} %)`;
}

function medianRatio(table: readonly RaceRow[]): number {
  return median(table.flatMap(({ shrunk, shortest }) => (shrunk === undefined ? [] : [shrunk / shortest]))) ?? 1;
}
