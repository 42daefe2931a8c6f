// Who needs whom, by what the rows say.

import { DependencyError } from '../../errors/index.ts';
import { originOf } from '../../machines/index.ts';
import { leftBehindBy } from '../../policy/index.ts';
import type { LifecycleStore, PluginRow } from '../../ports/lifecycle-store.ts';
import { isInRange, requireDependencies, requireNoDependents } from '../dependencies/index.ts';
import type { Manifest } from '../manifest/index.ts';
import type { ManifestCache } from './manifest-cache.ts';

/** What the checks look at. */
export interface DependencyCheckParts {
  readonly store: Pick<LifecycleStore, 'list'>;
  readonly manifests: ManifestCache;
}

/** Whether others may count on the plugin: it runs, and is not on its way out. */
export function isActive(row: PluginRow): boolean {
  return row.state === 'active' || (row.state === 'updating' && originOf(row) === 'active');
}

/** Whether the plugin needs what it needs: it runs, or is about to. */
function isInNeed(row: PluginRow): boolean {
  return isActive(row) || row.state === 'activating';
}

/** Throws a `DependencyError` when the plugin lacks something. */
export async function requireWhatItNeeds(
  { store }: Pick<DependencyCheckParts, 'store'>,
  { name, depends }: Pick<Manifest, 'name' | 'depends'>,
): Promise<void> {
  if (depends.length === 0) return;
  const rows = await store.list();
  requireDependencies(
    { name, depends },
    rows.map((row) => ({ name: row.slug, version: row.version, isActive: isActive(row) })),
  );
}

/** Throws a `DependencyError` when active plugins need this one. */
export async function requireNobodyNeeds(parts: DependencyCheckParts, plugin: string): Promise<void> {
  requireNoDependents(plugin, await inNeed(parts), 'refuse');
}

/** Throws a `DependencyError` when active plugins need another version than this one. */
export async function requireNobodyLeftBehind(
  parts: DependencyCheckParts,
  manifest: Pick<Manifest, 'name' | 'version'>,
): Promise<void> {
  const left = leftBehindBy(manifest, await inNeed(parts), isInRange);
  if (left.length === 0) return;
  const { name, version } = manifest;
  const text = `version ${version} of plugin "${name}" does not fit ${left.map((one) => `"${one}"`).join(', ')}`;
  throw new DependencyError('DEPENDENCY_INCOMPATIBLE', text, { plugin: name, details: { dependents: left } });
}

/** The manifests of the plugins that run or are about to. One that cannot be read needs nothing that anybody knows. */
export async function inNeed({ store, manifests }: DependencyCheckParts): Promise<readonly Manifest[]> {
  const rows = (await store.list()).filter(isInNeed);
  const read = await Promise.all(rows.map((row) => manifests.of(row).catch(() => undefined)));
  return read.filter((manifest) => manifest !== undefined);
}
