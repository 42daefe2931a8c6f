// What became of the events, one row for each subscriber.

import type { Style } from '../../style.ts';
import { columnLines } from '../view/columns.ts';
import type { Column } from '../view/columns.ts';
import { toneOfState } from '../view/table.ts';
import type { EventRow, SubscriberReport } from './event-report.ts';

type Counted = 'published' | 'delivered' | 'pending' | 'failed' | 'dropped' | 'unknown';

const NAME: Column<EventRow> = {
  title: 'plugin',
  width: 6,
  alignment: 'left',
  dispensable: 0,
  cell: ({ name }) => name,
};
const FORM: Column<EventRow> = {
  title: 'form',
  width: 6,
  alignment: 'left',
  dispensable: 1,
  cell: ({ form }) => form ?? '-',
};
const STATE: Column<EventRow> = {
  title: 'state',
  width: 11,
  alignment: 'left',
  dispensable: 2,
  cell: ({ state }) => state,
  tone: ({ state }) => toneOfState(state),
};

function counter(title: Counted, dispensable: number): Column<EventRow> {
  return { title, width: 9, alignment: 'right', dispensable, cell: (row) => String(row[title]) };
}

const LIVE: readonly Column<EventRow>[] = [
  NAME,
  STATE,
  FORM,
  counter('published', 0),
  counter('delivered', 0),
  counter('pending', 3),
];

// Fits into 80 characters.
const FINAL: readonly Column<SubscriberReport>[] = [
  NAME,
  FORM,
  { ...counter('published', 0), title: 'events', width: 6 },
  counter('delivered', 0),
  { ...counter('pending', 4), width: 7 },
  { ...counter('failed', 4), width: 6 },
  { ...counter('dropped', 4), width: 7 },
  { ...counter('unknown', 4), width: 7 },
  { title: 'journal', width: 7, alignment: 'right', dispensable: 3, cell: ({ journal }) => String(journal.lines) },
];

/** The table while events flow. */
export function eventLines(rows: readonly EventRow[], width: number, paint: Style): string[] {
  return columnLines(LIVE, rows, width, paint);
}

/** The final accounting. `journal` is what the plugin wrote down itself. */
export function accountLines(rows: readonly SubscriberReport[], width: number, paint: Style): string[] {
  return columnLines(FINAL, rows, width, paint);
}
