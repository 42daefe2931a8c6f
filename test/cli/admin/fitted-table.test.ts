import { describe, expect, it } from 'vitest';
import { fittedTable, terminalWidth } from '../../../src/cli/admin/fitted-table.ts';
import type { TextColumn } from '../../../src/cli/admin/fitted-table.ts';

interface Row {
  readonly name: string;
  readonly time: string;
  readonly note: string;
}

const COLUMNS: readonly TextColumn<Row>[] = [
  { title: 'name', cell: ({ name }) => name },
  { title: 'time', rigid: true, cell: ({ time }) => time, dispensable: 1 },
  { title: 'note', cell: ({ note }) => note, dispensable: 2 },
];
const ROW: Row = { name: 'a', time: '2026-01-02T03:04:05.678Z', note: 'all is well' };
const PLAIN = (_: unknown, text: string): string => text;

describe('fittedTable', () => {
  it('makes columns as wide as their texts', () => {
    expect(fittedTable(COLUMNS, [ROW, { ...ROW, name: 'longer' }], 80, PLAIN)).toEqual([
      'name    time                      note',
      'a       2026-01-02T03:04:05.678Z  all is well',
      'longer  2026-01-02T03:04:05.678Z  all is well',
    ]);
  });

  it('cuts the widest text that may be cut, and no time, at 60 characters', () => {
    const lines = fittedTable(COLUMNS, [{ ...ROW, note: 'x'.repeat(200) }], 60, PLAIN);

    expect(lines).toEqual([
      'name  time                      note',
      `a     2026-01-02T03:04:05.678Z  ${'x'.repeat(27)}…`,
    ]);
  });

  it('leaves out what is needed least at 40, and then at 20 characters', () => {
    const rows = [{ ...ROW, note: 'x'.repeat(200) }];

    expect(fittedTable(COLUMNS, rows, 40, PLAIN)[0]).toBe('name  time');
    expect(fittedTable(COLUMNS, rows, 20, PLAIN)).toEqual(['name', 'a']);
  });

  it.each([10, 20, 33, 40, 57, 80, 200])('has no line of more than %i characters', (width) => {
    const rows = [ROW, { name: 'n'.repeat(128), time: ROW.time, note: 'y'.repeat(500) }];

    expect(fittedTable(COLUMNS, rows, width, PLAIN).filter((line) => line.length > width)).toEqual([]);
  });

  it('takes out what would move the cursor, and breaks no line', () => {
    const rows = [{ ...ROW, note: '\u001b[2Jgone\nnext\u0007' }];

    expect(fittedTable(COLUMNS, rows, 80, PLAIN)[1]).toBe('a     2026-01-02T03:04:05.678Z  gone next?');
  });

  it('cuts nothing without a width', () => {
    const rows = [{ ...ROW, note: 'x'.repeat(500) }];

    expect(fittedTable(COLUMNS, rows, Number.POSITIVE_INFINITY, PLAIN)[1]).toContain('x'.repeat(500));
  });
});

describe('terminalWidth', () => {
  it.each([
    [{ columns: 120 }, { COLUMNS: '80' }, 120],
    [{}, { COLUMNS: '80' }, 80],
    [{}, { COLUMNS: 'wide' }, Number.POSITIVE_INFINITY],
    [{}, {}, Number.POSITIVE_INFINITY],
  ])('is that of the terminal, else of COLUMNS, else endless: %j %j', (stream, env, width) => {
    expect(terminalWidth(stream, env)).toBe(width);
  });
});
