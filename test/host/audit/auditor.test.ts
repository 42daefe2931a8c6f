import { describe, expect, it } from 'vitest';
import { createAuditor, verifyAudit } from '../../../src/host/audit/index.ts';
import type { AuditorOptions } from '../../../src/host/audit/index.ts';
import { auditTest, entriesOf, KEY, recordingSink, withoutRepeats, write } from './support.ts';

describe('createAuditor', () => {
  it('links 3 entries of 2 plugins within the settle time after it was told', async () => {
    const { store, auditor, pass } = auditTest();
    await pass(1);
    await write(store, 'kv', 2);
    await write(store, 'shop');

    auditor.notify();
    await pass(50);

    const links = [...(await entriesOf(store, 'kv')), ...(await entriesOf(store, 'shop'))].map(({ mac }) => mac);
    expect(links).toEqual(Array(3).fill(expect.stringMatching(/^[0-9a-f]{64}$/)));
    expect(new Set(links).size).toBe(3);
  });

  it('finds what another host has written at the next poll, after 5,000 ms', async () => {
    const { store, pass } = auditTest();
    await pass(1);
    await write(store, 'kv');

    await pass(4_998);
    const before = (await store.auditHeads())[0]?.sealed;
    await pass(2);

    expect([before, (await store.auditHeads())[0]?.sealed]).toEqual([0, 1]);
  });

  it('seals what a former host has left when it starts', async () => {
    const former = auditTest();
    await write(former.store, 'kv', 5);
    const { store, pass } = auditTest({}, former);
    await pass(0);

    expect(await verifyAudit(store, KEY)).toMatchObject({ isIntact: true, chains: [{ entries: 5, unsealed: 0 }] });
  });

  it('seals 1,000 entries of one chain in pages, in order', async () => {
    const { store, auditor, pass } = auditTest({ settleMs: 0 });
    await write(store, 'kv', 2_500);
    auditor.notify();
    await pass(1);
    await pass(1);

    expect(await verifyAudit(store, KEY)).toMatchObject({ isIntact: true, chains: [{ entries: 2_500, unsealed: 0 }] });
  });

  it.each<[string, Partial<AuditorOptions>, string]>([
    [
      'a key of 31 bytes',
      { key: new Uint8Array(31) },
      '[AUDIT_KEY_INVALID] the key of the audit has 31 bytes, fewer than 32',
    ],
    ['a key that is no hexadecimal text', { key: 'secret' }, '[AUDIT_KEY_INVALID]'],
    ['a key of an odd number of digits', { key: 'a'.repeat(65) }, '[AUDIT_KEY_INVALID]'],
    ['2 sinks of one name', { sinks: [recordingSink(), recordingSink()] }, 'option "sinks[1].name"'],
    ['a sink without a name', { sinks: [recordingSink('')] }, 'option "sinks[0].name"'],
    ['17 sinks', { sinks: Array.from({ length: 17 }, (_, i) => recordingSink(`s${i}`)) }, 'option "sinks"'],
    ['no batch', { batchSize: 0 }, 'option "batchSize"'],
    ['a poll without a wait', { pollMs: 0 }, 'option "pollMs"'],
    ['no denials at all', { denialPermissions: 0 }, 'option "denialPermissions"'],
    ['a retention of nothing', { retention: { maxEntries: 0 } }, 'option "retention.maxEntries"'],
    ['a retention without age', { retention: { maxAgeMs: 0 } }, 'option "retention.maxAgeMs"'],
    ['a sweep of no number', { retention: { maxEntries: 1, sweepMs: null as never } }, 'option "retention.sweepMs"'],
    ['no retention', { retention: null as never }, 'option "retention"'],
    ['sinks that are no list', { sinks: {} as never }, 'option "sinks"'],
    ['a key that is none', { key: null as never }, '[AUDIT_KEY_INVALID]'],
  ])('refuses %s', (_, options, text) => {
    expect(() => auditTest(options)).toThrow(text);
  });

  it('takes a key of 64 hexadecimal digits with white space around it', () => {
    expect(() => auditTest({ key: `${'0f'.repeat(32)}\n` })).not.toThrow();
  });
});

describe('a plugin whose newest entry was removed from the store', () => {
  it('is told once, and the entries of 2 others are sealed, delivered and removed in time all the same', async () => {
    const sink = recordingSink();
    const { store, auditor, facts, pass } = auditTest({ sinks: [sink], retention: { maxEntries: 2, sweepMs: 0 } });
    const entries = store.auditEntries.bind(store);
    store.auditEntries = async (plugin, ...given) => (plugin === 'b' ? [] : entries(plugin, ...given));
    for (const plugin of ['a', 'b', 'c']) await write(store, plugin, 5);
    auditor.notify();
    await pass(60_000);

    expect(facts.filter(({ type }) => type === 'audit.damaged' || type === 'relay.failed')).toMatchObject([
      { type: 'audit.damaged', plugin: 'b', failure: { code: 'DATA_LOSS' } },
    ]);
    expect(withoutRepeats(sink.taken).filter((one) => !one.startsWith('b'))).toHaveLength(sink.taken.length);
    expect(auditor.status()).toMatchObject({ unsealed: 5, sinks: [{ behind: 0 }] });
    expect((await store.auditHeads()).map(({ plugin, pruned }) => `${plugin} ${pruned > 0}`)).toEqual([
      'a true',
      'b false',
      'c true',
    ]);
  });
});

describe('an auditor with a sink', () => {
  it('hands 700 entries over in batches of at most 256, each once and in order', async () => {
    const sink = recordingSink();
    const { store, pass } = auditTest({ sinks: [sink] });
    await pass(1);
    await write(store, 'kv', 700);
    await pass(6_000);

    expect(sink.calls.map((entries) => entries.length)).toEqual([256, 256, 188]);
    expect(sink.taken).toEqual(Array.from({ length: 700 }, (_, i) => `kv/${i + 1}`));
  });

  it('hands a sink nothing that is not sealed', async () => {
    const sink = recordingSink();
    const { store, pass } = auditTest({ sinks: [sink] });
    await write(store, 'kv', 3);
    await pass(6_000);

    expect(sink.calls.flat().every(({ mac }) => mac.length === 64)).toBe(true);
  });

  it('goes on behind what it had, after a restart of the host', async () => {
    const sink = recordingSink();
    const former = auditTest({ sinks: [sink] });
    await write(former.store, 'kv', 3);
    await former.pass(6_000);
    await former.auditor.stop();
    const { store, pass } = auditTest({ sinks: [sink] }, former);
    await write(store, 'kv', 2);
    await pass(6_000);

    expect(sink.taken).toEqual(['kv/1', 'kv/2', 'kv/3', 'kv/4', 'kv/5']);
  });

  it('lets commits go on while it fails for an hour, and catches up in order', async () => {
    const sink = recordingSink();
    const { store, auditor, pass } = auditTest({ sinks: [sink] });
    sink.mode = 'fails';
    for (let minute = 0; minute < 60; minute++) {
      await write(store, minute % 2 === 0 ? 'kv' : 'shop');
      auditor.notify();
      await pass(60_000);
    }
    const during = auditor.status().sinks[0];
    sink.mode = 'takes';
    await pass(31_000);

    expect(during).toMatchObject({
      name: 'sink',
      behind: 60,
      failures: expect.any(Number),
      failure: { code: 'AUDIT_SINK_FAILED' },
    });
    expect(sink.calls.length).toBeLessThan(300);
    expect(sink.taken.filter((text) => text.startsWith('kv'))).toEqual(
      Array.from({ length: 30 }, (_, i) => `kv/${i + 1}`),
    );
    expect(auditor.status().sinks[0]).toEqual({ name: 'sink', behind: 0, failures: 0, failure: undefined });
  });

  it('gives a sink that hangs up after 30,000 ms, and catches up in order', async () => {
    const sink = recordingSink();
    const { store, auditor, pass, facts } = auditTest({ sinks: [sink] });
    sink.mode = 'hangs';
    await write(store, 'kv', 2);
    auditor.notify();
    await pass(20_000);
    sink.mode = 'takes';
    await pass(20_000);

    expect(sink.taken).toEqual(['kv/1', 'kv/2']);
    expect(facts).toContainEqual(
      expect.objectContaining({
        type: 'relay.failed',
        failure: expect.objectContaining({ code: 'DEADLINE_EXCEEDED' }),
      }),
    );
  });

  it('lets a sink that hangs hold up neither the sealing nor another sink', async () => {
    const [bad, good] = [recordingSink('bad'), recordingSink('good')];
    bad.mode = 'hangs';
    const { store, auditor, pass } = auditTest({ sinks: [bad, good] });
    await write(store, 'kv');
    await pass(6_000);
    await write(store, 'kv');
    auditor.notify();
    await pass(100);

    expect(good.taken).toEqual(['kv/1', 'kv/2']);
    expect(auditor.status()).toMatchObject({ unsealed: 0, sinks: [{ behind: 2 }, { behind: 0 }] });
  });

  it.each(['before', 'after', 'silent'] as const)(
    'loses nothing and keeps the order when calls of the store fail %s',
    async (how) => {
      const sink = recordingSink();
      const { store, auditor, pass } = auditTest({ sinks: [sink], batchSize: 2 });
      await write(store, 'kv', 7);
      for (const operation of ['auditHeads', 'seal', 'auditEntries', 'snapshots'] as const) {
        store.failNext({ how, operation, times: 2 });
        auditor.notify();
        await pass(90_000);
      }
      await pass(90_000);

      expect(withoutRepeats(sink.taken)).toEqual(Array.from({ length: 7 }, (_, i) => `kv/${i + 1}`));
      expect(await verifyAudit(store, KEY)).toMatchObject({ isIntact: true, chains: [{ entries: 7 }] });
    },
  );

  it('gives a sink everything again when somebody has changed its cursor, and says so', async () => {
    const sink = recordingSink();
    const former = auditTest({ sinks: [sink] });
    await write(former.store, 'kv', 2);
    await former.pass(6_000);
    await former.auditor.stop();
    const { snapshots } = former.store;
    const stored = await snapshots.load('audit/cursor/sink');
    const data = stored?.data.replace('["kv",2', '["kv",9') ?? '';
    await snapshots.save('audit/cursor/sink', stored?.version, { version: 99, writer: 'mallory', data });
    const { facts, pass } = auditTest({ sinks: [sink] }, former);
    await pass(6_000);

    expect(sink.taken).toEqual(['kv/1', 'kv/2', 'kv/1', 'kv/2']);
    expect(facts).toContainEqual({ type: 'audit.cursorRefused', sink: 'sink' });
  });

  it('tells of 2 entries that were removed before a new sink could get them, and goes on', async () => {
    const { store, pass, auditor } = auditTest();
    await write(store, 'kv', 3);
    await pass(6_000);
    for (const head of await store.auditHeads()) await store.prune(head, 2);
    await auditor.stop();
    const sink = recordingSink();
    const next = auditTest({ sinks: [sink] }, { store });
    await next.pass(6_000);

    expect(sink.taken).toEqual(['kv/3']);
    expect(next.facts).toContainEqual({ type: 'audit.missed', sink: 'sink', plugin: 'kv', entries: 2 });
  });

  it('feeds plugins whose names are those of what every object has', async () => {
    const sink = recordingSink();
    const { store, pass } = auditTest({ sinks: [sink] });
    for (const plugin of ['__proto__', 'constructor', 'toString']) await write(store, plugin);
    await pass(6_000);
    await pass(6_000);

    expect(sink.taken.toSorted()).toEqual(['__proto__/1', 'constructor/1', 'toString/1']);
  });
});

describe('a stop of an auditor', () => {
  it('seals and delivers 3 entries that nobody has told it about', async () => {
    const sink = recordingSink();
    const { store, auditor, pass } = auditTest({ sinks: [sink] });
    await pass(1);
    await write(store, 'kv', 3);
    const stopped = auditor.stop();
    await pass(1);

    expect(await stopped).toEqual({ isCaughtUp: true, denialsLost: 0, denialsUnclear: 0 });
    expect(sink.taken).toEqual(['kv/1', 'kv/2', 'kv/3']);
  });

  it('is over after 200 ms when a sink hangs, and says that it is not caught up', async () => {
    const sink = recordingSink();
    sink.mode = 'hangs';
    const { store, auditor, pass } = auditTest({ sinks: [sink] });
    await write(store, 'kv');
    await pass(1);
    const stopped = auditor.stop({ deadlineMs: 200 });
    await pass(200);

    expect(await stopped).toEqual({ isCaughtUp: false, denialsLost: 0, denialsUnclear: 0 });
  });

  it('hands each entry over once when it comes while a sink is at work', async () => {
    const sink = recordingSink();
    const { store, auditor, pass, environment } = auditTest({
      sinks: [
        {
          name: 'slow',
          write: (entries, options) =>
            new Promise((resolve) => {
              environment.clock.setTimeout(() => resolve(sink.write(entries, options)), 100);
            }),
        },
      ],
    });
    await write(store, 'kv', 2);
    await pass(50);
    const stopped = auditor.stop();
    await pass(500);

    expect((await stopped).isCaughtUp).toBe(true);
    expect(sink.taken).toEqual(['kv/1', 'kv/2']);
  });

  it('ends a system of its own, with no timer left', async () => {
    const { store, environment, pass, auditor: other } = auditTest();
    const first = other.stop();
    await pass(1);
    await first;
    const auditor = createAuditor({ store, key: KEY, environment });
    await write(store, 'kv', 2);
    const stopped = auditor.stop();
    await pass(10);

    expect(await stopped).toMatchObject({ isCaughtUp: true });
    expect(environment.clock.pending).toBe(0);
  });

  it('gives the same report twice', async () => {
    const { auditor, pass } = auditTest();
    const both = [auditor.stop(), auditor.stop({ deadlineMs: 1 })];
    await pass(1);

    expect(await both[0]).toBe(await both[1]);
  });
});
