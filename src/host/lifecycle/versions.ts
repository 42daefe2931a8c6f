// The versions of a plugin: which there were, which are kept, and which one an update or a rollback is about.

import gt from 'semver/functions/gt.js';
import valid from 'semver/functions/valid.js';
import { RuntimeError } from '../../errors/index.ts';
import type { LifecycleStore, PluginRow, VersionRow, VersionWrite } from '../../ports/lifecycle-store.ts';
import { migrateBack } from './migrating.ts';
import type { DataVersion } from './migrating.ts';
import type { InstalledPlugin, PluginSummary } from './types.ts';
import type { WorkContextParts } from './work-context.ts';

/** The highest version that was ever installed; undefined when none was. */
export async function highestVersion(
  store: Pick<LifecycleStore, 'versions'>,
  plugin: string,
): Promise<string | undefined> {
  return highestOf(await store.versions(plugin))?.version;
}

/** Adds their versions to plugins; with one question, if the store can. */
export async function withVersions(
  store: Pick<LifecycleStore, 'versions' | 'allVersions'>,
  plugins: readonly PluginSummary[],
): Promise<readonly InstalledPlugin[]> {
  const found = new Map<string, VersionRow[]>(plugins.map(({ row }) => [row.slug, []]));
  // One after the other: whoever asks for all has time, and others want to be answered in between.
  if (store.allVersions === undefined)
    for (const slug of found.keys()) found.set(slug, [...(await store.versions(slug))]);
  else for (const version of await store.allVersions()) found.get(version.slug)?.push(version);
  return plugins.map((plugin) => ({ ...plugin, versions: found.get(plugin.row.slug) ?? [] }));
}

/** Throws DOWNGRADE_REFUSED when a higher version was installed before. */
export function requireNoDowngrade(plugin: string, version: string, versions: readonly VersionRow[]): void {
  const highest = highestOf(versions)?.version;
  if (highest === undefined) return;
  // What cannot be compared might be lower.
  if (valid(version) === null) {
    const text = `version ${version} of plugin "${plugin}" cannot be compared with ${highest}, which was installed before`;
    throw new RuntimeError('DOWNGRADE_REFUSED', text, { details: { plugin, version, highest } });
  }
  if (!gt(highest, version)) return;
  const text = `version ${version} of plugin "${plugin}" is below ${highest}, which was installed before`;
  throw new RuntimeError('DOWNGRADE_REFUSED', text, { details: { plugin, version, highest } });
}

/** The version that waits for consent, or that an update was in the middle of; undefined when there is none. */
export async function stagedOf(
  { store }: Pick<WorkContextParts, 'store'>,
  row: PluginRow,
): Promise<VersionRow | undefined> {
  const versions = await store.versions(row.slug);
  // Of a first install the staged version is the one of the row.
  return ownOf(row, versions).find(({ role, digest }) => role === 'staged' && digest !== row.digest);
}

/**
 * The version that a rollback leads to: the named one, else the one that was let go last. So going back twice is going
 * forward again.
 *
 * @throws ROLLBACK_UNAVAILABLE
 */
export function rollbackTarget(
  row: PluginRow,
  versions: readonly VersionRow[],
  wanted: { readonly version: string | undefined; readonly now: number },
): VersionRow {
  const kept = ownOf(row, versions).filter((one) => one.role === 'retained' && (one.retainedUntil ?? 0) > wanted.now);
  const fitting = kept.filter(({ version }) => wanted.version === undefined || version === wanted.version);
  const [newest] = fitting.toSorted(byLetGo);
  if (newest !== undefined) return newest;
  const what = wanted.version === undefined ? 'no version' : `no version ${wanted.version}`;
  const text = `${what} of plugin "${row.slug}" is kept; kept are ${kept.map(({ version }) => version).join(', ') || 'none'}`;
  throw new RuntimeError('ROLLBACK_UNAVAILABLE', text, { details: { plugin: row.slug, version: wanted.version } });
}

/**
 * Puts the version that was let go last first: that which took over last. A change to a version that failed lets go of it
 * once more, and makes it no newer.
 */
export function byLetGo(one: VersionRow, other: VersionRow): number {
  return (other.activatedAt ?? 0) - (one.activatedAt ?? 0);
}

/** The versions of this installation, the newest first. */
export function ownOf(
  { incarnation }: Pick<PluginRow, 'incarnation'>,
  versions: readonly VersionRow[],
): readonly VersionRow[] {
  return versions.filter((one) => one.incarnation === incarnation);
}

/** What an update that nobody finished has left. */
export interface UndoneUpdate {
  readonly versions: readonly VersionWrite[];
  /** Why its migrations could not be taken back, and never will; undefined when they were. */
  readonly failure: RuntimeError | undefined;
}

/**
 * Takes back what an update has staged that its host did not finish, and its migrations. Rejects when they can be taken back
 * another time.
 */
export async function undoStagedVersions(
  context: WorkContextParts,
  row: PluginRow,
  signal: AbortSignal,
): Promise<UndoneUpdate> {
  const staged = await stagedOf(context, row);
  if (staged === undefined) return { versions: [], failure: undefined };
  const at = ({ version, digest }: Pick<VersionRow, 'version' | 'digest'>): DataVersion => ({
    version,
    directory: async () => (await context.artifacts.open(digest)).directory,
  });
  const versions = [unstaged(staged, context)];
  try {
    await migrateBack(context, row, { from: at(staged), to: at(row) }, signal);
    return { versions, failure: undefined };
  } catch (thrown) {
    const failure = RuntimeError.from(thrown);
    if (failure.retryable || signal.aborted || context.stopping.aborted) throw failure;
    return { versions, failure };
  }
}

/** One that was in use before can be gone back to; a new one cannot. */
export function unstaged({ installId, activatedAt }: VersionRow, { settings }: WorkContextParts): VersionWrite {
  const isKept = activatedAt !== undefined;
  const to = isKept ? ('retained' as const) : ('retired' as const);
  return { kind: 'role', installId, from: 'staged', to, ...(isKept ? { retainMs: settings.retainMs } : {}) };
}

/** The one with the highest version, of those whose versions can be compared. */
export function highestOf(versions: readonly VersionRow[]): VersionRow | undefined {
  const proper = versions.filter(({ version }) => valid(version) !== null);
  return proper.reduce<VersionRow | undefined>(
    (highest, one) => (highest === undefined || gt(one.version, highest.version) ? one : highest),
    undefined,
  );
}
