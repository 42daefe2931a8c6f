import gt from 'semver/functions/gt.js';
import valid from 'semver/functions/valid.js';
import type { PluginRow } from '../../ports/lifecycle-store.ts';
import { nullMigrator } from './migrator.ts';
import { migrationOf } from './work-context.ts';
import type { WorkContextParts } from './work-context.ts';

/** A version, and where its files are: asked for only when they are needed. */
export interface DataVersion {
  readonly version: string;
  readonly directory: () => Promise<string>;
}

/**
 * Brings the data of a plugin from one version to another. The newer of the two knows the way, in both directions: an older
 * version cannot know what came after it.
 */
export async function migrate(
  context: WorkContextParts,
  row: PluginRow,
  { from, to }: { readonly from: DataVersion; readonly to: DataVersion },
  signal: AbortSignal,
): Promise<void> {
  const isDown = isNewer(from.version, to.version);
  const directory = await (isDown ? from : to).directory();
  const migration = migrationOf(context, row, { from: from.version, to: to.version, directory, signal });
  await (isDown ? context.migrator.down(migration) : context.migrator.up(migration));
}

/** Takes back a migration to a version, which may not have come to its end. */
export async function migrateBack(
  context: WorkContextParts,
  row: PluginRow,
  { from, to }: { readonly from: DataVersion; readonly to: DataVersion },
  signal: AbortSignal,
): Promise<void> {
  // Nothing was brought anywhere; the files of the other version may be those of another host alone.
  if (context.migrator === nullMigrator) return;
  // The opposite of a step up to a version that is as new is a step down.
  const isUp = isNewer(to.version, from.version);
  const directory = await (isUp ? to : from).directory();
  const migration = migrationOf(context, row, { from: from.version, to: to.version, directory, signal });
  await (isUp ? context.migrator.up(migration) : context.migrator.down(migration));
}

function isNewer(version: string, other: string): boolean {
  return valid(version) !== null && valid(other) !== null && gt(version, other);
}
