// The work of an uninstall. What cannot be removed is listed, and does not keep the plugin.

import { isRuntimeError, RuntimeError } from '../../errors/index.ts';
import type { LifecycleWorkInput, RemovalReport } from '../../machines/index.ts';
import type { PluginRow, VersionWrite } from '../../ports/lifecycle-store.ts';
import { forgettable } from './cleaning.ts';
import { removesData } from './drafts.ts';
import { ownOf } from './versions.ts';
import { detailsOf, migrationOf, progress, requiredRow } from './work-context.ts';
import type { WorkContextParts } from './work-context.ts';

/** Removes the files of all versions, and the data when that is wanted. Everything can be done twice. */
export async function removePlugin(
  context: WorkContextParts,
  { request, row: given }: LifecycleWorkInput,
  signal: AbortSignal,
): Promise<RemovalReport> {
  const row = requiredRow(given);
  const { store, artifacts, data, migrator, plugin, stopping } = context;
  const details = detailsOf(context, request);
  const left: string[] = [];
  const attempt = async (what: string, work: () => Promise<unknown>): Promise<void> => {
    try {
      await work();
    } catch (error) {
      // Who gives up goes on with it later; what fails stays, and is listed.
      if (signal.aborted || stopping.aborted) throw error;
      left.push(`${what}: ${RuntimeError.from(error).rawMessage}`);
    }
  };
  if (removesData(row, details)) {
    progress(context, details, 'removing data');
    const storage = store.storage(plugin, row.incarnation);
    await attempt('migrations', async () => {
      const files = await artifacts.open(row.digest).catch(noneLeft);
      // They are removed after the migrations: an uninstall that is gone on with has these behind it.
      if (files === undefined) return;
      const { directory } = files;
      const both = AbortSignal.any([signal, stopping]);
      await migrator.down(migrationOf(context, row, { from: row.version, to: undefined, directory, signal: both }));
    });
    await attempt(data.pathOf(plugin), () => data.remove(plugin));
    await attempt('storage', () => storage.clear());
  }
  progress(context, details, 'removing versions');
  const versions = ownOf(row, await store.versions(plugin));
  const digests = new Set([row.digest, ...versions.map(({ digest }) => digest)]);
  for (const digest of digests) await attempt(`files of ${digest}`, () => artifacts.remove(digest));
  return { left };
}

/** What becomes of the versions: the highest of all is remembered. */
export async function removalWrites(
  { store, plugin }: WorkContextParts,
  row: PluginRow,
): Promise<readonly VersionWrite[]> {
  const versions = await store.versions(plugin);
  const { incarnation } = row;
  // Those of former installations, too: otherwise one more would be remembered with each uninstall.
  const gone = versions.filter((one) => one.incarnation === incarnation || one.role === 'retired');
  const forgotten = new Set(forgettable(gone, versions));
  return gone.flatMap((one): VersionWrite[] => {
    const { installId, role } = one;
    if (forgotten.has(one)) return [{ kind: 'remove', installId }];
    return role === 'retired' ? [] : [{ kind: 'role', installId, from: role, to: 'retired' }];
  });
}

function noneLeft(error: unknown): undefined {
  if (isRuntimeError(error) && error.code === 'BUNDLE_UNKNOWN') return undefined;
  throw error;
}
