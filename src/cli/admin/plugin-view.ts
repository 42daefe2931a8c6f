// What a host says about a plugin, as JSON for programs and as lines for people. Pure.

import type { PluginInfo, PluginVersion } from '../../gen/troupe/admin/v1/admin.ts';
import { oneLine } from '../printable.ts';
import type { Style, Tone } from '../style.ts';
import { fittedTable } from './fitted-table.ts';
import type { TextColumn } from './fitted-table.ts';

const FACT_WIDTH = 11;
const TONES: Readonly<Record<string, Tone>> = { active: 'good', errored: 'bad', quarantined: 'bad' };

/** The plugin as it is printed with `--json`. Times are texts; what is not there is null. */
export function pluginJson(plugin: PluginInfo): Readonly<Record<string, unknown>> {
  const { failure, process, versions, installedAt, activatedAt, rowVersion, ...rest } = plugin;
  return {
    ...rest,
    installedAt: timeText(installedAt),
    activatedAt: timeText(activatedAt),
    rowVersion: Number(rowVersion),
    failure: failure === undefined ? null : { ...failure, at: timeText(failure.at) },
    process:
      process === undefined
        ? null
        : { ...process, pid: process.pid === 0 ? null : process.pid, startMs: Math.round(process.startMs) },
    ...(versions.length === 0 ? {} : { versions: versions.map(versionJson) }),
  };
}

/** All plugins as a table. */
export function pluginTable(plugins: readonly PluginInfo[], width: number, paint: Style): string[] {
  return fittedTable(COLUMNS, plugins, width, paint);
}

/** One plugin with everything that is known about it. */
export function pluginDetails(plugin: PluginInfo): string {
  const { name, version, state, failure, process, permissions, awaitingConsent, versions } = plugin;
  const facts: readonly (readonly [string, string])[] = [
    ['plugin', name],
    ['version', version],
    ['state', state],
    ...(process === undefined ? [] : ([['process', processText(plugin)]] as const)),
    ...(process === undefined ? [] : ([['restarts', String(process.restarts)]] as const)),
    ...(failure === undefined
      ? []
      : ([['failure', `${failure.code} while ${failure.phase}: ${failure.message}`]] as const)),
    ['crashes', `${plugin.crashes} that count now`],
    ['installed', timeText(plugin.installedAt) ?? '-'],
    ['activated', timeText(plugin.activatedAt) ?? 'never'],
    ['digest', plugin.digest],
    ['may', permissions.join(', ') || 'nothing that needs a permission'],
    ...(awaitingConsent.length === 0 ? [] : ([['waits for', awaitingConsent.join(', ')]] as const)),
    ...versions.map(
      ({ role, version: each, installedAt }) => ['kept', `${each} (${role}, ${timeText(installedAt) ?? '-'})`] as const,
    ),
  ];
  return facts.map(([fact, text]) => `${fact.padEnd(FACT_WIDTH)}${oneLine(text)}\n`).join('');
}

/** One plugin in a line, as an operation has left it. */
export function pluginLine({ name, version, state, process, awaitingConsent }: PluginInfo): string {
  const running = process === undefined || process.pid === 0 ? '' : `, process ${process.pid}`;
  const waiting = waitingText(name, awaitingConsent);
  return oneLine(`${name} ${version} is ${state}${running}${waiting}`);
}

/** Of a first install the plugin itself waits, else another version of it. */
function waitingText(name: string, permissions: readonly string[]): string {
  if (permissions.length === 0) return '';
  return `; consent to ${permissions.join(', ')} is wanted: troupe plugin consent ${name}`;
}

/** What a plugin waits for, and of which version; undefined when it waits for nothing. */
export function consentQuestion({
  name,
  version,
  digest,
  versions,
  awaitingConsent,
}: PluginInfo):
  | { readonly permissions: readonly string[]; readonly digest: string; readonly text: string }
  | undefined {
  if (awaitingConsent.length === 0) return undefined;
  // Of a first install the version that waits is the plugin's own.
  const staged = versions.find((each) => each.role === 'staged' && each.digest !== digest) ?? { version, digest };
  const about = `${name} ${staged.version} (${staged.digest.slice(0, 12)})`;
  return {
    permissions: awaitingConsent,
    digest: staged.digest,
    text: oneLine(`${awaitingConsent.join(', ')} of ${about}`),
  };
}

/** An instant as text; null for never. */
export function timeText(at: bigint): string | null {
  return at === 0n ? null : new Date(Number(at)).toISOString();
}

const COLUMNS: readonly TextColumn<PluginInfo>[] = [
  { title: 'plugin', cell: ({ name }) => name },
  { title: 'version', rigid: true, cell: ({ version }) => version },
  { title: 'state', rigid: true, cell: ({ state }) => state, tone: ({ state }) => TONES[state] ?? 'busy' },
  { title: 'process', rigid: true, cell: processText, dispensable: 2 },
  {
    title: 'restarts',
    rigid: true,
    alignment: 'right',
    cell: ({ process }) => String(process?.restarts ?? '-'),
    dispensable: 3,
  },
  { title: 'note', cell: noteText, dispensable: 1 },
];

function processText({ process }: PluginInfo): string {
  if (process === undefined) return '-';
  return process.pid === 0 ? process.state : `${process.state} ${process.pid}`;
}

function noteText({ failure, awaitingConsent }: PluginInfo): string {
  if (failure !== undefined) return `${failure.code}: ${failure.message}`;
  return awaitingConsent.length === 0 ? '' : `waits for consent: ${awaitingConsent.join(', ')}`;
}

function versionJson({ installedAt, retainedUntil, ...rest }: PluginVersion): Readonly<Record<string, unknown>> {
  return { ...rest, installedAt: timeText(installedAt), retainedUntil: timeText(retainedUntil) };
}
