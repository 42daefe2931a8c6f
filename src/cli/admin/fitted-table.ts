// Tables that fit the terminal: columns as wide as their texts, the least needed left out, the rest cut.

import { columnLines } from '../demo/view/columns.ts';
import { printable } from '../printable.ts';
import type { Style, Tone } from '../style.ts';

/** A column of a table. */
export interface TextColumn<Row> {
  readonly title: string;
  readonly cell: (row: Row) => string;
  readonly alignment?: 'left' | 'right';
  /** Cut last: half a number or half a time is worse than none. Default false. */
  readonly rigid?: boolean;
  /** Columns with the highest number go first when the terminal is narrow; those with 0 (the default) stay. */
  readonly dispensable?: number;
  readonly tone?: (row: Row) => Tone | undefined;
}

const GAP = 2;
/** Nothing is cut below this. */
const NARROWEST = 8;
/** What a column that may be cut should have at least. */
const USEFUL = 16;
const ELLIPSIS = '…';

/** Characters in a line of the terminal; without a terminal as many as it takes, or what `COLUMNS` says. */
export function terminalWidth(
  stream: { readonly columns?: number } = process.stdout,
  env: NodeJS.ProcessEnv = process.env,
): number {
  const named = Number(env['COLUMNS']);
  return stream.columns ?? (Number.isInteger(named) && named > 0 ? named : Number.POSITIVE_INFINITY);
}

/** The table as lines of at most `width` characters each. */
export function fittedTable<Row>(
  columns: readonly TextColumn<Row>[],
  rows: readonly Row[],
  width: number,
  paint: Style,
): string[] {
  const texts = columns.map(({ cell }) => rows.map((row) => printable(cell(row).replace(/\s+/g, ' '))));
  const natural = columns.map(({ title }, index) =>
    Math.max(title.length, ...(texts[index] ?? []).map((text) => text.length)),
  );
  const kept = keptColumns(columns, natural, width);
  const isRigid = kept.map((at) => columns[at]?.rigid === true);
  const widths = cutWidths(natural, kept, isRigid, width);
  const indexOf = new Map(rows.map((row, index) => [row, index]));
  const fitted = kept.map((at) => {
    const { title = '', alignment = 'left', tone } = columns[at] ?? {};
    const own = widths.get(at) ?? 0;
    return {
      title: cut(title, own),
      width: own,
      alignment,
      dispensable: 0,
      cell: (row: Row) => cut(texts[at]?.[indexOf.get(row) ?? 0] ?? '', own),
      ...(tone === undefined ? {} : { tone }),
    };
  });
  const limit = Number.isFinite(width) ? width : Number.MAX_SAFE_INTEGER;
  // Of columns on the left the last one has nothing behind it to keep in line.
  return columnLines(fitted, rows, limit, paint).map((line) => line.trimEnd());
}

/** Leaves out columns that may go, until even cut texts have room. */
function keptColumns<Row>(
  columns: readonly TextColumn<Row>[],
  natural: readonly number[],
  width: number,
): readonly number[] {
  let kept = columns.map((_, index) => index);
  const least = (): number =>
    kept.reduce(
      (sum, at) => {
        const most = columns[at]?.rigid === true ? Number.POSITIVE_INFINITY : USEFUL;
        return sum + Math.min(natural[at] ?? 0, most);
      },
      GAP * (kept.length - 1),
    );
  while (least() > width) {
    const most = Math.max(...kept.map((at) => columns[at]?.dispensable ?? 0));
    if (most === 0) break;
    kept = kept.filter((at) => (columns[at]?.dispensable ?? 0) !== most);
  }
  return kept;
}

/** Takes from the widest column until the line fits; from rigid ones only when nothing is left of the others. */
function cutWidths(
  natural: readonly number[],
  kept: readonly number[],
  isRigid: readonly boolean[],
  width: number,
): ReadonlyMap<number, number> {
  const widths = new Map(kept.map((at) => [at, natural[at] ?? 0]));
  for (const rigid of [false, true]) {
    const group = kept.filter((_, index) => isRigid[index] === rigid);
    for (;;) {
      const excess = [...widths.values()].reduce((sum, each) => sum + each, GAP * (kept.length - 1)) - width;
      const [widest, ...others] = group.toSorted((a, b) => (widths.get(b) ?? 0) - (widths.get(a) ?? 0));
      const most = widest === undefined ? 0 : (widths.get(widest) ?? 0);
      if (widest === undefined || excess <= 0 || most <= NARROWEST) break;
      const next = Math.max(...others.map((at) => widths.get(at) ?? 0).filter((each) => each < most), NARROWEST);
      widths.set(widest, Math.max(next, most - excess));
    }
  }
  return widths;
}

function cut(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, Math.max(0, width - 1))}${ELLIPSIS}`;
}
