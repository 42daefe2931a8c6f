import { sql } from 'kysely';
import type { RawBuilder } from 'kysely';
import type { SqlDialect } from './dialect.ts';
import { asText, asWhole, slot, template } from './template.ts';
import type { Template } from './template.ts';

/** The statements of the plugins' storage. */
export interface StorageTemplates {
  readonly get: Template;
  readonly keys: Template;
  /** Locks the storage of an installation, and makes the row of its usage. */
  readonly touch: Template;
  /** One row when the version of a key is the expected one, 0 for none. */
  readonly isAt: Template;
  /** Counts a write; no row when there is no room. */
  readonly grow: Template;
  readonly put: Template;
  /** Counts a removal; no row when the key is not there, or has another version. */
  readonly shrink: Template;
  readonly remove: Template;
  readonly empty: Template;
  readonly removeAll: Template;
}

/** Builds the statements of the plugins' storage. */
export function storageTemplates(dialect: SqlDialect): StorageTemplates {
  return { ...readTemplates(dialect), ...usageTemplates(dialect), ...writeTemplates(dialect) };
}

const OWNER = { slug: slot<string>('slug'), incarnation: slot<string>('incarnation') };
const PLACE = { ...OWNER, key: slot<string>('key') };

function readTemplates({ db }: SqlDialect): Pick<StorageTemplates, 'get' | 'keys'> {
  const rows = db.selectFrom('plugin_storage');
  const prefix = asText('prefix');
  const keys = rows
    .select('key')
    .where((builder) => builder.and(OWNER))
    .where('key', '>', slot<string>('after'))
    .where('key', '>=', slot<string>('prefix'))
    .where(sql<boolean>`substr(key, 1, length(${prefix})) = ${prefix}`)
    .orderBy('key')
    .limit(asWhole('limit'));
  const one = rows.select(['value', 'version']).where((builder) => builder.and(PLACE));
  return { get: template(one), keys: template(keys) };
}

function usageTemplates(dialect: SqlDialect): Pick<StorageTemplates, 'touch' | 'grow' | 'shrink' | 'empty'> {
  const { db } = dialect;
  const own = db.updateTable('plugin_storage_usage').where((builder) => builder.and(OWNER));
  const none = sql<number>`0`;
  const touch = db
    .insertInto('plugin_storage_usage')
    .values({ ...OWNER, keys: none, bytes: none, writes: none })
    .onConflict((conflict) =>
      conflict
        .columns(['slug', 'incarnation'])
        .doUpdateSet((builder) => ({ keys: builder.ref('plugin_storage_usage.keys') })),
    );
  const before = sizeNow(dialect);
  const after = sql<number>`bytes + ${asWhole('size')} - coalesce(${before}, 0)`;
  const keys = sql<number>`keys + case when ${before} is null then 1 else 0 end`;
  const fits = sql<boolean>`(${keys} <= ${asWhole('mostKeys')} and ${after} <= ${asWhole('mostBytes')})`;
  // What makes it smaller is always taken: a quota may have been lowered.
  const shrinks = sql<boolean>`coalesce(${before}, -1) >= ${asWhole('size')}`;
  const grow = own.set({ keys, bytes: after, writes: sql<number>`writes + 1` });
  const present = sizeNow(dialect, sql`(${asWhole('expected')} is null or version = ${asWhole('expected')})`);
  const shrink = own.set({ keys: sql<number>`keys - 1`, bytes: sql<number>`bytes - ${present}` });
  return {
    touch: template(touch),
    grow: template(grow.where(sql<boolean>`(${fits} or ${shrinks})`)),
    shrink: template(shrink.where(sql<boolean>`${present} is not null`)),
    empty: template(own.set({ keys: none, bytes: none })),
  };
}

function writeTemplates({ db }: SqlDialect): Pick<StorageTemplates, 'isAt' | 'put' | 'remove' | 'removeAll'> {
  const version = db
    .selectFrom('plugin_storage')
    .select('version')
    .where((builder) => builder.and(PLACE));
  const isAt = db
    .selectNoFrom(sql<number>`1`.as('yes'))
    .where(sql<boolean>`coalesce(${version}, 0) = ${asWhole('expected')}`);
  const writes = db
    .selectFrom('plugin_storage_usage')
    .select('writes')
    .where((builder) => builder.and(OWNER));
  const put = db
    .insertInto('plugin_storage')
    .values({ ...PLACE, value: slot<Uint8Array>('value'), version: writes })
    .onConflict((conflict) =>
      conflict.columns(['slug', 'incarnation', 'key']).doUpdateSet((builder) => ({
        value: builder.ref('excluded.value'),
        version: builder.ref('excluded.version'),
      })),
    );
  const rows = db.deleteFrom('plugin_storage');
  return {
    isAt: template(isAt),
    put: template(put),
    remove: template(rows.where((builder) => builder.and(PLACE))),
    removeAll: template(rows.where((builder) => builder.and(OWNER))),
  };
}

/** What a key takes now, with its value; null when it is not there. */
function sizeNow({ db, kind }: SqlDialect, condition: RawBuilder<unknown> = sql`1 = 1`): RawBuilder<number | null> {
  // `length` counts characters of texts, and bytes of blobs.
  const size =
    kind === 'sqlite'
      ? sql<number>`length(cast(key as blob)) + length(value)`
      : sql<number>`octet_length(key) + octet_length(value)`;
  const query = db
    .selectFrom('plugin_storage')
    .select(size.as('size'))
    .where((builder) => builder.and(PLACE))
    .where(sql<boolean>`${condition}`);
  return sql<number | null>`${query}`;
}
