// Tables in a terminal. Pure: rows and a width in, lines out.

import type { Style, Tone } from '../../style.ts';

/** A column of a table. */
export interface Column<Row> {
  readonly title: string;
  readonly width: number;
  readonly alignment: 'left' | 'right';
  /** Columns with the highest number go first when the terminal is narrow; those with 0 stay. */
  readonly dispensable: number;
  readonly cell: (row: Row) => string;
  /** What a cell stands for. Default: nothing in particular. */
  readonly tone?: (row: Row) => Tone | undefined;
}

const GAP = '  ';

/** A table as lines of at most `width` characters each. Columns that do not fit are left out. */
export function columnLines<Row>(
  all: readonly Column<Row>[],
  rows: readonly Row[],
  width: number,
  paint: Style,
): string[] {
  const columns = fitting(all, width);
  const header = columns.map((column) => aligned(column, column.title)).join(GAP);
  return [paint('faint', header.slice(0, width)), ...rows.map((row) => line(columns, row, width, paint))];
}

function line<Row>(columns: readonly Column<Row>[], row: Row, width: number, paint: Style): string {
  const plain = columns.map((column) => aligned(column, column.cell(row))).join(GAP);
  if (plain.length > width) return plain.slice(0, width);
  // Colours are put on at the end: they would count as characters before.
  return columns.map((column) => painted(column, row, paint)).join(GAP);
}

function painted<Row>(column: Column<Row>, row: Row, paint: Style): string {
  const text = column.cell(row);
  const tone = column.tone?.(row);
  const cell = aligned(column, text);
  return tone === undefined ? cell : cell.replace(text, paint(tone, text));
}

function fitting<Row>(all: readonly Column<Row>[], width: number): readonly Column<Row>[] {
  let columns = all;
  while (widthOf(columns) > width) {
    const most = Math.max(...columns.map(({ dispensable }) => dispensable));
    if (most === 0) break;
    columns = columns.filter(({ dispensable }) => dispensable !== most);
  }
  return columns;
}

function widthOf<Row>(columns: readonly Column<Row>[]): number {
  return columns.reduce((sum, column) => sum + column.width, GAP.length * (columns.length - 1));
}

function aligned<Row>({ width, alignment }: Column<Row>, text: string): string {
  return alignment === 'left' ? text.padEnd(width) : text.padStart(width);
}
