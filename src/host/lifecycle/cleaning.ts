// Removes versions that nobody can go back to any more.
//
// Invariants:
//   N1. What is removed is marked first: a version whose files may be gone is never gone back to.
//   N2. Files that another version of the plugin is made of stay.
//   N3. The highest version that there ever was is remembered, and so is everything that is kept.

import { RuntimeError } from '../../errors/index.ts';
import type { WriteReport } from '../../machines/index.ts';
import { within } from '../../ports/index.ts';
import type { PluginRow, VersionRow, VersionWrite } from '../../ports/lifecycle-store.ts';
import { entry } from './drafts.ts';
import { upkeep } from './request.ts';
import { byLetGo, highestOf } from './versions.ts';
import { write } from './work-context.ts';
import type { WorkContextParts } from './work-context.ts';

/** Removes what can go. Under the plugin's lease. */
export async function clean(
  context: WorkContextParts,
  row: PluginRow | undefined,
  signal: AbortSignal,
): Promise<WriteReport> {
  const { store, plugin } = context;
  const now = await store.now();
  const versions = await store.versions(plugin);
  const expired = expiredOf(versions, row, now, context.settings.keptVersions);
  if (expired.length > 0) {
    // N1.
    const marks = expired.map(({ installId }) => ({
      kind: 'role' as const,
      installId,
      from: 'retained' as const,
      to: 'retired' as const,
    }));
    const report = await mark(context, row, marks, { event: 'plugin.versions.retired', ids: expired }, signal);
    if (report.kind !== 'written') return report;
  }
  const gone = [...versions.filter(({ role }) => role === 'retired'), ...expired];
  const inUse = new Set(versions.filter((one) => !gone.includes(one)).map(({ digest }) => digest));
  if (row !== undefined) inUse.add(row.digest);
  // N2.
  await removeFiles(
    context,
    gone.flatMap(({ digest }) => (inUse.has(digest) ? [] : [digest])),
  );
  const forgotten = forgettable(gone, versions);
  if (forgotten.length === 0) return { kind: 'written', row };
  const removals = forgotten.map(({ installId }) => ({ kind: 'remove' as const, installId }));
  return mark(context, row, removals, { event: 'plugin.versions.removed', ids: forgotten }, signal);
}

/** Removes what was fetched for an install that was refused, unless a version is made of it. Under the plugin's lease. */
export async function removeOrphan(
  { store, artifacts, plugin }: WorkContextParts,
  row: PluginRow | undefined,
  digest: string,
): Promise<void> {
  if (row?.digest === digest) return;
  const versions = await store.versions(plugin);
  if (!versions.some((one) => one.digest === digest && one.role !== 'retired')) await artifacts.removeUnheld(digest);
}

/** In half the time of the step, so that files that cannot be removed now do not end the plugin with it. */
async function removeFiles(
  { artifacts, environment: { clock }, settings }: WorkContextParts,
  digests: readonly string[],
): Promise<void> {
  const limitMs = settings.policy.workTimeoutMs / 2;
  const removal = (async () => {
    for (const digest of digests) await artifacts.remove(digest);
  })();
  if (await within(clock, limitMs, removal)) return;
  throw new RuntimeError(
    'OPERATION_TIMED_OUT',
    `the files of ${digests.length} versions took longer than ${limitMs} ms`,
  );
}

/** Versions whose time is over, or that are too many. */
export function expiredOf(
  versions: readonly VersionRow[],
  row: Pick<PluginRow, 'incarnation'> | undefined,
  now: number,
  most: number,
): readonly VersionRow[] {
  const retained = versions.filter(({ role }) => role === 'retained').toSorted(byLetGo);
  const own = retained.filter(({ incarnation }) => incarnation === row?.incarnation);
  const tooMany = new Set(own.slice(most));
  return retained.filter((one) => !own.includes(one) || tooMany.has(one) || (one.retainedUntil ?? 0) <= now);
}

/** N3. */
export function forgettable(gone: readonly VersionRow[], all: readonly VersionRow[]): readonly VersionRow[] {
  const highest = highestOf(all);
  return gone.filter((one) => one.installId !== highest?.installId);
}

function mark(
  context: WorkContextParts,
  row: PluginRow | undefined,
  versions: readonly VersionWrite[],
  { event, ids }: { readonly event: string; readonly ids: readonly VersionRow[] },
  signal: AbortSignal,
): Promise<WriteReport> {
  const data = { versions: ids.map(({ version, digest }) => ({ version, digest })) };
  return write(
    context,
    { before: row, versions, audit: [entry(context.plugin, upkeep('clean'), { event, data })] },
    signal,
  );
}
