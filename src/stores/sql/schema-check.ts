import { RuntimeError } from '../../errors/index.ts';

/** The table that has the versions; a database with tables and without this one belongs to somebody else. */
export const VERSION_TABLE = 'schema_migrations';

/** What was found in a database before anything was written to it. */
export interface FoundSchema {
  /** Its tables, without those of the database itself. */
  readonly tables: readonly string[];
  /** Its versions in order; none when it has no table of them. */
  readonly versions: readonly number[];
}

/**
 * The version of a database, 0 for an empty one.
 *
 * @param where names the database, for messages
 * @throws STORE_FOREIGN, STORE_CORRUPTED or STORE_NEWER
 */
export function versionOf(found: FoundSchema, newest: number, where: string): number {
  const { tables, versions } = found;
  if (tables.length === 0) return 0;
  if (!tables.includes(VERSION_TABLE)) {
    throw new RuntimeError('STORE_FOREIGN', `${where} has tables of another program, such as "${tables[0]}"`);
  }
  if (versions.length === 0 || versions.some((version, index) => version !== index + 1)) {
    throw new RuntimeError('STORE_CORRUPTED', `${where} has lost some of its versions: ${versions.join(', ')}`);
  }
  if (versions.length <= newest) return versions.length;
  const limit = `this one knows versions up to ${newest}`;
  throw new RuntimeError('STORE_NEWER', `${where} has version ${versions.length} of a newer package, ${limit}`, {
    details: { version: versions.length, newest },
  });
}
