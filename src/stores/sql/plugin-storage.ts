// Keys and values of plugins.
//
// Invariants:
//   P1. The row of the usage is written first, so it locks the storage of one installation: what is counted there and
//       what is stored never differ.
//   P2. A version of a key never comes again: it is the count of all writes of the installation.

import type { PluginStorage, StorageQuota, StoredValue } from '../../ports/lifecycle-store.ts';
import { checkExpected, checkLimit, checkName, checkText, MOST_ENTRIES, storageFull } from '../check.ts';
import type { SqlDialect } from './dialect.ts';
import type { SqlExecutor } from './executor.ts';
import { bytes, text, whole } from './rows.ts';
import { storageTemplates } from './storage-templates.ts';
import type { StorageTemplates } from './storage-templates.ts';
import { bind, expectOne } from './template.ts';

const STALE = 'stale';
const FULL = 'full';

/** Makes the storage of installations. */
export class SqlStorages {
  readonly #executor: SqlExecutor;
  readonly #templates: StorageTemplates;

  constructor(executor: SqlExecutor, dialect: SqlDialect) {
    this.#executor = executor;
    this.#templates = storageTemplates(dialect);
  }

  open(slug: string, incarnation: string, quota: StorageQuota): PluginStorage {
    return new SqlStorage(this.#executor, this.#templates, { slug, incarnation }, quota);
  }
}

class SqlStorage implements PluginStorage {
  readonly #executor: SqlExecutor;
  readonly #templates: StorageTemplates;
  readonly #owner: { readonly slug: string; readonly incarnation: string };
  readonly #quota: StorageQuota;

  constructor(
    executor: SqlExecutor,
    templates: StorageTemplates,
    owner: { readonly slug: string; readonly incarnation: string },
    quota: StorageQuota,
  ) {
    this.#executor = executor;
    this.#templates = templates;
    this.#owner = owner;
    this.#quota = quota;
  }

  async get(key: string): Promise<StoredValue | undefined> {
    const [row] = await this.#executor.query(bind(this.#templates.get, { ...this.#owner, key: checkText('key', key) }));
    return row && { value: bytes(row, 'value'), version: whole(row, 'version') };
  }

  async set(key: string, value: Uint8Array, expected?: number): Promise<boolean> {
    const size = Buffer.byteLength(checkName('key', key)) + value.byteLength;
    checkExpected(expected);
    const { keys, bytes: most } = this.#quota;
    const place = { ...this.#owner, key };
    const grown = { ...place, size, mostKeys: keys, mostBytes: most };
    const outcome = await this.#executor.batch([
      bind(this.#templates.touch, this.#owner),
      ...(expected === undefined ? [] : [expectOne(this.#templates.isAt, { ...place, expected }, STALE)]),
      expectOne(this.#templates.grow, grown, FULL),
      // A copy: whoever gave the bytes may write into them while this waits.
      bind(this.#templates.put, { ...place, value: Uint8Array.from(value) }),
    ]);
    if (outcome.kind === 'unmet' && outcome.what === FULL) throw storageFull(this.#owner.slug, this.#quota);
    return outcome.kind === 'done';
  }

  async delete(key: string, expected?: number): Promise<boolean> {
    const place = { ...this.#owner, key: checkText('key', key) };
    const outcome = await this.#executor.batch([
      bind(this.#templates.touch, this.#owner),
      expectOne(this.#templates.shrink, { ...place, expected: checkExpected(expected) ?? null }, STALE),
      bind(this.#templates.remove, place),
    ]);
    return outcome.kind === 'done';
  }

  async keys(
    options: { readonly prefix?: string; readonly after?: string; readonly limit?: number } = {},
  ): Promise<string[]> {
    const { prefix = '', after = '', limit = MOST_ENTRIES } = options;
    checkText('prefix', prefix);
    checkText('after', after);
    const wanted = { ...this.#owner, prefix, after, limit: checkLimit(limit) };
    return (await this.#executor.query(bind(this.#templates.keys, wanted))).map((row) => text(row, 'key'));
  }

  async clear(): Promise<void> {
    await this.#executor.batch([
      bind(this.#templates.empty, this.#owner),
      bind(this.#templates.removeAll, this.#owner),
    ]);
  }
}
