import { fc, test } from '@fast-check/vitest';
import { afterAll, describe, expect } from 'vitest';
import { createSystem } from '../../src/actors/index.ts';
import type { ActorSystem } from '../../src/actors/index.ts';
import { createAuditor, verifyAudit } from '../../src/host/audit/index.ts';
import type { Auditor } from '../../src/host/audit/index.ts';
import { createManualEnvironment } from '../../src/ports/index.ts';
import type { ManualEnvironment } from '../../src/ports/index.ts';
import type { AuditEntry, LifecycleState } from '../../src/ports/lifecycle-store.ts';
import { createMemoryStore } from '../../src/stores/index.ts';
import type { MemoryStore } from '../../src/stores/index.ts';
import { recordingSink, withoutRepeats } from '../../test/host/audit/support.ts';
import type { RecordingSink, SinkMode } from '../../test/host/audit/support.ts';
import { testScale } from '../../test/setup/size.ts';

const KEY = new Uint8Array(32).fill(7);
const PLUGINS = ['kv', 'shop'];
const STATES: readonly LifecycleState[] = ['inactive', 'active', 'errored'];
const seen = new Set<string>();

afterAll(() => {
  if (testScale().runs >= 100) {
    expect([...seen]).toEqual(expect.arrayContaining(['won', 'lost', 'unclear', 'denied', 'repeated', 'pruned']));
  }
});

/** Two hosts on one store, each with an auditor; one of them has a sink. */
interface Real {
  readonly environment: ManualEnvironment;
  readonly system: ActorSystem;
  readonly store: MemoryStore;
  readonly sink: RecordingSink;
  readonly auditors: readonly Auditor[];
  readonly pass: (ms: number) => Promise<void>;
  commits: number;
}

/** What has happened, as somebody knows who has seen everything. */
interface Model {
  /** States that each plugin has had, in order. */
  readonly histories: Map<string, LifecycleState[]>;
  denials: number;
}

type Command = fc.AsyncCommand<Model, Real>;
type How = 'before' | 'after' | 'silent';
type Failing = 'commit' | 'seal' | 'snapshots' | 'auditEntries' | 'prune';

/** Two commits that want to replace the same row: one of them wins. */
class Race implements Command {
  readonly #plugin: string;
  readonly #states: readonly LifecycleState[];
  constructor(plugin: string, states: readonly LifecycleState[]) {
    this.#plugin = plugin;
    this.#states = states;
  }
  check = (): boolean => true;
  async run(model: Model, real: Real): Promise<void> {
    const row = await real.store.get(this.#plugin);
    for (const to of this.#states) {
      if (row === undefined) continue;
      const { slug, incarnation, rowVersion } = row;
      const audit = entry(slug, row.state, to);
      const id = `c${++real.commits}`;
      const update = { kind: 'update', of: { slug, incarnation, rowVersion }, change: { state: to } } as const;
      const outcome = await real.store.commit({ id, row: update, audit: [audit] }).catch(() => undefined);
      const isWon = outcome === undefined ? await real.store.committed(id) : outcome.kind === 'committed';
      if (isWon) model.histories.get(slug)?.push(to);
      seen.add(outcome === undefined ? 'unclear' : isWon ? 'won' : 'lost');
    }
    real.auditors[0]?.notify();
  }
  toString = (): string => `race(${this.#plugin}: ${this.#states.join()})`;
}

class Deny implements Command {
  readonly #plugin: string;
  readonly #times: number;
  constructor(plugin: string, times: number) {
    this.#plugin = plugin;
    this.#times = times;
  }
  check = (): boolean => true;
  async run(model: Model, real: Real): Promise<void> {
    model.denials += this.#times;
    for (let i = 0; i < this.#times; i++) {
      real.auditors[i % 2]?.denials({ plugin: this.#plugin, permission: `events.emit:t${i % 3}` });
    }
    seen.add('denied');
  }
  toString = (): string => `deny(${this.#plugin} × ${this.#times})`;
}

class Sink implements Command {
  readonly #mode: SinkMode;
  constructor(mode: SinkMode) {
    this.#mode = mode;
  }
  check = (): boolean => true;
  async run(_: Model, real: Real): Promise<void> {
    real.sink.mode = this.#mode;
  }
  toString = (): string => `sink ${this.#mode}`;
}

class Fail implements Command {
  readonly #how: How;
  readonly #times: number;
  readonly #operation: Failing;
  constructor(how: How, times: number, operation: Failing) {
    // The commands wait for their own commits.
    this.#how = operation === 'commit' && how === 'silent' ? 'after' : how;
    this.#times = times;
    this.#operation = operation;
  }
  check = (): boolean => true;
  async run(_: Model, real: Real): Promise<void> {
    real.store.failNext({ how: this.#how, times: this.#times, operation: this.#operation });
  }
  toString = (): string => `${this.#operation} fails ${this.#how} × ${this.#times}`;
}

class Pass implements Command {
  readonly #ms: number;
  constructor(ms: number) {
    this.#ms = ms;
  }
  check = (): boolean => true;
  async run(_: Model, real: Real): Promise<void> {
    await real.pass(this.#ms);
  }
  toString = (): string => `pass(${this.#ms})`;
}

describe('the audit of two hosts on one store', () => {
  test.prop([fc.commands(commands(), { maxCommands: 25 })])(
    'P13: has no gap, tells the states of each plugin in order, and every sink gets it all, whatever fails',
    async (run) => {
      const { model, real } = await begin();
      await fc.asyncModelRun(() => ({ model, real }), run);
      await end(real);

      let denied = 0;
      for (const plugin of PLUGINS) {
        const entries = real.sink.calls.length === 0 ? [] : await real.store.auditEntries(plugin, 0, 10_000);
        const kept = entries.filter(({ event }) => event === 'plugin.changed');
        const states = model.histories.get(plugin) ?? [];
        // P13. What retention has removed is the beginning.
        expect(kept.map(({ data }) => data['to'])).toEqual(states.slice(states.length - kept.length));
        expect(entries.map(({ sequence }) => sequence)).toEqual(entries.map((_, i) => (entries[0]?.sequence ?? 1) + i));
        denied += countDenials(real.sink, plugin);
      }
      expect(denied).toBe(model.denials);
      expect(await verifyAudit(real.store, KEY, { sinks: ['sink'] })).toMatchObject({ isIntact: true });
      await expectDelivered(real);
    },
  );
});

// Helpers

async function begin(): Promise<{ model: Model; real: Real }> {
  const environment = createManualEnvironment();
  const store = createMemoryStore({ clock: environment.clock });
  const histories = new Map<string, LifecycleState[]>();
  for (const slug of PLUGINS) {
    histories.set(slug, ['inactive']);
    await store.commit({
      id: `install ${slug}`,
      row: { kind: 'insert', row: row(slug) },
      audit: [entry(slug, undefined, 'inactive')],
    });
  }
  const system = createSystem({ environment });
  const sink = recordingSink();
  const common = { store, key: KEY, system, batchSize: 3, denialWindowMs: 5_000, sinkTimeoutMs: 2_000 };
  const first = createAuditor({ ...common, sinks: [sink], retention: { maxEntries: 5, sweepMs: 0 } });
  const second = createAuditor({ ...common, pollMs: 2_000, settleMs: 0 });
  first.onFact(({ type }) => type === 'audit.pruned' && seen.add('pruned'));
  const pass = (ms: number): Promise<void> => environment.clock.advanceAsync(ms, { turns: 12 });
  return {
    model: { histories, denials: 0 },
    real: { environment, system, store, sink, auditors: [first, second], pass, commits: 0 },
  };
}

/** All works again, and there is time for it. */
async function end({ sink, store, auditors, system, pass }: Real): Promise<void> {
  sink.mode = 'takes';
  store.failNext({ operation: 'prune', times: 1 });
  await pass(45_000);
  for (const auditor of auditors) {
    const stopped = auditor.stop();
    await pass(10);
    expect(await stopped).toMatchObject({ isCaughtUp: true, denialsLost: 0 });
  }
  // The second one has sealed what the first one has not seen.
  const last = createAuditor({ store, key: KEY, system, sinks: [sink], batchSize: 3 });
  await pass(10);
  const stopped = last.stop();
  await pass(10);
  await stopped;
  await system.stop();
}

async function expectDelivered({ sink, store }: Real): Promise<void> {
  const fresh = withoutRepeats(sink.taken);
  if (fresh.length < sink.taken.length) seen.add('repeated');
  for (const { plugin, last } of await store.auditHeads()) {
    const got = fresh.filter((text) => text.startsWith(`${plugin}/`));
    expect(got).toEqual(Array.from({ length: last }, (_, i) => `${plugin}/${i + 1}`));
  }
}

function countDenials(sink: RecordingSink, plugin: string): number {
  const bySequence = new Map<number, AuditEntry>();
  for (const one of sink.calls.flat()) if (one.plugin === plugin) bySequence.set(one.sequence, one);
  const denials = [...bySequence.values()].filter(({ event }) => event === 'plugin.permission.denied');
  return denials.reduce((sum, { data }) => sum + Number(data['count']), 0);
}

function commands(): fc.Arbitrary<Command>[] {
  const plugin = fc.constantFrom(...PLUGINS);
  const states = fc.array(fc.constantFrom(...STATES), { minLength: 1, maxLength: 2 });
  const operation = fc.constantFrom<Failing>('commit', 'seal', 'snapshots', 'snapshots', 'auditEntries', 'prune');
  return [
    fc.tuple(plugin, states).map((args) => new Race(...args)),
    fc.tuple(plugin, states).map((args) => new Race(...args)),
    fc.tuple(plugin, fc.integer({ min: 1, max: 10 })).map((args) => new Deny(...args)),
    fc.constantFrom<SinkMode>('takes', 'fails', 'hangs').map((mode) => new Sink(mode)),
    fc
      .tuple(fc.constantFrom<How>('before', 'after', 'silent'), fc.integer({ min: 1, max: 3 }), operation)
      .map((args) => new Fail(...args)),
    fc.constantFrom(1, 60, 60, 1_000, 6_000).map((ms) => new Pass(ms)),
  ];
}

function entry(plugin: string, from: LifecycleState | undefined, to: LifecycleState) {
  const principal = { kind: 'system', label: 'test' } as const;
  return { event: 'plugin.changed', plugin, principal, severity: 'info' as const, data: { from: from ?? null, to } };
}

function row(slug: string) {
  return {
    slug,
    incarnation: 'i1',
    version: '1.0.0',
    abiVersion: 1,
    manifest: '{}',
    digest: 'a'.repeat(64),
    state: 'inactive' as const,
    permissions: [],
    awaitingConsent: [],
    trips: [],
    failure: undefined,
  };
}
