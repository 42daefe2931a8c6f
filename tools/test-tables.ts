// Tables of what a run has shown, made of what tests left in vitest's result file.
//
// Invariants:
//   T1. A cell tells what became of its test: what the test says when it passed, FAILED, or `-` when it did not run.
//       What was only planned shows as `-`.

import type { ResultFile } from './test-result.ts';

/** The table that a test belongs to; each of its tests tells the same. */
export interface TablePlan {
  readonly title: string;
  readonly columns: readonly string[];
  /** All rows, in order, also those without a test in this run. Default: the rows that tests name. */
  readonly rows?: readonly string[];
}

/** What a test has to say when it passes. */
export interface TableCell {
  readonly row: string;
  readonly column: string;
  /** Default `ok`. */
  readonly text?: string;
  /** Explains the text, below the table. */
  readonly note?: string;
}

/** What a test leaves in its `meta`. */
export interface TableMeta {
  table?: TablePlan;
  cells?: readonly TableCell[];
}

type Rows = Map<string, Map<string, string>>;

/** All tables of which at least one test ran, each with its notes; undefined when there is none. */
export function formatTables({ testResults }: ResultFile): string | undefined {
  const tables = new Map<string, { plan: TablePlan; rows: Rows; notes: string[]; ran: boolean }>();
  for (const file of testResults.toSorted((one, other) => (one.name < other.name ? -1 : 1))) {
    for (const { status, meta } of file.assertionResults) {
      if (meta?.table === undefined) continue;
      const table = tables.get(meta.table.title) ?? newTable(meta.table);
      tables.set(meta.table.title, table);
      table.ran ||= status === 'passed' || status === 'failed';
      for (const cell of meta.cells ?? []) fill(table, cell, status);
    }
  }
  const shown = [...tables.values()].filter(({ ran }) => ran).map(format);
  return shown.length === 0 ? undefined : shown.join('\n\n');
}

// Helpers

function newTable(plan: TablePlan) {
  const rows: Rows = new Map((plan.rows ?? []).map((row) => [row, new Map<string, string>()]));
  return { plan, rows, notes: [] as string[], ran: false };
}

function fill({ rows, notes }: ReturnType<typeof newTable>, cell: TableCell, status: string): void {
  const row = rows.get(cell.row) ?? new Map<string, string>();
  rows.set(cell.row, row);
  if (status === 'failed') row.set(cell.column, 'FAILED');
  // Where two tests share a cell, a failure stands.
  if (status !== 'passed' || row.get(cell.column) === 'FAILED') return;
  row.set(cell.column, `${cell.text ?? 'ok'}${cell.note === undefined ? '' : ` [${numberOf(cell.note, notes)}]`}`);
}

function numberOf(note: string, notes: string[]): number {
  if (!notes.includes(note)) notes.push(note);
  return notes.indexOf(note) + 1;
}

function format({ plan, rows, notes }: ReturnType<typeof newTable>): string {
  const lines = [
    ['', ...plan.columns],
    ...[...rows].map(([row, cells]) => [row, ...plan.columns.map((column) => cells.get(column) ?? '-')]),
  ];
  const widths = lines[0]?.map((_, index) => Math.max(...lines.map((line) => line[index]?.length ?? 0))) ?? [];
  const body = lines.map((line) =>
    line
      .map((text, index) => text.padEnd(widths[index] ?? 0))
      .join('  ')
      .trimEnd(),
  );
  return [plan.title, ...body, ...notes.map((note, index) => `[${index + 1}] ${note}`)].join('\n');
}
