// Hosts that are killed, and what is left of them.
//
// Invariants:
//   K1. Every trial has a directory and a database of its own: a copy of what the operation begins with.
//   K2. A process of a trial has the trial's mark in its environment, so that it is found wherever it went.

import { execFile, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Client } from 'pg';
import { expect, onTestFinished } from 'vitest';
import { createAuditor, verifyAudit } from '../../../src/host/audit/index.ts';
import { createBreaker, createLifecycle } from '../../../src/host/lifecycle/index.ts';
import type { Lifecycle, LifecycleOptions, PluginSource } from '../../../src/host/lifecycle/index.ts';
import { createRealEnvironment } from '../../../src/ports/index.ts';
import type { LifecycleStore, PluginRow } from '../../../src/ports/lifecycle-store.ts';
import { removeTree } from '../../../src/transport/process/index.ts';
import type { PostgresCluster } from '../../peers/postgres/cluster.ts';
import type { WorkerOrder } from '../replace/fixtures/worker-plugin.ts';
import { linesOf } from '../replace/support.ts';
import type { JournalLine } from '../replace/support.ts';
import { childEnv, createTestHost, processesWith, waitFor } from '../support.ts';
import type { TestHost } from '../support.ts';
import type { DoomedOrder } from './fixtures/doomed-host.ts';
import { artifactsOf, createFileMigrator, dataRootOf, openStore } from './fixtures/place.ts';
import type { Place } from './fixtures/place.ts';
import { PLUGIN, scenarioOf, VERSIONS } from './fixtures/scenarios.ts';
import type { ScenarioName, VersionName } from './fixtures/scenarios.ts';

export const AUDIT_KEY = 'ab'.repeat(32);
/** For what other processes do on a busy machine. */
export const PATIENCE_MS = 30_000;

/** The version that never starts. */
export const BROKEN_VERSION = '2.0.1';

/** A host in this process, with a lifecycle. */
export interface Heir {
  readonly test: TestHost;
  readonly store: LifecycleStore;
  readonly lifecycle: Lifecycle;
  /** Stops it all but the store; the audit is sealed then. Idempotent. */
  stop(): Promise<void>;
}

/** Trials that share their versions and what they begin with. */
export interface DoomedScene {
  readonly versions: string;
  source(name: VersionName): PluginSource;
  /** A copy of what the operation begins with. */
  place(operation: ScenarioName): Promise<Place>;
  remove(place: Place): Promise<void>;
  close(): Promise<void>;
  /** Lets a host do an operation. */
  start(order: Omit<DoomedOrder, 'versions' | 'auditKey'>): ChildProcess;
  /** The same, until it is killed. Returns the steps that it took. */
  doom(order: Omit<DoomedOrder, 'versions' | 'auditKey'>): Promise<readonly string[]>;
}

/** What versions there are, besides the plain ones. */
const ORDERS: Partial<Record<VersionName, { readonly version: string } & WorkerOrder>> = {
  exits: { version: BROKEN_VERSION, fate: 'exits' },
  sick: { version: '2.0.2', fate: 'sick' },
  dies: { version: '2.0.3', fate: 'dies' },
  sensitive: { version: '2.0.0' },
};

/** Whoever makes it closes it. */
export function doomedScene(cluster?: PostgresCluster): DoomedScene {
  const base = mkdtempSync('/tmp/tf-');
  const versions = join(base, 'versions');
  for (const name of VERSIONS) {
    const order = ORDERS[name] ?? { version: name };
    const permissions = name === 'sensitive' ? { net: ['example.com'] } : {};
    writeVersion(join(versions, name), order, { permissions });
  }
  const source = (name: VersionName): PluginSource => ({ kind: 'directory', path: join(versions, name) });
  const templates = new Map<ScenarioName, Promise<Place>>();
  let count = 0;
  const emptyPlace = async (template?: Place): Promise<Place> => {
    const root = join(base, String((count += 1)));
    if (template === undefined) mkdirSync(root, { mode: 0o700 });
    else await promisify(execFile)('cp', ['-a', template.root, root]);
    return { root, env: envOf(root), postgres: await databaseOf(cluster, `trial_${count}`, template) };
  };
  const templateOf = async (operation: ScenarioName): Promise<Place> => {
    const place = await emptyPlace();
    const { prepare, failsToMigrate } = scenarioOf(operation);
    await withHeir(place, { migrator: createFileMigrator(failsToMigrate) }, ({ lifecycle }) =>
      prepare(lifecycle, source),
    );
    return place;
  };
  let next = warm();
  const start: DoomedScene['start'] = (order) => {
    const child = next;
    child.stdin.write(`${JSON.stringify({ ...order, versions, auditKey: AUDIT_KEY })}\n`);
    // The next one loads its code while this one works.
    next = warm();
    return child;
  };
  return {
    versions,
    source,
    async place(operation) {
      if (!templates.has(operation)) templates.set(operation, templateOf(operation));
      return emptyPlace(await templates.get(operation));
    },
    async remove({ root, postgres }) {
      await removeTree(root);
      if (postgres !== undefined) await query(cluster, `drop database ${new URL(postgres).pathname.slice(1)}`);
    },
    async close() {
      const ended = once(next, 'exit');
      next.kill('SIGKILL');
      await ended;
      await removeTree(base);
    },
    start,
    async doom(order) {
      expect(await once(start(order), 'exit')).toEqual([null, 'SIGKILL']);
      return stepsOf(order.place);
    },
  };
}

/** An empty directory for a test that needs no copies. */
export function ownPlace(): Place {
  const root = mkdtempSync('/tmp/tf-');
  onTestFinished(() => removeTree(root));
  return { root, env: envOf(root) };
}

/** The steps that were taken so far. */
export function stepsOf({ root }: Place): readonly string[] {
  const path = join(root, 'steps');
  return existsSync(path) ? readFileSync(path, 'utf8').split('\n').filter(Boolean) : [];
}

/** Writes the manifest of a version; its program is the worker plugin. */
export function writeVersion(folder: string, order: WorkerOrder, more: object = {}): void {
  const program = fileURLToPath(new URL('../replace/fixtures/worker-plugin.ts', import.meta.url));
  const manifest = {
    apiVersion: 'troupe.plugin/v1',
    name: PLUGIN,
    version: order.version,
    kinds: ['services', 'operations', 'events'],
    run: { command: process.execPath, args: ['--conditions=source', program, JSON.stringify(order)] },
    events: { subscribe: ['work.*'], emit: ['echo.*'] },
    ...more,
  };
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'plugin.json'), JSON.stringify(manifest));
}

/** A host in this process on what is there. */
async function openHeir(place: Place, options: Partial<LifecycleOptions> = {}): Promise<Heir> {
  const store = await openStore(place);
  const breaker = createBreaker(createRealEnvironment().clock);
  const test = createTestHost({
    crashes: breaker,
    events: { source: 'core' },
    process: { backoff: { initialMs: 20, jitter: 'none' } },
  });
  const { environment } = test.host.system;
  const lifecycle = createLifecycle({
    host: test.host,
    store,
    artifacts: artifactsOf(place, environment),
    dataRoot: dataRootOf(place),
    migrator: createFileMigrator(),
    breaker,
    times: { probationMs: 50 },
    launch: () => ({ env: place.env }),
    ...options,
  });
  const auditor = createAuditor({ store, key: AUDIT_KEY, system: test.host.system, settleMs: 1 });
  const stop = async (): Promise<void> => {
    await lifecycle.stop();
    const { isCaughtUp } = await auditor.stop({ deadlineMs: PATIENCE_MS });
    await test.close();
    expect(isCaughtUp).toBe(true);
  };
  let stopped: Promise<void> | undefined;
  return { test, store, lifecycle, stop: () => (stopped ??= stop()) };
}

/**
 * Opens a host in this process, and stops it: afterwards the audit is whole, and nothing is held. `patience` is for leases
 * that another host was killed with: they end by themselves.
 */
export async function withHeir(
  place: Place,
  options: Partial<LifecycleOptions>,
  use: (heir: Heir) => Promise<unknown>,
  { patience = 0 }: { readonly patience?: number } = {},
): Promise<void> {
  const heir = await openHeir(place, options);
  try {
    // What went wrong first is what is told.
    await use(heir).catch(async (error: unknown) => {
      await heir.stop().catch(() => {});
      throw error;
    });
    await heir.stop();
    await requireAudit(heir.store);
    await requireNoLease(heir.store, patience);
  } finally {
    await heir.store.close();
  }
}

/** State and version of a row, and whether it waits for consent. */
export function textOf(row: PluginRow | undefined): string {
  if (row === undefined) return 'absent';
  return `${row.state} ${row.version}${row.awaitingConsent.length > 0 ? ' waiting' : ''}`;
}

/** Pids of the processes of a place that live. */
export function livingOf({ env }: Place): readonly number[] {
  return processesWith(`TROUPE_TEST_MARK=${env['TROUPE_TEST_MARK']}`);
}

/** What the plugins of a place have written down. */
export function journalOf({ env }: Place): readonly JournalLine[] {
  return linesOf(env['JOURNAL'] ?? '');
}

/** There is one process if the plugin is active, and otherwise none. */
export async function requireProcesses(place: Place, { store, lifecycle }: Heir): Promise<void> {
  const isActive = (await store.get(PLUGIN))?.state === 'active';
  const { pid } = lifecycle.plugin(PLUGIN)?.status() ?? {};
  const expected = isActive ? [pid] : [];
  let living: readonly number[] = [];
  const isAsExpected = (): boolean => {
    living = livingOf(place);
    return living.join() === expected.join();
  };
  await waitFor('processes', isAsExpected, PATIENCE_MS).catch(() => {});
  expect(living).toEqual(expected);
}

/**
 * Files of the versions that can be gone back to are there. Others may be left only of versions that are retired, which the
 * next cleaning removes, and, when the host was killed before it could write down what it had fetched, one more.
 */
export async function requireFiles(place: Place, store: LifecycleStore, unwritten: number): Promise<void> {
  const row = await store.get(PLUGIN);
  const versions = await store.versions(PLUGIN);
  const kept = versions.filter(({ role }) => role !== 'retired').map(({ digest }) => digest);
  const needed = new Set([...(row === undefined ? [] : [row.digest]), ...kept]);
  const root = join(place.root, 'artifacts');
  const present = existsSync(root) ? readdirSync(root) : [];
  const retired = row === undefined ? [] : versions.filter(({ role }) => role === 'retired');
  const known = new Set([...needed, ...retired.map(({ digest }) => digest)]);
  expect([...needed].filter((digest) => !present.includes(digest))).toEqual([]);
  expect(present.filter((digest) => !known.has(digest)).length).toBeLessThanOrEqual(unwritten);
}

/** The data is that of the version. */
export function requireData(place: Place, row: PluginRow | undefined): void {
  const path = join(dataRootOf(place), PLUGIN, 'schema');
  if (row !== undefined && row.failure?.phase !== 'installing') expect(readFileSync(path, 'utf8')).toBe(row.version);
}

/** Whether the plugin has a data directory. */
export function hasData(place: Place): boolean {
  return existsSync(join(dataRootOf(place), PLUGIN));
}

// Helpers

async function requireAudit(store: LifecycleStore): Promise<void> {
  const entries = await store.auditEntries(PLUGIN, 0, 10_000);
  expect(entries.map(({ sequence }) => sequence)).toEqual(entries.map((_, index) => index + 1));
  const { isIntact, chains } = await verifyAudit(store, AUDIT_KEY);
  expect([isIntact, chains.map(({ unsealed }) => unsealed)]).toEqual([true, chains.map(() => 0)]);
}

/** Somebody else can have them all. */
async function requireNoLease(store: LifecycleStore, patience: number): Promise<void> {
  for (const name of [`plugin/${PLUGIN}`, 'dependencies']) {
    const end = performance.now() + patience;
    let lease = await store.acquire(name, 'somebody', 1_000);
    while (lease === undefined && performance.now() < end) {
      await new Promise((resolve) => setTimeout(resolve, 100));
      lease = await store.acquire(name, 'somebody', 1_000);
    }
    expect([name, lease?.owner]).toEqual([name, 'somebody']);
    if (lease !== undefined) await store.release(lease);
  }
}

/** K2. */
function envOf(root: string): Place['env'] {
  return childEnv({ TROUPE_TEST_MARK: randomUUID(), JOURNAL: join(root, 'journal') });
}

/** A host whose code is being loaded. */
function warm() {
  const program = fileURLToPath(new URL('./fixtures/doomed-host.ts', import.meta.url));
  const env = { ...process.env, ...childEnv() };
  return spawn(process.execPath, ['--conditions=source', program], { stdio: ['pipe', 'ignore', 'inherit'], env });
}

async function databaseOf(
  cluster: PostgresCluster | undefined,
  name: string,
  template: Place | undefined,
): Promise<string | undefined> {
  if (cluster === undefined) return undefined;
  const model = template?.postgres === undefined ? 'template1' : new URL(template.postgres).pathname.slice(1);
  await query(cluster, `create database ${name} template ${model}`);
  return cluster.connectionString.replace('/postgres?', `/${name}?`);
}

async function query(cluster: PostgresCluster | undefined, text: string): Promise<void> {
  const client = new Client({ connectionString: cluster?.connectionString });
  await client.connect();
  await client.query(text);
  await client.end();
}
