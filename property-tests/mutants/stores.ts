// Bugs of the stores that their property and their contract must find. Plant one, run what kills it, see it fail, restore.

import type { Mutant } from './actors-and-machines.ts';

const MODEL = 'property-tests/stores/store.model.prop.ts';

/** One bug or more for each invariant of the port. */
export const STORE_MUTANTS: readonly Mutant[] = [
  {
    name: 'a row that was made again takes the changes of the one before it (L2, G-02; memory)',
    file: 'src/stores/memory/commit.ts',
    from: 'row?.incarnation === write.of.incarnation && row.rowVersion',
    to: 'row?.rowVersion',
    killedBy: MODEL,
  },
  {
    name: 'a row that was made again takes the changes of the one before it (L2, G-02; SQL)',
    file: 'src/stores/sql/commit-row.ts',
    from: "    .where('incarnation', '=', slot<string>('incarnation'))\n    .where('row_version', '=', slot<number>('rowVersion'))\n    .returningAll();",
    to: "    .where('row_version', '=', slot<number>('rowVersion'))\n    .returningAll();",
    killedBy: MODEL,
  },
  {
    name: 'a commit under a lease that has expired happens (L3; memory)',
    file: 'src/stores/memory/leases.ts',
    from: 'row.token === lease.token && row.expiresAt > now',
    to: 'row.token === lease.token',
    killedBy: MODEL,
  },
  {
    name: 'a commit under a lease that has expired happens (L3; SQL)',
    file: 'src/stores/sql/commits.ts',
    from: "    .where('expires_at', '>', now);",
    to: ';',
    killedBy: MODEL,
  },
  {
    name: 'a lease passes on under the same token (L3; SQL)',
    file: 'src/stores/sql/leases.ts',
    from: ".else(builder('leases.token', '+', sql<number>`1`))",
    to: ".else(builder.ref('leases.token'))",
    killedBy: MODEL,
  },
  {
    name: 'the entries of a commit that lost stay counted (L4)',
    file: 'src/stores/sqlite/sqlite-engine.ts',
    from: "if (isUndone) this.#do(isAlone ? 'rollback' : 'rollback to batch');",
    to: '',
    killedBy: MODEL,
  },
  {
    name: 'a commit that comes again is done again (L5; memory)',
    file: 'src/stores/memory/commit.ts',
    from: '  if (known !== undefined) return repeated(tables, commit, known);\n',
    to: '',
    killedBy: MODEL,
  },
  {
    name: 'a commit that was denied happens later (L5; SQL)',
    file: 'src/stores/sql/commits.ts',
    from: 'giveUp: note(0)',
    to: "giveUp: template(db.selectFrom('commits').select('id').where('id', '=', id))",
    killedBy: MODEL,
  },
  {
    name: 'a version of a key comes again after a delete (P2)',
    file: 'src/stores/sql/storage-templates.ts',
    from: 'keys: sql<number>`keys - 1`, bytes',
    to: 'writes: sql<number>`writes - 1`, keys: sql<number>`keys - 1`, bytes',
    killedBy: MODEL,
  },
  {
    name: 'an overwritten value stays counted in the quota (P1)',
    file: 'src/stores/sql/storage-templates.ts',
    from: ' - coalesce(${before}, 0)`',
    to: '`',
    killedBy: MODEL,
  },
  {
    name: 'the columns of a second statement do not pass between the threads (F2)',
    file: 'src/stores/sqlite/flat-messages.ts',
    from: 'const columns = isNew ? Object.keys(first) : undefined;',
    to: 'const columns = number === 0 ? Object.keys(first) : undefined;',
    killedBy: 'property-tests/stores/flat-messages.codec.prop.ts',
  },
];
