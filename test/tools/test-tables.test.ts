import { describe, expect, it } from 'vitest';
import type { ResultFile } from '../../tools/test-result.ts';
import { formatTables } from '../../tools/test-tables.ts';
import type { TableCell, TablePlan } from '../../tools/test-tables.ts';

const table: TablePlan = { title: 'peers', columns: ['calls', 'stops'], rows: ['one', 'other'] };

describe('formatTables', () => {
  it('shows what became of 4 tests: ok, its own words, FAILED, and - for one that did not run', () => {
    const shown = formatTables(
      resultOf([
        { status: 'passed', cell: { row: 'one', column: 'calls' } },
        { status: 'passed', cell: { row: 'other', column: 'calls', text: 'refused (X)' } },
        { status: 'failed', cell: { row: 'one', column: 'stops', text: 'n/a' } },
        { status: 'skipped', cell: { row: 'other', column: 'stops' } },
      ]),
    );

    expect(shown?.split('\n')).toEqual([
      'peers',
      '       calls        stops',
      'one    ok           FAILED',
      'other  refused (X)  -',
    ]);
  });

  it('shows a planned row without any test as -', () => {
    const shown = formatTables(resultOf([{ status: 'passed', cell: { row: 'one', column: 'calls' } }]));

    expect(shown?.split('\n')).toEqual(['peers', '       calls  stops', 'one    ok     -', 'other  -      -']);
  });

  it('numbers 2 notes and tells each once', () => {
    const cells = [
      { row: 'one', column: 'calls', text: 'n/a', note: 'too old' },
      { row: 'one', column: 'stops', text: 'n/a', note: 'too new' },
      { row: 'other', column: 'calls', text: 'n/a', note: 'too old' },
    ];

    const shown = formatTables(resultOf(cells.map((cell) => ({ status: 'passed', cell }))));

    expect(shown?.split('\n').slice(2)).toEqual([
      'one    n/a [1]  n/a [2]',
      'other  n/a [1]  -',
      '[1] too old',
      '[2] too new',
    ]);
  });

  it.each([
    ['failed', 'passed'],
    ['passed', 'failed'],
  ])('keeps the failure of two tests with one cell: %s, %s', (...statuses) => {
    const cell = { row: 'one', column: 'calls' };

    expect(formatTables(resultOf(statuses.map((status) => ({ status, cell }))))).toContain('FAILED');
  });

  it('has nothing to show when no test with a table ran', () => {
    const other = { status: 'passed', meta: {} };

    expect(formatTables(resultOf([{ status: 'skipped', cell: { row: 'one', column: 'calls' } }]))).toBeUndefined();
    expect(
      formatTables({ testResults: [{ name: 'a', status: 'passed', message: '', assertionResults: [other] }] }),
    ).toBeUndefined();
  });
});

// Helpers

function resultOf(tests: readonly { readonly status: string; readonly cell: TableCell }[]): ResultFile {
  const assertionResults = tests.map(({ status, cell }) => ({ status, meta: { table, cells: [cell] } }));
  return { testResults: [{ name: '/r/test/a.integration.test.ts', status: 'passed', message: '', assertionResults }] };
}
