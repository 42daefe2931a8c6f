// What the tests of all stores use: drafts of what is stored, and stores whose next commit fails.

import type {
  AuditEntry,
  AuditDraft,
  CommitOutcome,
  LifecycleCommit,
  LifecycleStore,
  NewRow,
  PluginRow,
  RowChange,
  VersionRow,
  VersionWrite,
} from '../../src/ports/lifecycle-store.ts';
import { RuntimeError } from '../../src/errors/index.ts';
import type { SqlExecutor } from '../../src/stores/sql/executor.ts';

/** How a change fails: before it did anything, after it lasted, or with everything undone at its end. */
export type CommitFault = 'before' | 'after' | 'instead';

/** A store in a test. */
export interface StoreSubject {
  readonly store: LifecycleStore;
  /** Another user of the same data. Closed with the subject. */
  second(): Promise<LifecycleStore>;
  /** Lets time pass on the store's clock. */
  pass(ms: number): Promise<void>;
  /** Makes the next changes fail. */
  failNext(fault: CommitFault, times?: number): void;
  close(): Promise<void>;
}

let ids = 0;

/** An id that no other commit of this process has. */
export function nextId(): string {
  ids++;
  return `commit-${process.pid}-${ids}`;
}

/** Some digest. */
export const DIGEST: string = 'ab'.repeat(32);

/** A row as it begins. */
export function newRow(slug: string, more: Partial<NewRow> = {}): NewRow {
  return {
    slug,
    incarnation: `${slug}-1`,
    version: '1.0.0',
    abiVersion: 1,
    manifest: `name: ${slug}\n`,
    digest: DIGEST,
    state: 'installed',
    permissions: ['events.emit:a', 'net:b'],
    awaitingConsent: [],
    trips: [],
    failure: undefined,
    ...more,
  };
}

/** A version as it begins. */
export function newVersion(
  slug: string,
  installId: string,
  more: Partial<VersionRow> = {},
): Extract<VersionWrite, { kind: 'add' }> {
  const { incarnation, version, abiVersion, manifest, digest, permissions } = newRow(slug);
  const fields = { slug, incarnation, installId, version, abiVersion, manifest, digest, permissions };
  return { kind: 'add', version: { ...fields, role: 'staged', retainedUntil: undefined, ...more } };
}

/** One entry about a plugin. */
export function draft(plugin: string, event = 'plugin.changed'): AuditDraft {
  return { event, plugin, principal: { kind: 'user', label: 'ada' }, severity: 'info', data: { n: 1 } };
}

/** Commits something about a plugin. */
export function commit(
  store: LifecycleStore,
  plugin: string,
  more: Partial<LifecycleCommit> = {},
): Promise<CommitOutcome> {
  return store.commit({ id: nextId(), audit: [draft(plugin)], ...more });
}

/** Inserts a row, and returns it. */
export async function install(store: LifecycleStore, slug: string, more: Partial<NewRow> = {}): Promise<PluginRow> {
  return rowOf(await commit(store, slug, { row: { kind: 'insert', row: newRow(slug, more) } }));
}

/** The commit that changes a row as it was read. */
export function update(of: PluginRow, change: RowChange): Pick<LifecycleCommit, 'row'> {
  const { slug, incarnation, rowVersion } = of;
  return { row: { kind: 'update', of: { slug, incarnation, rowVersion }, change } };
}

/** The row of a commit that happened. */
export function rowOf(outcome: CommitOutcome): PluginRow {
  if (outcome.kind !== 'committed' || outcome.row === undefined) throw new Error(`the commit is ${outcome.kind}`);
  return outcome.row;
}

/** All entries of a plugin, however many. */
export async function entriesOf(store: LifecycleStore, plugin: string): Promise<readonly AuditEntry[]> {
  const all: AuditEntry[] = [];
  for (;;) {
    const page = await store.auditEntries(plugin, all.at(-1)?.sequence ?? 0, 10_000);
    if (page.length === 0) return all;
    all.push(...page);
  }
}

/** All sequences of a plugin. */
export async function sequencesOf(store: LifecycleStore, plugin: string): Promise<number[]> {
  return (await entriesOf(store, plugin)).map(({ sequence }) => sequence);
}

/** 1 to `count`. */
export function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index + 1);
}

/** Has the batches of a database fail as told. */
export function withFaults(executor: SqlExecutor): {
  readonly executor: SqlExecutor;
  failNext(fault: CommitFault, times?: number): void;
} {
  const faults: CommitFault[] = [];
  return {
    failNext: (fault, times = 1) => void faults.push(...Array.from({ length: times }, () => fault)),
    executor: {
      query: (statement) => executor.query(statement),
      close: () => executor.close(),
      async batch(statements) {
        const fault = faults.shift();
        if (fault === undefined) return executor.batch(statements);
        if (fault === 'after') await executor.batch(statements);
        // Everything is done, and then undone: what a failed COMMIT comes to.
        const impossible = { ...statements[0], expect: { rows: -1, else: 'undone' } } as never;
        if (fault === 'instead') await executor.batch([...statements, impossible]);
        throw new RuntimeError('STORE_UNAVAILABLE', `the store failed ${fault} the commit`);
      },
    },
  };
}

/** Waits until so much time has passed on a store's own clock. */
export async function passOn(store: LifecycleStore, ms: number): Promise<void> {
  const end = (await store.now()) + ms;
  while ((await store.now()) < end) await new Promise((resolve) => setTimeout(resolve, 5));
}
