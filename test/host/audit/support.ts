import { onTestFinished } from 'vitest';
import { createSystem } from '../../../src/actors/index.ts';
import type { ActorSystem } from '../../../src/actors/index.ts';
import { createAuditor } from '../../../src/host/audit/index.ts';
import type { AuditFact, Auditor, AuditorOptions } from '../../../src/host/audit/index.ts';
import { createManualEnvironment } from '../../../src/ports/index.ts';
import type { AuditSink, Clock, ManualEnvironment, SealedEntry } from '../../../src/ports/index.ts';
import type { AuditDraft, AuditEntry, LifecycleStore } from '../../../src/ports/lifecycle-store.ts';
import { createMemoryStore } from '../../../src/stores/index.ts';
import type { MemoryStore } from '../../../src/stores/index.ts';

/** A key for tests. */
export const KEY = new Uint8Array(32).fill(7);

/** Something that happened to a plugin. */
export function draft(plugin: string, event = 'plugin.activated', data: AuditDraft['data'] = {}): AuditDraft {
  return { event, plugin, principal: { kind: 'user', label: 'ada' }, severity: 'info', data };
}

let commits = 0;

/** Commits so many entries about a plugin. */
export async function write(store: LifecycleStore, plugin: string, count = 1, event?: string): Promise<void> {
  for (let i = 0; i < count; i++) {
    await store.commit({ id: `test-${++commits}`, audit: [draft(plugin, event, { i })] });
  }
}

/** All entries of a plugin. */
export function entriesOf(store: LifecycleStore, plugin: string): Promise<readonly AuditEntry[]> {
  return store.auditEntries(plugin, 0, 10_000);
}

/** How a sink for tests behaves: takes entries, refuses them, or never answers. */
export type SinkMode = 'takes' | 'fails' | 'hangs';

/** A sink that remembers, and does what the test says. */
export interface RecordingSink extends AuditSink {
  mode: SinkMode;
  readonly calls: (readonly SealedEntry[])[];
  /** What it has taken, as `plugin/sequence`. */
  readonly taken: string[];
}

/** Makes a sink that takes everything. */
export function recordingSink(name = 'sink'): RecordingSink {
  const sink: RecordingSink = {
    name,
    mode: 'takes',
    calls: [],
    taken: [],
    async write(entries, { signal }) {
      sink.calls.push(entries);
      if (sink.mode === 'fails') throw new Error('disk full');
      // One that does not even listen to the signal.
      if (sink.mode === 'hangs') return new Promise<never>(() => signal.throwIfAborted());
      sink.taken.push(...entries.map(({ plugin, sequence }) => `${plugin}/${sequence}`));
    },
  };
  return sink;
}

/** What is left of a list when what a reader has already is dropped. */
export function withoutRepeats(taken: readonly string[]): string[] {
  const last = new Map<string, number>();
  return taken.filter((text) => {
    const [plugin = '', sequence = ''] = text.split('/');
    if (Number(sequence) <= (last.get(plugin) ?? 0)) return false;
    last.set(plugin, Number(sequence));
    return true;
  });
}

/** An auditor with everything around it. */
export interface AuditTest {
  readonly environment: ManualEnvironment;
  readonly system: ActorSystem;
  readonly store: MemoryStore;
  readonly auditor: Auditor;
  readonly facts: AuditFact[];
  /** Lets time pass, and everything happen that it makes happen. */
  readonly pass: (ms: number) => Promise<void>;
}

/** Starts an auditor over a store in memory; a former one's store, when one is given. It is stopped with the test. */
export function auditTest(
  options: Partial<AuditorOptions> = {},
  { store, environment = createManualEnvironment({ startAt: 1_000_000 }) }: Partial<AuditTest> = {},
): AuditTest {
  const system = createSystem({ environment });
  const rows = store ?? createMemoryStore({ clock: environment.clock as Clock });
  const auditor = createAuditor({ store: rows, key: KEY, system, ...options });
  const facts: AuditFact[] = [];
  auditor.onFact((fact) => facts.push(fact));
  onTestFinished(async () => {
    await auditor.stop({ deadlineMs: 0 });
    await system.stop();
  });
  const pass = (ms: number): Promise<void> => environment.clock.advanceAsync(ms, { turns: 40 });
  return { environment, system, store: rows, auditor, facts, pass };
}
