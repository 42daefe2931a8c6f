import type { SnapshotStore, StoredSnapshot } from '../../ports/snapshot-store.ts';
import { checkExpected, checkName, checkSnapshot } from '../check.ts';
import type { SqlDialect } from './dialect.ts';
import type { SqlExecutor } from './executor.ts';
import { text, whole } from './rows.ts';
import { bind, expectOne, slot, template } from './template.ts';
import type { Bindings, Template } from './template.ts';

const STALE = 'stale';

/** The part of a store that has the states of durable actors. */
export function createSqlSnapshots(executor: SqlExecutor, dialect: SqlDialect): SnapshotStore {
  const templates = snapshotTemplates(dialect);
  const write = async (from: Template, values: Bindings): Promise<boolean> => {
    const outcome = await executor.batch([expectOne(from, values, STALE)]);
    return outcome.kind === 'done';
  };
  return {
    async load(key: string): Promise<StoredSnapshot | undefined> {
      const [row] = await executor.query(bind(templates.load, { key: checkName('key', key) }));
      return row && { version: whole(row, 'version'), writer: text(row, 'writer'), data: text(row, 'data') };
    },
    async save(key: string, expected: number | undefined, next: StoredSnapshot): Promise<boolean> {
      checkSnapshot(key, next);
      const { version, writer, data } = next;
      if (expected === undefined) return write(templates.insert, { key, version, writer, data });
      return write(templates.update, { key, version, writer, data, expected: checkExpected(expected) });
    },
    async delete(key: string, expected: number): Promise<boolean> {
      return write(templates.remove, { key: checkName('key', key), expected: checkExpected(expected) });
    },
  };
}

function snapshotTemplates({ db }: SqlDialect): Readonly<Record<'load' | 'insert' | 'update' | 'remove', Template>> {
  const key = slot<string>('key');
  const expected = slot<number>('expected');
  const next = { version: slot<number>('version'), writer: slot<string>('writer'), data: slot<string>('data') };
  const load = db.selectFrom('actor_snapshots').select(['version', 'writer', 'data']).where('key', '=', key);
  const insert = db
    .insertInto('actor_snapshots')
    .values({ key, ...next })
    .onConflict((conflict) => conflict.doNothing());
  const update = db.updateTable('actor_snapshots').set(next).where('key', '=', key).where('version', '=', expected);
  const remove = db.deleteFrom('actor_snapshots').where('key', '=', key).where('version', '=', expected);
  return { load: template(load), insert: template(insert), update: template(update), remove: template(remove) };
}
