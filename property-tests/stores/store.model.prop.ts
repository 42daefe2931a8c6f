import { fc, test } from '@fast-check/vitest';
import { afterAll, describe, expect } from 'vitest';
import { isRuntimeError } from '../../src/errors/index.ts';
import { createVirtualClock } from '../../src/ports/index.ts';
import type { VirtualClock } from '../../src/ports/index.ts';
import type { Lease, LifecycleStore, RowKey, RowWrite } from '../../src/ports/lifecycle-store.ts';
import { createMemoryStore } from '../../src/stores/index.ts';
import { testScale } from '../../test/setup/size.ts';
import { openInlineStore } from '../../test/stores/inline-subject.ts';
import { draft, newRow, sequencesOf, upTo } from '../../test/stores/support.ts';
import { MODEL_QUOTA, StoreModel } from './store-model.ts';
import type { StoreCall } from './store-model.ts';

const SLUGS = ['a', 'b'];

/** What is done; which row, lease and commit it is about is told by what was read before. */
interface Step {
  readonly do: StoreCall['do'];
  readonly slug: string;
  readonly owner: string;
  readonly isStale: boolean;
  readonly isLeased: boolean;
  readonly ttlMs: number;
  readonly key: string;
  readonly size: number;
  readonly expected: number | undefined;
}

/** Steps that are sent together, some time after those before. */
interface Turn {
  readonly passMs: number;
  readonly steps: readonly Step[];
}

const seen = new Set<string>();

afterAll(() => {
  if (testScale().runs < 100) return;
  const commits = ['insert', 'update', 'delete'].flatMap((one) => [`${one} committed`, `${one} conflict`]);
  const repeats = ['repeat committed', 'repeat abandoned', 'ask true', 'ask false', 'update fenced'];
  const leases = [
    'acquire token 1',
    'acquire token 2',
    'acquire taken',
    'renew token 1',
    'renew taken',
    'release done',
  ];
  const values = ['set true', 'set false', 'set full', 'unset true', 'unset false', 'save true', 'save false'];
  expect([...seen]).toEqual(expect.arrayContaining([...commits, ...repeats, ...leases, ...values, 'forget true']));
});

describe.each<[string, (clock: VirtualClock) => LifecycleStore]>([
  ['in memory', (clock) => createMemoryStore({ clock })],
  ['in SQLite', openInlineStore],
])('a store %s', (_, open) => {
  test.prop([fc.array(turn(), { maxLength: 30, size: 'max' })])(
    'answers as a few maps would, whether calls come alone or together',
    async (turns) => {
      const clock = createVirtualClock({ startAt: 1_000 });
      const store = open(clock);
      const script = new Script();

      for (const { passMs, steps } of turns) {
        clock.advance(passMs);
        script.model.now += passMs;
        // What is sent together goes by what was known before.
        const calls = steps.map((step) => script.call(step));
        const expected = calls.map((call) => script.expected(call));

        const answers = await Promise.all(calls.map((call) => ask(store, call)));

        expect(answers).toEqual(expected);
        for (const [index, call] of calls.entries()) seen.add(`${call.do} ${String(expected[index])}`);
      }

      expect(await heldBy(store)).toEqual(heldByModel(script.model));
      await store.close();
    },
  );
});

// Helpers

function turn(): fc.Arbitrary<Turn> {
  return fc.record({
    passMs: fc.constantFrom(0, 0, 0, 4, 10),
    steps: fc.array(step(), { minLength: 1, maxLength: 3 }),
  });
}

function step(): fc.Arbitrary<Step> {
  const often = ['insert', 'update', 'update', 'delete', 'repeat', 'ask'] as const;
  const others = ['acquire', 'acquire', 'renew', 'release', 'set', 'set', 'unset', 'save', 'save', 'forget'] as const;
  return fc.record({
    do: fc.constantFrom<StoreCall['do'][]>(...often, ...others),
    slug: fc.constantFrom(...SLUGS),
    owner: fc.constantFrom('x', 'y'),
    isStale: fc.boolean(),
    isLeased: fc.boolean(),
    ttlMs: fc.constantFrom(5, 50),
    key: fc.constantFrom('k', 'l', 'm'),
    size: fc.nat(8),
    expected: fc.constantFrom(undefined, undefined, 0, 1, 2),
  });
}

/** Turns steps into calls, with what the model knows. */
class Script {
  readonly model = new StoreModel();
  readonly #read = new Map<string, RowKey>();
  readonly #granted = new Map<string, Lease>();
  #last: Extract<StoreCall, { kind: string }> | undefined;
  #ids = 0;

  call(step: Step): StoreCall {
    const { slug, owner, ttlMs, key, size, expected } = step;
    const lease = this.#granted.get(slug) ?? { name: slug, owner, token: 1, ttlMs };
    if (step.do === 'insert' || step.do === 'update' || step.do === 'delete') return this.#commit(step, lease);
    if (step.do === 'repeat' && this.#last !== undefined) return { ...this.#last, do: 'repeat' };
    if (step.do === 'ask' || step.do === 'repeat') return { do: 'ask', id: this.#last?.id ?? 'none' };
    if (step.do === 'acquire') return { do: 'acquire', lease: { name: slug, owner, token: 0, ttlMs } };
    if (step.do === 'renew' || step.do === 'release') return { do: step.do, lease: { ...lease, ttlMs } };
    if (step.do === 'set') return { do: 'set', key, size, expected };
    if (step.do === 'unset') return { do: 'unset', key, expected };
    const { snapshot } = this.model;
    const version = step.isStale ? expected : snapshot;
    if (step.do === 'save') return { do: 'save', expected: version, version: (snapshot ?? 0) + 1 };
    return { do: 'forget', expected: version ?? 1 };
  }

  /** Also notes what the caller learns. */
  expected(call: StoreCall): string {
    const answer = this.model.answer(call);
    if (call.do === 'acquire' && answer !== 'taken') {
      this.#granted.set(call.lease.name, { ...call.lease, token: Number(answer.slice('token '.length)) });
    }
    return answer;
  }

  #commit({ do: kind, slug, isStale, isLeased }: Step, lease: Lease): StoreCall {
    const now = this.model.rows.get(slug) ?? { slug, incarnation: `i${this.#ids % 3}`, rowVersion: 1 };
    const of = (isStale ? this.#read.get(slug) : undefined) ?? now;
    if (!isStale) this.#read.set(slug, now);
    const id = `c${++this.#ids}`;
    this.#last = { do: 'insert', id, kind: kind as 'insert', of, lease: isLeased ? lease : undefined };
    return { ...this.#last, do: kind as 'insert' };
  }
}

async function ask(store: LifecycleStore, call: StoreCall): Promise<string> {
  try {
    return await answerOf(store, call);
  } catch (error) {
    if (!isRuntimeError(error)) throw error;
    if (error.code === 'PLUGIN_STORAGE_FULL') return 'full';
    return error.code === 'COMMIT_ABANDONED' ? 'abandoned' : error.message;
  }
}

async function answerOf(store: LifecycleStore, call: StoreCall): Promise<string> {
  if ('kind' in call) {
    const { id, lease } = call;
    const leases = lease === undefined ? [] : [lease];
    return (await store.commit({ id, leases, row: writeOf(call), audit: [draft(call.of.slug)] })).kind;
  }
  if (call.do === 'ask') return String(await store.committed(call.id));
  if (call.do === 'release') return store.release(call.lease).then(() => 'done');
  if ('lease' in call) {
    const { name, owner, ttlMs } = call.lease;
    const lease = await (call.do === 'renew' ? store.renew(call.lease, ttlMs) : store.acquire(name, owner, ttlMs));
    return lease === undefined ? 'taken' : `token ${lease.token}`;
  }
  const storage = store.storage('a', 'i', MODEL_QUOTA);
  if (call.do === 'set') return String(await storage.set(call.key, new Uint8Array(call.size), call.expected));
  if (call.do === 'unset') return String(await storage.delete(call.key, call.expected));
  if (call.do === 'forget') return String(await store.snapshots.delete('actor', call.expected));
  const next = { version: call.version, writer: 'w', data: '' };
  return String(await store.snapshots.save('actor', call.expected, next));
}

function writeOf({ kind, of }: Extract<StoreCall, { kind: string }>): RowWrite {
  if (kind === 'insert') return { kind, row: newRow(of.slug, { incarnation: of.incarnation }) };
  return kind === 'update' ? { kind, of, change: {} } : { kind, of };
}

async function heldBy(store: LifecycleStore): Promise<unknown> {
  const rows = (await store.list()).map(({ slug, incarnation, rowVersion }) => ({ slug, incarnation, rowVersion }));
  const entries = await Promise.all(SLUGS.map((slug) => sequencesOf(store, slug)));
  const storage = store.storage('a', 'i');
  const values = await Promise.all(
    (await storage.keys()).map(async (key) => {
      const stored = await storage.get(key);
      return [key, stored?.value.byteLength, stored?.version];
    }),
  );
  return { rows, entries, values, snapshot: (await store.snapshots.load('actor'))?.version };
}

function heldByModel(model: StoreModel): unknown {
  return {
    rows: SLUGS.flatMap((slug) => model.rows.get(slug) ?? []),
    entries: SLUGS.map((slug) => upTo(model.entries.get(slug) ?? 0)),
    values: [...model.values]
      .map(([key, { size, version }]) => [key, size, version] as const)
      .sort(([a], [b]) => (a < b ? -1 : 1)),
    snapshot: model.snapshot,
  };
}
