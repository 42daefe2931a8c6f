import type { PluginStorage } from '../../ports/lifecycle-store.ts';

/** What a migration is told. */
export interface MigrationContext {
  readonly plugin: string;
  /** Identity of the installation. */
  readonly incarnation: string;
  /** Version whose data is there; undefined when there is none. */
  readonly from: string | undefined;
  /** Version whose data there shall be; undefined for none: the plugin is being removed with its data. */
  readonly to: string | undefined;
  /** Files of the version that knows the migrations: the newer one. */
  readonly directory: string;
  /** Where the plugin keeps its own files. */
  readonly dataDirectory: string;
  readonly storage: PluginStorage;
  /** Aborts when nobody waits for it any more. */
  readonly signal: AbortSignal;
}

/**
 * Brings stored data from one version to another. Both are repeated when a host ended in the middle, so that doing one twice
 * has to come to the same as doing it once.
 */
export interface Migrator {
  /** Before a version runs for the first time. What it rejects with fails the operation. */
  up(context: MigrationContext): Promise<void>;
  /** Before an older version runs again, and before data is removed. */
  down(context: MigrationContext): Promise<void>;
}

/** For plugins that look after their data themselves. */
export const nullMigrator: Migrator = { async up() {}, async down() {} };
