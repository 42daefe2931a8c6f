// The audit, as JSON for programs and as lines for people. Pure.

import type { AuditChain, AuditEntry } from '../../gen/troupe/admin/v1/admin.ts';
import { countOf } from '../count-of.ts';
import { oneLine } from '../printable.ts';
import { styleFor } from '../style.ts';
import type { Style, Tone } from '../style.ts';
import { fittedTable, terminalWidth } from './fitted-table.ts';
import type { TextColumn } from './fitted-table.ts';
import { timeText } from './plugin-view.ts';

const TONES: Readonly<Record<string, Tone>> = { warning: 'busy', error: 'bad' };
const DIGEST_LENGTH = 12;

/** An entry as it is printed with `--json`. */
export function auditJson({ sequence, at, dataJson, ...rest }: AuditEntry): Readonly<Record<string, unknown>> {
  return { sequence: Number(sequence), at: timeText(at), ...rest, data: dataJson === '' ? {} : JSON.parse(dataJson) };
}

/** Entries as a table, the oldest first. */
export function auditTable(
  entries: readonly AuditEntry[],
  width: number = terminalWidth(),
  paint: Style = styleFor(process.stdout),
): string {
  return `${fittedTable(COLUMNS, entries, width, paint).join('\n')}\n`;
}

/** What a check has found, as it is printed with `--json`. */
export function chainsJson(chains: readonly AuditChain[]): Readonly<Record<string, unknown>> {
  return {
    ok: chains.every(({ problem }) => problem === ''),
    chains: chains.map(({ plugin, entries, unsealed, problem, problemAt }) => ({
      plugin,
      entries: Number(entries),
      unsealed: Number(unsealed),
      problem: problem === '' ? null : { message: problem, sequence: Number(problemAt) },
    })),
  };
}

/** What a check has found, a line for each plugin and one for all. */
export function chainsText(chains: readonly AuditChain[]): string {
  const broken = chains.filter(({ problem }) => problem !== '');
  const lines = chains.map(({ plugin, entries, unsealed, problem, problemAt }) => {
    if (problem !== '') return oneLine(`${plugin}: broken at entry ${problemAt}: ${problem}`);
    if (entries === 0n && unsealed === 0n) return oneLine(`${plugin}: nothing is known about it`);
    const newer = unsealed === 0n ? '' : `, ${unsealed} newer without a link yet`;
    return oneLine(`${plugin}: ${entries} ${entries === 1n ? 'entry is' : 'entries are'} as written${newer}`);
  });
  const verdict =
    broken.length === 0 ? 'the audit is whole' : `the audit of ${countOf(broken.length, 'plugin')} is not whole`;
  return `${[...lines, chains.length === 0 ? 'there is no audit yet' : verdict].join('\n')}\n`;
}

const COLUMNS: readonly TextColumn<AuditEntry>[] = [
  { title: 'number', rigid: true, alignment: 'right', cell: ({ sequence }) => String(sequence) },
  { title: 'time', rigid: true, cell: ({ at }) => timeText(at) ?? '-', dispensable: 1 },
  { title: 'event', rigid: true, cell: ({ event }) => event, tone: ({ severity }) => TONES[severity] },
  { title: 'who', cell: ({ principal }) => principal },
  { title: 'data', cell: ({ dataJson }) => dataText(dataJson), dispensable: 2 },
];

function dataText(json: string): string {
  if (json === '') return '';
  const entries = Object.entries(JSON.parse(json) as object);
  return entries.map(([key, value]) => `${key}=${valueText(value)}`).join(' ');
}

/** A digest would leave no room for anything else; its beginning tells it from others. */
function valueText(value: unknown): string {
  if (typeof value !== 'string') return JSON.stringify(value);
  return /^[0-9a-f]{64}$/.test(value) ? value.slice(0, DIGEST_LENGTH) : value;
}
