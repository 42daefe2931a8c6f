// Line coverage of one test run: what the test processes recorded, plus what the plugin processes they started recorded.
//
// Invariants:
//   V1. Merging only adds: a statement that ran in a test process stays covered.
//   V2. Generated code (src/gen) never counts.
//   V3. Child processes run the sources through Node's type stripping, which keeps every offset: a V8 offset is an
//       offset into the file on disk.

import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ROOT } from './run.ts';

/** A place in a file; `line` counts from 1, `column` from 0. */
interface Position {
  readonly line: number;
  readonly column: number;
}

/** The part of Istanbul's record of one file that is used here. */
export interface FileCoverage {
  readonly path: string;
  readonly statementMap: Readonly<Record<string, { readonly start: Position; readonly end: Position }>>;
  /** Executions by statement. */
  readonly s: Record<string, number>;
}

/** Istanbul's record of a run, by absolute path. */
export type CoverageMap = Record<string, FileCoverage>;

/** The part of V8's raw record of one script that is used here. */
export interface ScriptCoverage {
  readonly url: string;
  readonly functions: readonly {
    readonly ranges: readonly {
      readonly startOffset: number;
      readonly endOffset: number;
      readonly count: number;
    }[];
  }[];
}

/** Covered and countable lines of a file or a folder. */
export interface LineCount {
  readonly name: string;
  readonly covered: number;
  readonly total: number;
}

/** Where a run leaves its records. */
export const COVERAGE_FILE: string = join(ROOT, 'coverage', 'coverage-final.json');
/** Where plugin processes leave theirs, one file a process, when `NODE_V8_COVERAGE` names it. */
export const CHILD_COVERAGE_DIRECTORY: string = join(ROOT, '.cache', 'child-coverage');

const OVERALL_PERCENT = 90;
const STRICT_PERCENT = 92;
const STRICT_FOLDERS = ['src/actors', 'src/bus', 'src/transport'];

/**
 * Marks the statements of `map` that ran in a child process only (V1). `sourceOf` gives the text of a file by its
 * absolute path. Returns how many statements were added.
 */
export function mergeChild(
  map: CoverageMap,
  scripts: readonly ScriptCoverage[],
  sourceOf: (path: string) => string,
): number {
  const byUrl = new Map(Object.values(map).map((file) => [pathToFileURL(file.path).href, file]));
  let added = 0;
  for (const script of scripts) {
    const file = byUrl.get(script.url);
    if (!file) continue;
    const missing = Object.keys(file.s).filter((id) => file.s[id] === 0);
    if (missing.length === 0) continue;
    const lineStarts = lineStartsOf(sourceOf(file.path));
    for (const id of missing) {
      const start = file.statementMap[id]?.start;
      if (!start) continue;
      const count = countAt(script, (lineStarts[start.line - 1] ?? 0) + start.column);
      if (count === 0) continue;
      file.s[id] = count;
      added += 1;
    }
  }
  return added;
}

/** Executions of the code at `offset`: those of the innermost range around it; 0 where no range is. */
export function countAt(script: ScriptCoverage, offset: number): number {
  let count = 0;
  let width = Number.POSITIVE_INFINITY;
  for (const { ranges } of script.functions) {
    for (const range of ranges) {
      if (offset < range.startOffset || offset >= range.endOffset) continue;
      // V8 lists an outer range before the inner one of the same extent, so the later of two equals is the inner one.
      if (range.endOffset - range.startOffset > width) continue;
      width = range.endOffset - range.startOffset;
      count = range.count;
    }
  }
  return count;
}

/** The lines of a file: one counts where a statement begins, and is covered when one of those statements ran. */
export function linesOf(file: FileCoverage, root: string = ROOT): LineCount {
  const lines = new Map<number, boolean>();
  for (const [id, { start }] of Object.entries(file.statementMap)) {
    lines.set(start.line, (lines.get(start.line) ?? false) || (file.s[id] ?? 0) > 0);
  }
  const covered = [...lines.values()].filter(Boolean).length;
  return { name: relative(root, file.path), covered, total: lines.size };
}

/** The lines of each file that counts (V2), in the order of their names. */
export function countFiles(map: CoverageMap, root: string = ROOT): LineCount[] {
  return Object.values(map)
    .map((file) => linesOf(file, root))
    .filter(({ name }) => name.startsWith('src/') && !name.startsWith('src/gen/'))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Adds files up by their folder directly under `src`. */
export function countFolders(files: readonly LineCount[]): LineCount[] {
  const folders = new Map<string, LineCount>();
  for (const { name, covered, total } of files) {
    const folder = name.split('/').slice(0, -1).slice(0, 2).join('/');
    const sum = folders.get(folder) ?? { name: folder, covered: 0, total: 0 };
    folders.set(folder, { name: folder, covered: sum.covered + covered, total: sum.total + total });
  }
  return [...folders.values()].filter(({ total }) => total > 0);
}

/** What falls short of the gate, one sentence each; empty when nothing does. */
export function shortfalls(files: readonly LineCount[]): string[] {
  const overall = sum('src', files);
  if (overall.total === 0) return ['no line of src was recorded'];
  const strict = countFolders(files).filter(({ name }) => STRICT_FOLDERS.includes(name));
  return [...shortfall(overall, OVERALL_PERCENT), ...strict.flatMap((folder) => shortfall(folder, STRICT_PERCENT))];
}

/** The table for people: a line per folder, then the ten files with the smallest share of covered lines. */
export function report(files: readonly LineCount[]): string {
  const worst = files.filter(({ covered, total }) => covered < total).sort((a, b) => percent(a) - percent(b));
  return [
    'lines covered:',
    ...[...countFolders(files), sum('all', files)].map(row),
    ...(worst.length > 0 ? ['least covered:', ...worst.slice(0, 10).map(row)] : []),
  ].join('\n');
}

/**
 * Merges what child processes left, writes the merged record back, prints the table and what falls short. Returns
 * whether the gate is met.
 */
export function evaluateCoverage(): boolean {
  if (!existsSync(COVERAGE_FILE)) {
    console.log('coverage: no record of a run; `npm test` leaves one');
    return false;
  }
  const map = JSON.parse(readFileSync(COVERAGE_FILE, 'utf8')) as CoverageMap;
  const { processes, added } = mergeChildren(map);
  writeFileSync(COVERAGE_FILE, JSON.stringify(map));
  if (processes > 0) console.log(`coverage: ${added} statements ran only in one of ${processes} child processes`);
  const files = countFiles(map);
  console.log(report(files));
  const missing = shortfalls(files);
  for (const line of missing) console.log(`coverage: ${line}`);
  return missing.length === 0;
}

function mergeChildren(map: CoverageMap): { processes: number; added: number } {
  const names = existsSync(CHILD_COVERAGE_DIRECTORY) ? readdirSync(CHILD_COVERAGE_DIRECTORY) : [];
  const sources = new Map<string, string>();
  const sourceOf = (path: string): string => {
    const source = sources.get(path) ?? readFileSync(path, 'utf8');
    sources.set(path, source);
    return source;
  };
  let processes = 0;
  let added = 0;
  for (const name of names) {
    const scripts = readRaw(join(CHILD_COVERAGE_DIRECTORY, name));
    if (!scripts) continue;
    processes += 1;
    added += mergeChild(map, scripts, sourceOf);
  }
  // Merged into the record now; kept, the raw files of one run would be counted into the next.
  rmSync(CHILD_COVERAGE_DIRECTORY, { recursive: true, force: true });
  return { processes, added };
}

function readRaw(path: string): ScriptCoverage[] | undefined {
  try {
    return (JSON.parse(readFileSync(path, 'utf8')) as { result: ScriptCoverage[] }).result;
  } catch {
    // A process killed while it wrote leaves half a file: its lines count by other processes.
    return undefined;
  }
}

function lineStartsOf(source: string): number[] {
  const starts = [0];
  for (let at = source.indexOf('\n'); at !== -1; at = source.indexOf('\n', at + 1)) starts.push(at + 1);
  return starts;
}

function sum(name: string, counts: readonly LineCount[]): LineCount {
  return counts.reduce(
    (all, { covered, total }) => ({ name, covered: all.covered + covered, total: all.total + total }),
    { name, covered: 0, total: 0 },
  );
}

function shortfall(count: LineCount, floor: number): string[] {
  return percent(count) >= floor ? [] : [`${count.name} has ${percent(count).toFixed(2)} % of lines, needs ${floor} %`];
}

function percent({ covered, total }: LineCount): number {
  return total === 0 ? 100 : (100 * covered) / total;
}

function row(count: LineCount): string {
  return `  ${count.name.padEnd(48)} ${percent(count).toFixed(1).padStart(5)} %  ${count.covered}/${count.total}`;
}

if (import.meta.main) process.exitCode = evaluateCoverage() ? 0 : 1;
