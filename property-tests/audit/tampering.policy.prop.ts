import { fc, test } from '@fast-check/vitest';
import { afterAll, describe, expect } from 'vitest';
import { linkOf } from '../../src/host/audit/chain.ts';
import { verifyAudit } from '../../src/host/audit/index.ts';
import type { AuditEntry, AuditHead, LifecycleStore } from '../../src/ports/lifecycle-store.ts';
import { testScale } from '../../test/setup/size.ts';

const KEY = new Uint8Array(32).fill(7);
const KINDS = ['change', 'remove', 'insert', 'swap', 'renumber', 'cut', 'relink', 'splice'] as const;
const seen = new Set<string>();

afterAll(() => {
  if (testScale().runs >= 100) expect([...seen]).toEqual(expect.arrayContaining([...KINDS]));
});

/** One thing that somebody does who can write to the database and does not have the key. */
interface Tampering {
  readonly kind: (typeof KINDS)[number];
  readonly at: number;
  readonly to: number;
  readonly entry: Omit<AuditEntry, 'sequence' | 'mac'>;
}

describe('the audit', () => {
  test.prop([history(), fc.array(tampering(), { minLength: 1, maxLength: 3, size: '-1' }), fc.nat(3)])(
    'shows that it was tampered with, whatever was done to its sealed entries',
    async (drafts, tamperings, pageSize) => {
      const entries = sealed(drafts);
      const rows = tamperings.reduce(tamper, entries);
      fc.pre(JSON.stringify(rows) !== JSON.stringify(entries));

      const store = storeOf(rows, headOf(entries));

      expect((await verifyAudit(store, KEY, { pageSize: pageSize + 1 })).isIntact).toBe(false);
      for (const { kind } of tamperings) seen.add(kind);
    },
  );

  test.prop([history(), fc.nat(3), fc.nat(3)])(
    'is intact when nobody has touched it, sealed in any steps',
    async (drafts, pageSize, unsealed) => {
      const all = sealed(drafts);
      const last = Math.max(0, all.length - unsealed);
      const rows = all.map((entry) => (entry.sequence > last ? { ...entry, mac: undefined } : entry));
      const head = { ...headOf(all), sealed: last, sealedMac: all[last - 1]?.mac };

      const { isIntact, chains } = await verifyAudit(storeOf(rows, head), KEY, { pageSize: pageSize + 1 });

      expect([isIntact, chains[0]?.entries, chains[0]?.unsealed]).toEqual([true, last, all.length - last]);
    },
  );
});

// Helpers

function tamper(rows: readonly AuditEntry[], { kind, at, to, entry }: Tampering): readonly AuditEntry[] {
  const place = rows.length === 0 ? 0 : at % rows.length;
  const target = rows.length === 0 ? 0 : to % rows.length;
  const [one, two] = [rows[place], rows[target]];
  if (one === undefined || two === undefined) return rows;
  switch (kind) {
    case 'change':
      return rows.with(place, { ...entry, sequence: one.sequence, mac: one.mac });
    case 'remove':
      return rows.toSpliced(place, 1);
    case 'insert':
      return numbered(rows.toSpliced(place, 0, { ...entry, sequence: 0, mac: two.mac }));
    case 'swap':
      return numbered(rows.with(place, two).with(target, one));
    case 'renumber':
      return numbered(rows.toSpliced(place, 1));
    case 'cut':
      return rows.slice(0, place);
    case 'splice': {
      // Of another history, which the host itself has sealed: such as before a backup was brought back.
      const other = { ...entry, sequence: one.sequence, mac: undefined };
      return rows.with(place, { ...other, mac: linkOf(KEY, two.mac, other) });
    }
    case 'relink':
      return rows.with(place, { ...one, mac: two.mac });
  }
}

function numbered(rows: readonly AuditEntry[]): readonly AuditEntry[] {
  return rows.map((row, index) => ({ ...row, sequence: index + 1 }));
}

function sealed(drafts: readonly Tampering['entry'][]): readonly AuditEntry[] {
  const entries: AuditEntry[] = [];
  for (const [index, entry] of drafts.entries()) {
    const unsealed = { ...entry, sequence: index + 1, mac: undefined };
    entries.push({ ...unsealed, mac: linkOf(KEY, entries.at(-1)?.mac, unsealed) });
  }
  return entries;
}

function headOf(entries: readonly AuditEntry[]): AuditHead {
  const { length } = entries;
  return {
    plugin: 'kv',
    last: length,
    sealed: length,
    sealedMac: entries.at(-1)?.mac,
    pruned: 0,
    prunedMac: undefined,
  };
}

function storeOf(rows: readonly AuditEntry[], head: AuditHead): LifecycleStore {
  const store: Pick<LifecycleStore, 'auditHeads' | 'auditEntries' | 'get' | 'list'> = {
    list: async () => [],
    get: async () => undefined,
    auditHeads: async () => [head],
    auditEntries: async (_, after, limit) => rows.filter(({ sequence }) => sequence > after).slice(0, limit),
  };
  return store as LifecycleStore;
}

function history(): fc.Arbitrary<Tampering['entry'][]> {
  return fc.array(draft(), { minLength: 2, maxLength: 8 });
}

function draft(): fc.Arbitrary<Tampering['entry']> {
  return fc.record({
    plugin: fc.constant('kv'),
    event: fc.constantFrom('plugin.activated', 'plugin.deactivated'),
    at: fc.nat(2),
    commitId: fc.constantFrom('a', 'b'),
    principal: fc.record({
      kind: fc.constantFrom('user' as const, 'system' as const),
      label: fc.constantFrom('ada', 'eve'),
    }),
    severity: fc.constantFrom('info' as const, 'warning' as const),
    data: fc.dictionary(fc.string({ maxLength: 2 }), fc.jsonValue({ maxDepth: 1 }), { maxKeys: 2 }) as fc.Arbitrary<
      Record<string, unknown>
    >,
  });
}

function tampering(): fc.Arbitrary<Tampering> {
  return fc.record({
    // What a chain is for is asked more often.
    kind: fc.constantFrom(...KINDS, 'splice'),
    at: fc.nat(7),
    to: fc.nat(7),
    entry: draft(),
  });
}
