// The status table of the plugins that are called.

import type { Style, Tone } from '../../style.ts';
import { columnLines } from './columns.ts';
import type { Column } from './columns.ts';
import type { PluginRow } from './view.ts';

const TONES: Readonly<Record<string, Tone>> = {
  ready: 'good',
  quarantined: 'bad',
  dead: 'bad',
  killing: 'bad',
};

/** What a state of a plugin stands for. */
export function toneOfState(state: string): Tone {
  return TONES[state] ?? 'busy';
}

const COLUMNS: readonly Column<PluginRow>[] = [
  { title: 'plugin', width: 7, alignment: 'left', dispensable: 0, cell: ({ name }) => name },
  {
    title: 'state',
    width: 11,
    alignment: 'left',
    dispensable: 0,
    cell: ({ state }) => state,
    tone: ({ state }) => toneOfState(state),
  },
  { title: 'process', width: 7, alignment: 'right', dispensable: 4, cell: ({ pid }) => String(pid ?? '-') },
  { title: 'restarts', width: 8, alignment: 'right', dispensable: 2, cell: ({ restarts }) => String(restarts) },
  { title: 'started in', width: 10, alignment: 'right', dispensable: 3, cell: ({ startMs }) => milliseconds(startMs) },
  { title: 'calls ok', width: 8, alignment: 'right', dispensable: 0, cell: ({ ok }) => String(ok) },
  { title: 'failed', width: 6, alignment: 'right', dispensable: 1, cell: ({ failed }) => String(failed) },
];

/** The table as lines of at most `width` characters each. Columns that do not fit are left out. */
export function tableLines(rows: readonly PluginRow[], width: number, paint: Style): string[] {
  return columnLines(COLUMNS, rows, width, paint);
}

function milliseconds(value: number | undefined): string {
  return value === undefined ? '-' : `${Math.round(value)} ms`;
}
