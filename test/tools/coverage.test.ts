import { describe, expect, it } from 'vitest';
import { countAt, countFiles, countFolders, linesOf, mergeChild, report, shortfalls } from '../../tools/coverage.ts';
import type { CoverageMap, FileCoverage, ScriptCoverage } from '../../tools/coverage.ts';

const SOURCE = ['function a() {', '  return 1;', '}', 'function b() {', '  return 2;', '}', ''].join('\n');

describe('mergeChild', () => {
  it('covers a statement that ran in a child process only', () => {
    const map = recordOf({ 2: 0, 5: 0 });

    const added = mergeChild(map, [scriptOf([0, SOURCE.length, 1], [0, 29, 3], [30, 60, 0])], () => SOURCE);

    expect(map['/r/src/x.ts']?.s).toEqual({ 2: 3, 5: 0 });
    expect(added).toBe(1);
  });

  it('keeps the count of a statement that ran in a test', () => {
    const map = recordOf({ 2: 7, 5: 7 });

    mergeChild(map, [scriptOf([0, SOURCE.length, 0])], () => SOURCE);

    expect(map['/r/src/x.ts']?.s).toEqual({ 2: 7, 5: 7 });
  });

  it('adds up what several child processes ran', () => {
    const map = recordOf({ 2: 0, 5: 0 });
    const first = scriptOf([0, SOURCE.length, 1], [0, 29, 1], [30, 60, 0]);
    const second = scriptOf([0, SOURCE.length, 1], [0, 29, 0], [30, 60, 4]);

    mergeChild(map, [first, second], () => SOURCE);

    expect(map['/r/src/x.ts']?.s).toEqual({ 2: 1, 5: 4 });
  });

  it('passes over scripts that the record does not know', () => {
    const map = recordOf({ 2: 0 });

    expect(mergeChild(map, [{ ...scriptOf([0, 99, 1]), url: 'node:fs' }], () => SOURCE)).toBe(0);
  });
});

describe('countAt', () => {
  it('takes the innermost of 3 ranges around an offset', () => {
    expect(countAt(scriptOf([0, 100, 5], [20, 60, 2], [30, 40, 0]), 35)).toBe(0);
    expect(countAt(scriptOf([30, 40, 9], [20, 60, 2], [0, 100, 5]), 35)).toBe(9);
  });

  it('takes the later of two ranges of the same extent', () => {
    expect(countAt(scriptOf([0, 100, 1], [0, 100, 0]), 50)).toBe(0);
  });

  it('counts 0 outside of every range, and at the end of one', () => {
    expect(countAt(scriptOf([10, 20, 1]), 9)).toBe(0);
    expect(countAt(scriptOf([10, 20, 1]), 20)).toBe(0);
  });
});

describe('linesOf', () => {
  it('counts a line once, covered when one of its 2 statements ran', () => {
    const file = fileOf('/r/src/x.ts', [
      [1, 0, 0],
      [1, 9, 1],
      [2, 0, 0],
    ]);

    expect(linesOf(file, '/r')).toEqual({ name: 'src/x.ts', covered: 1, total: 2 });
  });
});

describe('shortfalls', () => {
  it('asks for 90 % overall', () => {
    expect(shortfalls([count('src/host/a.ts', 89.9)])).toEqual(['src has 89.90 % of lines, needs 90 %']);
    expect(shortfalls([count('src/host/a.ts', 90)])).toEqual([]);
  });

  it.each(['actors', 'bus', 'transport'])('asks for 92 %% in src/%s', (folder) => {
    expect(shortfalls([count(`src/${folder}/a.ts`, 91.9)])).toEqual([`src/${folder} has 91.90 % of lines, needs 92 %`]);
    expect(shortfalls([count(`src/${folder}/deep/a.ts`, 92)])).toEqual([]);
  });

  it('is not met by a run that recorded nothing', () => {
    expect(shortfalls([])).toEqual(['no line of src was recorded']);
  });
});

describe('countFiles', () => {
  it('leaves generated code and everything outside of src out', () => {
    const paths = ['/r/src/gen/a.ts', '/r/src/b.ts', '/r/tools/c.ts'];
    const map = Object.fromEntries(paths.map((path) => [path, fileOf(path, [[1, 0, 1]])]));

    expect(countFiles(map, '/r').map(({ name }) => name)).toEqual(['src/b.ts']);
  });
});

describe('report', () => {
  it('has a line per folder and names at most 10 files', () => {
    const files = Array.from({ length: 12 }, (_, index) => count(`src/host/f${index}.ts`, 80 + index));

    const text = report(files);

    expect(countFolders(files)).toHaveLength(1);
    expect(text).toContain('src/host  ');
    expect(text.split('\n').filter((line) => line.includes('.ts'))).toHaveLength(10);
  });
});

// Helpers

function scriptOf(...ranges: readonly (readonly [number, number, number])[]): ScriptCoverage {
  return {
    url: 'file:///r/src/x.ts',
    functions: ranges.map(([startOffset, endOffset, times]) => ({
      ranges: [{ startOffset, endOffset, count: times }],
    })),
  };
}

/** A record with one statement at column 2 of each line named. */
function recordOf(counts: Readonly<Record<number, number>>): CoverageMap {
  const at = (line: number): { line: number; column: number } => ({ line, column: 2 });
  const ids = Object.keys(counts).map(Number);
  const statementMap = Object.fromEntries(ids.map((line) => [line, { start: at(line), end: at(line) }]));
  return { '/r/src/x.ts': { path: '/r/src/x.ts', statementMap, s: { ...counts } } };
}

function fileOf(path: string, statements: readonly (readonly [number, number, number])[]): FileCoverage {
  const places = statements.map(([line, column]) => ({ start: { line, column }, end: { line, column } }));
  const counts = statements.map(([, , times]) => times);
  return { path, statementMap: Object.fromEntries(places.entries()), s: Object.fromEntries(counts.entries()) };
}

function count(name: string, percent: number): { name: string; covered: number; total: number } {
  return { name, covered: Math.round(percent * 10), total: 1000 };
}
