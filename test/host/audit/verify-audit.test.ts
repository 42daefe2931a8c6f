import { describe, expect, it } from 'vitest';
import { canonicalJson } from '../../../src/host/audit/canonical-json.ts';
import { linkOf } from '../../../src/host/audit/chain.ts';
import { verifyAudit } from '../../../src/host/audit/index.ts';
import type { AuditReport, VerifyAuditOptions } from '../../../src/host/audit/index.ts';
import type { AuditEntry, AuditHead, LifecycleStore } from '../../../src/ports/lifecycle-store.ts';
import { auditTest, draft, KEY, recordingSink, write } from './support.ts';

describe('verifyAudit of an installed plugin', () => {
  it('finds 1 row whose audit is gone as a whole', async () => {
    const store = await installed();

    const report = await verifyAudit(overlay(store, { auditHeads: async () => [], auditEntries: async () => [] }), KEY);

    expect(found(report)).toEqual([['noEntries', 1]]);
  });

  it.each<[string, readonly string[], string]>([
    ['wider', ['childProcess', 'net:*', 'net:a'], '+ childProcess, + net:*'],
    ['narrower', [], '- net:a'],
  ])('finds permissions in its row that are %s than entry 1 has granted', async (_, permissions, difference) => {
    const store = await installed();
    const row = await store.get('kv');

    const report = await verifyAudit(overlay(store, { get: async () => row && { ...row, permissions } }), KEY);

    expect(found(report)).toEqual([['wrongPermissions', 1]]);
    expect(report.chains[0]?.problem?.message).toContain(difference);
  });

  it('finds nothing in 1 row that is as its newest entry about that says', async () => {
    const store = await installed();
    const row = await store.get('kv');
    const granted = ['net:a', 'net:b'];
    const data = { permissions: ['net:b'], granted };
    await store.commit({ id: 'later', audit: [draft('kv', 'plugin.consent.given', data), draft('kv')] });

    const wide = overlay(store, { get: async () => row && { ...row, permissions: granted } });

    expect(found(await verifyAudit(wide, KEY))).toEqual([]);
    expect(found(await verifyAudit(store, KEY))).toEqual([['wrongPermissions', 2]]);
  });
});

describe('verifyAudit', () => {
  it('finds nothing in an audit without entries', async () => {
    const { store } = auditTest();

    expect(await verifyAudit(store, KEY)).toEqual({ isIntact: true, chains: [] });
  });

  it('counts 4 links and 2 entries without one, which are no problem', async () => {
    const { store } = await sealed(4);
    await write(store, 'kv', 2);

    expect(await verifyAudit(store, KEY)).toMatchObject({
      isIntact: true,
      chains: [{ plugin: 'kv', entries: 4, unsealed: 2, pruned: 0, problem: undefined }],
    });
  });

  it('finds a wrong key at each of 4 entries', async () => {
    const { store } = await sealed(4);
    const { chains } = await verifyAudit(store, new Uint8Array(32).fill(8));

    expect(chains[0]?.problems.map(({ kind, sequence }) => [kind, sequence])).toEqual(
      [1, 2, 3, 4].map((sequence) => ['wrongLink', sequence]),
    );
  });

  it.each<[string, Tampering, readonly (readonly [string, number])[]]>([
    ['a changed field', { entries: (all) => changed(all, 2, { event: 'plugin.reset' }) }, [['wrongLink', 2]]],
    ['changed data', { entries: (all) => changed(all, 2, { data: { i: 7 } }) }, [['wrongLink', 2]]],
    [
      'a changed principal',
      { entries: (all) => changed(all, 2, { principal: { kind: 'user', label: 'eve' } }) },
      [['wrongLink', 2]],
    ],
    ['a changed time', { entries: (all) => changed(all, 2, { at: 1 }) }, [['wrongLink', 2]]],
    [
      'a changed link',
      { entries: (all) => changed(all, 2, { mac: 'f'.repeat(64) }) },
      [
        ['wrongLink', 2],
        ['wrongLink', 3],
      ],
    ],
    [
      'a link that is gone',
      { entries: (all) => changed(all, 2, { mac: undefined }) },
      [
        ['missingLink', 2],
        ['wrongLink', 3],
      ],
    ],
    [
      'an entry that is gone',
      { entries: (all) => all.filter(({ sequence }) => sequence !== 2) },
      [
        ['gap', 2],
        ['wrongLink', 3],
      ],
    ],
    [
      'an entry that is gone, the rest renumbered',
      { entries: (all) => renumbered(all.filter(({ sequence }) => sequence !== 2)) },
      [
        ['wrongLink', 2],
        ['wrongLink', 3],
        ['truncated', 4],
      ],
    ],
    ['the last one gone', { entries: (all) => all.slice(0, -1) }, [['truncated', 4]]],
    ['all of them gone', { entries: () => [] }, [['truncated', 1]]],
    [
      'the first one gone',
      { entries: (all) => all.slice(1) },
      [
        ['gap', 1],
        ['wrongLink', 2],
      ],
    ],
    [
      'an entry that stands twice',
      { entries: (all) => [...all.slice(0, 2), ...all.slice(1)] },
      [
        ['wrongOrder', 2],
        ['wrongLink', 2],
      ],
    ],
    [
      '2 entries in each other’s place',
      { entries: ([a, b, c, d]) => renumbered([a, c, b, d].flatMap((one) => one ?? [])) },
      [
        ['wrongLink', 2],
        ['wrongLink', 3],
        ['wrongLink', 4],
      ],
    ],
    [
      'an entry of another plugin',
      { entries: (all) => changed(all, 2, { plugin: 'shop' }) },
      [
        ['wrongOrder', 2],
        ['wrongLink', 2],
      ],
    ],
    [
      'a head that was set back',
      { head: { sealed: 2 } },
      [
        ['wrongHead', 2],
        ['wrongHead', 3],
        ['wrongHead', 4],
      ],
    ],
    ['a head with another link', { head: { sealedMac: '0'.repeat(64) } }, [['wrongHead', 4]]],
    ['a head without its link', { head: { sealedMac: undefined } }, [['wrongHead', 4]]],
    [
      'a removal that nobody has recorded',
      { entries: (all) => all.slice(2), head: { pruned: 2, prunedMac: 'own' } },
      [['unrecordedRemoval', 2]],
    ],
  ])('finds %s', async (_, tampering, problems) => {
    const { store } = await sealed(4);

    const report = await verifyAudit(await tampered(store, tampering), KEY);

    expect(report.isIntact).toBe(false);
    expect(found(report)).toEqual(problems);
  });

  it('finds 2 entries removed from the end, the head set back with them, by an anchor or by the cursor of a sink only', async () => {
    const { store, sink } = await sealed(4);
    const anchors = sink.calls.flat().slice(-1);
    const cut = await tampered(store, {
      entries: (all) => all.slice(0, 2),
      head: { last: 2, sealed: 2, sealedMac: 'own' },
    });
    const check = async (options: VerifyAuditOptions): Promise<unknown> => found(await verifyAudit(cut, KEY, options));

    expect(await check({})).toEqual([]);
    expect(await check({ anchors })).toEqual([['truncated', 3]]);
    expect(await check({ sinks: ['sink'] })).toEqual([['truncated', 3]]);
  });

  it('finds a plugin whose audit is gone by an anchor', async () => {
    const { store, sink } = await sealed(4);
    const [anchor] = sink.calls.flat();
    const empty: LifecycleStore = overlay(store, {
      auditHeads: async () => [],
      auditEntries: async () => [],
    });

    expect(found(await verifyAudit(empty, KEY))).toEqual([]);
    expect(found(await verifyAudit(empty, KEY, { anchors: anchor === undefined ? [] : [anchor] }))).toEqual([
      ['truncated', 1],
    ]);
  });

  it('finds a history that was made anew with the key by the link of an anchor', async () => {
    const { store } = await sealed(4);
    const anchors = [{ plugin: 'kv', sequence: 3, mac: '1'.repeat(64) }];

    expect(found(await verifyAudit(store, KEY, { anchors }))).toEqual([['wrongLink', 3]]);
  });

  it('lists at most 100 problems of a plugin', async () => {
    const { store } = await sealed(150);
    const { chains } = await verifyAudit(store, new Uint8Array(32), { pageSize: 7 });

    expect([chains[0]?.entries, chains[0]?.problems.length]).toEqual([150, 100]);
  });

  it('checks 1 plugin of 2 when it is told which', async () => {
    const { store, auditor, pass } = await sealed(2);
    await write(store, 'shop');
    auditor.notify();
    await pass(100);

    expect((await verifyAudit(store, KEY, { plugin: 'shop' })).chains.map(({ plugin }) => plugin)).toEqual(['shop']);
    expect((await verifyAudit(store, KEY, { plugin: 'none' })).chains).toMatchObject([{ plugin: 'none', entries: 0 }]);
  });

  it('takes a host that seals meanwhile for no tampering', async () => {
    const { store, auditor, pass } = await sealed(2);
    await write(store, 'kv', 2);
    let looks = 0;
    const busy: LifecycleStore = overlay(store, {
      auditEntries: async (...args: Parameters<LifecycleStore['auditEntries']>) => {
        if (looks++ === 0) {
          auditor.notify();
          await pass(100);
        }
        return store.auditEntries(...args);
      },
    });

    expect(await verifyAudit(busy, KEY)).toMatchObject({ isIntact: true, chains: [{ entries: 4, unsealed: 0 }] });
  });

  it.each([0, 10_001, Number.NaN])('refuses pages of %d entries: a store gives 10,000 at most', async (pageSize) => {
    const { store } = auditTest();

    await expect(verifyAudit(store, KEY, { pageSize })).rejects.toMatchObject({
      code: 'INVALID_OPTIONS',
      field: 'pageSize',
    });
  });

  it('names the plugin and the entry in its text', async () => {
    const { store } = await sealed(4);
    const { chains } = await verifyAudit(await tampered(store, { entries: (all) => all.slice(0, -1) }), KEY);

    expect(chains[0]?.problem?.message).toBe('the audit of plugin "kv": entries 4 to 4 are missing at the end');
  });
});

describe('linkOf', () => {
  it('is an HMAC-SHA256 that anybody with the key can make again', () => {
    const entry = { ...draft('kv'), sequence: 1, at: 5, commitId: 'c1', mac: undefined };

    expect(linkOf(KEY, undefined, entry)).toBe('146ee2823d169381a81e4b6d2802ad233a345931217bac701b5ed548c76b2a07');
  });
});

describe('canonicalJson', () => {
  it.each<[unknown, string]>([
    [{ b: 1, a: [1, 'x', null, true, { d: 1, c: 2 }] }, '{"a":[1,"x",null,true,{"c":2,"d":1}],"b":1}'],
    [{ '\u20ac': 1, a: 2, A: 3, '1': 4, '\ud83d\ude00': 5 }, '{"1":4,"A":3,"a":2,"\u20ac":1,"\ud83d\ude00":5}'],
    [{ gone: undefined, stays: null }, '{"stays":null}'],
    [[undefined], '[null]'],
    [-0, '0'],
    ['\u2028"\n', '"\u2028\\"\\n"'],
    [1e21, '1e+21'],
  ])('writes %j as %s', (value, text) => {
    expect(canonicalJson(value)).toBe(text);
  });
});

// Helpers

/** A store with a plugin that was granted one permission. */
async function installed(): Promise<LifecycleStore> {
  const { store } = auditTest();
  const permissions = ['net:a'];
  const version = {
    slug: 'kv',
    incarnation: 'i',
    version: '1.0.0',
    abiVersion: 1,
    manifest: '{}',
    digest: 'd'.repeat(64),
  };
  const row = {
    ...version,
    permissions,
    state: 'installed',
    awaitingConsent: [],
    trips: [],
    failure: undefined,
  } as const;
  await store.commit({
    id: 'install',
    row: { kind: 'insert', row },
    audit: [draft('kv', 'plugin.installed', { permissions })],
  });
  return store;
}

interface Tampering {
  readonly entries?: (entries: readonly AuditEntry[]) => readonly AuditEntry[];
  /** `own` as a link: that of the entry at this place. */
  readonly head?: Partial<AuditHead>;
}

/** An audit with so many sealed entries that a sink has, too. */
async function sealed(count: number) {
  const sink = recordingSink();
  const test = auditTest({ sinks: [sink] });
  await write(test.store, 'kv', count);
  await test.pass(6_000);
  return { ...test, sink };
}

/** The store as somebody has left it who can write to the database. */
async function tampered(
  store: LifecycleStore,
  { entries = (all) => all, head = {} }: Tampering,
): Promise<LifecycleStore> {
  const all = await store.auditEntries('kv', 0, 1_000);
  const rows = entries(all);
  const linkAt = (sequence: number): string | undefined => all.find((entry) => entry.sequence === sequence)?.mac;
  const [before] = await store.auditHeads();
  const after = { ...before, ...head } as AuditHead;
  const sealedMac = head.sealedMac === 'own' ? linkAt(after.sealed) : after.sealedMac;
  const prunedMac = head.prunedMac === 'own' ? linkAt(after.pruned) : after.prunedMac;
  const changes: Partial<LifecycleStore> = {
    auditHeads: async () => [{ ...after, sealedMac, prunedMac }],
    auditEntries: async (_, from, limit) => rows.filter(({ sequence }) => sequence > from).slice(0, limit),
  };
  return overlay(store, changes);
}

/** The store with other methods in front of its own. */
function overlay(store: LifecycleStore, changes: Partial<LifecycleStore>): LifecycleStore {
  return new Proxy(store, {
    get(_, name: keyof LifecycleStore) {
      const own = changes[name] ?? store[name];
      return typeof own === 'function' ? own.bind(store) : own;
    },
  });
}

function changed(entries: readonly AuditEntry[], sequence: number, change: Partial<AuditEntry>): readonly AuditEntry[] {
  return entries.map((entry) => (entry.sequence === sequence ? { ...entry, ...change } : entry));
}

function renumbered(entries: readonly AuditEntry[]): readonly AuditEntry[] {
  return entries.map((entry, index) => ({ ...entry, sequence: index + 1 }));
}

function found({ chains }: AuditReport): readonly (readonly [string, number])[] {
  return chains.flatMap(({ problems }) => problems.map(({ kind, sequence }) => [kind, sequence] as const));
}
