import { describe, expect, it } from 'vitest';
import { verifyAudit } from '../../../src/host/audit/index.ts';
import { createManualEnvironment } from '../../../src/ports/index.ts';
import { createMemoryStore } from '../../../src/stores/index.ts';
import { auditTest, entriesOf, KEY, recordingSink, write } from './support.ts';

const DAY = 86_400_000;

describe('a retention', () => {
  it('keeps the newest 10 of 30 entries and the one about the removal, and the rest still verifies', async () => {
    const { store, facts, pass } = auditTest({ retention: { maxEntries: 10, sweepMs: 0 } });
    await write(store, 'kv', 30);
    await pass(6_000);
    await pass(6_000);

    const entries = await entriesOf(store, 'kv');
    expect(entries.map(({ sequence }) => sequence)).toEqual(Array.from({ length: 11 }, (_, i) => i + 21));
    expect(entries.at(-1)).toMatchObject({ event: 'audit.pruned', data: { upTo: 20 }, principal: { kind: 'system' } });
    expect(facts).toContainEqual({ type: 'audit.pruned', plugin: 'kv', entries: 20 });
    expect(await verifyAudit(store, KEY)).toMatchObject({ isIntact: true, chains: [{ pruned: 20, entries: 11 }] });
  });

  it('makes no removal of its own entries: 100 sweeps of 5 entries write 2 at most', async () => {
    const { store, pass } = auditTest({ retention: { maxEntries: 1, maxAgeMs: DAY, sweepMs: 0 } });
    await write(store, 'kv', 5);
    await pass(100 * 5_000);

    expect((await store.auditHeads())[0]?.last).toBeLessThan(8);
    expect((await verifyAudit(store, KEY)).isIntact).toBe(true);
  });

  it('goes by the clock of the store: a host that is 20 years ahead removes nothing', async () => {
    const { environment } = auditTest();
    const ahead = createManualEnvironment({ startAt: 20 * 365 * DAY });
    const store = createMemoryStore({ clock: environment.clock });
    await write(store, 'kv', 5);

    const { facts, pass } = auditTest({ retention: { maxAgeMs: 30 * DAY } }, { store, environment: ahead });
    await pass(60_000);

    expect(facts.filter(({ type }) => type === 'audit.pruned')).toEqual([]);
  });

  it('removes what is older than 30 days, in pages', async () => {
    const { store, pass } = auditTest({ retention: { maxAgeMs: 30 * DAY }, pollMs: DAY });
    await write(store, 'kv', 1_500);
    await pass(20 * DAY);
    await write(store, 'kv', 3);
    await pass(12 * DAY);

    const entries = await entriesOf(store, 'kv');
    expect(entries.map(({ sequence }) => sequence)).toEqual([1_501, 1_502, 1_503, 1_504]);
    expect((await verifyAudit(store, KEY)).isIntact).toBe(true);
  });

  it('keeps what a sink has not taken, for as long as it fails', async () => {
    const sink = recordingSink();
    const { store, pass } = auditTest({ sinks: [sink], retention: { maxEntries: 1, sweepMs: 0 } });
    await write(store, 'kv', 3);
    await pass(6_000);
    sink.mode = 'fails';
    await write(store, 'kv', 10);
    await pass(200_000);
    const kept = (await entriesOf(store, 'kv')).filter(({ event }) => event !== 'audit.pruned');
    sink.mode = 'takes';
    await pass(60_000);

    expect(kept.map(({ sequence }) => sequence)).toEqual(expect.arrayContaining([5, 6, 7, 8, 9, 10, 11, 12, 13, 14]));
    expect((await entriesOf(store, 'kv')).length).toBeLessThan(5);
    expect((await verifyAudit(store, KEY)).isIntact).toBe(true);
  });

  it('looks once an hour unless it is told otherwise', async () => {
    const { store, auditor, pass } = auditTest({ retention: { maxEntries: 1 }, pollMs: 100_000 });
    await pass(1);
    await write(store, 'kv', 10);
    auditor.notify();
    await pass(3_500_000);
    const before = (await entriesOf(store, 'kv')).length;
    await pass(200_000);

    expect([before, (await entriesOf(store, 'kv')).length]).toEqual([10, 2]);
  });

  it('removes nothing when no limit is given', async () => {
    const { store, pass } = auditTest({ retention: { sweepMs: 0 }, pollMs: DAY });
    await write(store, 'kv', 100);
    await pass(400 * DAY);

    expect(await entriesOf(store, 'kv')).toHaveLength(100);
  });
});
