// What only a host can see of itself.

import { RuntimeError } from '../../errors/index.ts';
import type { Clock } from '../../ports/index.ts';
import type { LifecycleStore } from '../../ports/lifecycle-store.ts';
import type { AuditStatus } from '../audit/index.ts';
import type { Artifacts } from '../lifecycle/artifacts.ts';
import type { Lifecycle } from '../lifecycle/types.ts';
import type { PluginLogs } from '../logs/index.ts';
import type { HostCheck } from './admin-ports.ts';

/** What is looked at. */
export interface DiagnoseHostOptions {
  readonly store: LifecycleStore;
  readonly lifecycle: Pick<Lifecycle, 'list' | 'rows'>;
  readonly artifacts: Pick<Artifacts, 'list' | 'open'>;
  readonly logs: PluginLogs;
  readonly audit: () => AuditStatus;
  readonly clock: Clock;
}

/** Milliseconds that the clock of the store may differ from the host's. */
const CLOCK_SKEW_MS = 5000;
/** Entries that may wait for their link before it is worth a word. */
const UNSEALED = 100;
const MOST_SHOWN = 20;

/** Looks at everything, one after the other. Never rejects: what cannot be looked at is a check that failed. */
export async function diagnoseHost(options: DiagnoseHostOptions): Promise<readonly HostCheck[]> {
  return [
    await guarded('store', () => checkStore(options)),
    await guarded('plugins', () => checkPlugins(options)),
    await guarded('artifacts', () => checkArtifacts(options)),
    await guarded('signatures', () => checkSignatures(options)),
    await guarded('left behind', () => checkTombstones(options)),
    checkAudit(options),
    checkLogs(options),
  ];
}

async function checkStore({ store, clock }: DiagnoseHostOptions): Promise<HostCheck> {
  const began = clock.monotonic();
  const skewMs = Math.round((await store.now()) - clock.now());
  const tookMs = Math.round(clock.monotonic() - began);
  if (Math.abs(skewMs) > CLOCK_SKEW_MS) {
    return warning('store', `the clock of the store is ${skewMs} ms from that of the host`);
  }
  return ok('store', `the store answers in ${tookMs} ms`);
}

async function checkPlugins({ lifecycle }: DiagnoseHostOptions): Promise<HostCheck> {
  const installed = await lifecycle.rows();
  const ill = installed.filter(({ row }) => row.state === 'errored' || row.state === 'quarantined');
  const elsewhere = installed.filter(({ row, process }) => row.state === 'active' && process === undefined);
  const lines = [
    ...ill.map(({ row }) => `${row.slug} is ${row.state}: ${row.failure?.message ?? 'nobody has said why'}`),
    ...elsewhere.map(({ row }) => `${row.slug} is active, and another host runs it`),
  ];
  const text = `${countOf(installed.length, 'plugin')} installed`;
  return ill.length === 0
    ? ok('plugins', text, lines)
    : warning('plugins', `${text}, ${ill.length} not working`, lines);
}

async function checkArtifacts({ lifecycle, artifacts }: DiagnoseHostOptions): Promise<HostCheck> {
  const digests = await artifacts.list();
  const plugins = await lifecycle.list();
  const rows = plugins.map(({ row }) => row);
  const used = new Set(rows.map(({ digest }) => digest));
  for (const { versions } of plugins) {
    for (const { digest, role } of versions) if (role !== 'retired') used.add(digest);
  }
  const orphaned = digests.filter((digest) => !used.has(digest));
  const missing = rows.filter(({ digest }) => !digests.includes(digest));
  const lines = [
    ...missing.map(({ slug, version }) => `the files of ${slug} ${version} are not there`),
    ...orphaned.slice(0, MOST_SHOWN).map((digest) => `${digest} belongs to no plugin`),
  ];
  const text = `${countOf(digests.length, 'artifact')}, ${orphaned.length} of them orphaned`;
  if (missing.length > 0) return { name: 'artifacts', status: 'failed', message: text, details: lines };
  return orphaned.length === 0 ? ok('artifacts', text) : warning('artifacts', text, lines);
}

/** What is installed, and was signed with a key that counts no more. */
async function checkSignatures({ lifecycle, artifacts }: DiagnoseHostOptions): Promise<HostCheck> {
  const lines: string[] = [];
  for (const { row } of await lifecycle.rows()) {
    // Files that are missing are told by the check of the artifacts.
    const distrust = await artifacts.open(row.digest).then((artifact) => artifact.distrust, noReason);
    if (distrust !== undefined) lines.push(`${row.slug} ${row.version} is ${row.state}: ${distrust.rawMessage}`);
  }
  if (lines.length === 0) return ok('signatures', 'no plugin is signed with a key that counts no more');
  const text = `${countOf(lines.length, 'plugin')} signed with a key that counts no more`;
  return warning('signatures', text, lines.slice(0, MOST_SHOWN));
}

function noReason(): undefined {}

async function checkTombstones({ store }: DiagnoseHostOptions): Promise<HostCheck> {
  const tombstones = await store.tombstones();
  const lines = tombstones.flatMap(({ slug, left, reason }) => [
    `${slug}: ${reason}`,
    ...left.map((each) => `  ${each}`),
  ]);
  if (tombstones.length === 0) return ok('left behind', 'uninstalls have left nothing');
  return warning(
    'left behind',
    `${countOf(tombstones.length, 'uninstall')} left something`,
    lines.slice(0, MOST_SHOWN),
  );
}

function checkAudit({ audit }: DiagnoseHostOptions): HostCheck {
  const { unsealed, sinks } = audit();
  const failing = sinks.filter(({ failures }) => failures > 0);
  const lines = failing.map(({ name, failure }) => `sink ${name}: ${failure?.message ?? 'fails'}`);
  const text = `${unsealed === 1 ? '1 entry waits' : `${unsealed} entries wait`} for a link`;
  const isBehind = unsealed > UNSEALED || failing.length > 0;
  return isBehind ? warning('audit', text, lines) : ok('audit', text);
}

function checkLogs({ logs }: DiagnoseHostOptions): HostCheck {
  const { problem, failed, missed } = logs.files();
  if (problem !== undefined) {
    return { name: 'logs', status: 'failed', message: `cannot be written: ${problem}`, details: [] };
  }
  if (failed + missed === 0) return ok('logs', `${countOf(logs.hub.logged, 'line')}, none lost`);
  return warning('logs', `${failed + missed} of ${logs.hub.logged} lines are in no file`);
}

function countOf(count: number, thing: string): string {
  return `${count} ${thing}${count === 1 ? '' : 's'}`;
}

function ok(name: string, message: string, details: string[] = []): HostCheck {
  return { name, status: 'ok', message, details };
}

function warning(name: string, message: string, details: string[] = []): HostCheck {
  return { name, status: 'warning', message, details };
}

async function guarded(name: string, check: () => Promise<HostCheck>): Promise<HostCheck> {
  try {
    return await check();
  } catch (error) {
    return { name, status: 'failed', message: RuntimeError.from(error).rawMessage, details: [] };
  }
}
