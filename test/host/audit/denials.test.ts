import { describe, expect, it } from 'vitest';
import type { AuditEntry } from '../../../src/ports/lifecycle-store.ts';
import { auditTest, entriesOf } from './support.ts';

const denial = { plugin: 'shop', permission: 'events.emit:order.paid' };

describe('denials', () => {
  it('make an entry at once for the first one, with the plugin as its principal', async () => {
    const { store, auditor, pass } = auditTest();
    await pass(1);
    auditor.denials(denial);
    await pass(50);

    expect(await entriesOf(store, 'shop')).toMatchObject([
      {
        event: 'plugin.permission.denied',
        severity: 'warning',
        principal: { kind: 'plugin', label: 'shop' },
        data: { permission: 'events.emit:order.paid', count: 1, firstAt: 1_000_001, lastAt: 1_000_001 },
      },
    ]);
  });

  it('make at most 4 entries in 2 minutes, however many there are, with counts that add up', async () => {
    const { store, auditor, pass } = auditTest();
    await pass(1);
    for (let second = 0; second < 120; second++) {
      for (let i = 0; i < 10; i++) auditor.denials(denial);
      await pass(1_000);
    }
    const stopped = auditor.stop();
    await pass(1);
    await stopped;

    const counts = countsOf(await entriesOf(store, 'shop'));
    expect(counts.length).toBeLessThanOrEqual(4);
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(1_200);
    expect(auditor.status()).toMatchObject({ denials: 1_200, denialsPending: 0 });
  });

  it('are told apart by plugin and by permission', async () => {
    const { store, auditor, pass } = auditTest();
    await pass(1);
    auditor.denials(denial);
    auditor.denials({ ...denial, permission: 'capability:posts.write' });
    auditor.denials({ ...denial, plugin: 'kv' });
    await pass(50);

    expect([(await entriesOf(store, 'shop')).length, (await entriesOf(store, 'kv')).length]).toEqual([2, 1]);
  });

  it('are counted together beyond 64 permissions of a plugin, and none is lost', async () => {
    const { store, auditor, pass } = auditTest();
    await pass(1);
    for (let i = 0; i < 1_000; i++) auditor.denials({ plugin: 'shop', permission: `events.emit:t${i}` });
    await pass(50);

    const entries = await entriesOf(store, 'shop');
    expect(entries).toHaveLength(65);
    expect(entries.at(-1)?.data).toMatchObject({ permission: '(others)', count: 936 });
  });

  it('are written by a stop before their minute is over', async () => {
    const { store, auditor, pass } = auditTest();
    await pass(1);
    auditor.denials(denial);
    await pass(50);
    for (let i = 0; i < 5; i++) auditor.denials(denial);
    const stopped = auditor.stop();
    await pass(1);

    expect(await stopped).toEqual({ isCaughtUp: true, denialsLost: 0, denialsUnclear: 0 });
    expect(countsOf(await entriesOf(store, 'shop'))).toEqual([1, 5]);
  });

  it.each(['before', 'after', 'silent'] as const)('are written once when commits of the store fail %s', async (how) => {
    const { store, auditor, pass } = auditTest();
    await pass(1);
    store.failNext({ how, operation: 'commit', times: 3 });
    auditor.denials(denial);
    auditor.denials({ plugin: 'kv', permission: 'worker' });
    await pass(200_000);

    expect(countsOf(await entriesOf(store, 'shop'))).toEqual([1]);
    expect(countsOf(await entriesOf(store, 'kv'))).toEqual([1]);
  });

  it('are counted by a stop while the store fails, 1 as lost and 3 as unclear, and logged', async () => {
    const { store, auditor, pass, environment } = auditTest();
    await pass(1);
    store.failNext({ operation: 'commit', times: 1_000 });
    for (let i = 0; i < 3; i++) auditor.denials(denial);
    await pass(50);
    auditor.denials({ plugin: 'kv', permission: 'worker' });
    const stopped = auditor.stop({ deadlineMs: 10 });
    await pass(10);

    expect(await stopped).toEqual({ isCaughtUp: false, denialsLost: 1, denialsUnclear: 3 });
    expect(environment.log.entries.at(-1)?.message).toBe('denials are missing in the audit, as the store failed');
  });

  it('that no store could hold are written in a form that it can', async () => {
    const { store, auditor, pass } = auditTest();
    await pass(1);
    auditor.denials({ plugin: 'shop', permission: `secret:\0\ud800${'x'.repeat(10_000)}` });
    await pass(50);

    const [entry] = await entriesOf(store, 'shop');
    expect(String(entry?.data['permission']).slice(0, 10)).toBe('secret:\ufffd\ufffdx');
    expect(String(entry?.data['permission'])).toHaveLength(512);
  });

  it('of a plugin that the store refuses are logged and hold up no other', async () => {
    const { store, auditor, pass, environment } = auditTest();
    await pass(1);
    auditor.denials({ plugin: '', permission: 'worker' });
    auditor.denials(denial);
    await pass(50);

    expect(countsOf(await entriesOf(store, 'shop'))).toEqual([1]);
    expect(environment.log.entries.map(({ level }) => level)).toEqual(['error']);
  });

  it('that come after the stop are logged', async () => {
    const { auditor, pass, environment } = auditTest();
    const stopped = auditor.stop();
    await pass(1);
    await stopped;
    auditor.denials(denial);

    expect(environment.log.entries.map(({ message }) => message)).toEqual([
      'a denial came after the stop of the audit and is in no entry',
    ]);
  });
});

// Helpers

function countsOf(entries: readonly AuditEntry[]): number[] {
  return entries.map(({ data }) => Number(data['count']));
}
