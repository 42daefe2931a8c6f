// The status table. Pure: rows and a width in, lines out.

import type { Style, Tone } from '../../style.ts';
import type { PluginRow } from './view.ts';

interface Column {
  readonly title: string;
  readonly width: number;
  readonly alignment: 'left' | 'right';
  /** Columns with the highest number go first when the terminal is narrow. */
  readonly dispensable: number;
  readonly cell: (row: PluginRow) => string;
}

const GAP = '  ';

const COLUMNS: readonly Column[] = [
  { title: 'plugin', width: 7, alignment: 'left', dispensable: 0, cell: ({ name }) => name },
  { title: 'state', width: 11, alignment: 'left', dispensable: 0, cell: ({ state }) => state },
  { title: 'process', width: 7, alignment: 'right', dispensable: 4, cell: ({ pid }) => String(pid ?? '-') },
  { title: 'restarts', width: 8, alignment: 'right', dispensable: 2, cell: ({ restarts }) => String(restarts) },
  { title: 'started in', width: 10, alignment: 'right', dispensable: 3, cell: ({ startMs }) => milliseconds(startMs) },
  { title: 'calls ok', width: 8, alignment: 'right', dispensable: 0, cell: ({ ok }) => String(ok) },
  { title: 'failed', width: 6, alignment: 'right', dispensable: 1, cell: ({ failed }) => String(failed) },
];

const TONES: Readonly<Record<string, Tone>> = {
  ready: 'good',
  quarantined: 'bad',
  dead: 'bad',
  killing: 'bad',
};

/** The table as lines of at most `width` characters each. Columns that do not fit are left out. */
export function tableLines(rows: readonly PluginRow[], width: number, paint: Style): string[] {
  const columns = fitting(width);
  const header = columns.map((column) => aligned(column, column.title)).join(GAP);
  return [
    paint('faint', header.slice(0, width)),
    ...rows.map((row) => {
      const plain = columns.map((column) => aligned(column, column.cell(row))).join(GAP);
      // Colours are put on at the end: they would count as characters before.
      return plain.slice(0, width).replace(row.state, paint(TONES[row.state] ?? 'busy', row.state));
    }),
  ];
}

function fitting(width: number): Column[] {
  let columns = [...COLUMNS];
  while (widthOf(columns) > width) {
    const most = Math.max(...columns.map(({ dispensable }) => dispensable));
    if (most === 0) break;
    columns = columns.filter(({ dispensable }) => dispensable !== most);
  }
  return columns;
}

function widthOf(columns: readonly Column[]): number {
  return columns.reduce((sum, column) => sum + column.width, GAP.length * (columns.length - 1));
}

function aligned({ width, alignment }: Column, text: string): string {
  return alignment === 'left' ? text.padEnd(width) : text.padStart(width);
}

function milliseconds(value: number | undefined): string {
  return value === undefined ? '-' : `${Math.round(value)} ms`;
}
