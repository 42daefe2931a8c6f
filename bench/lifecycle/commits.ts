// Transitions a second on each store, against the statements alone on a database of the same kind: one plugin after the
// other, and 16 at a time.

import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRealClock } from '../../src/ports/index.ts';
import { createMemoryStore, openPostgresStore, openSqliteStore } from '../../src/stores/index.ts';
import { peerAvailability } from '../../test/peers/availability.ts';
import { startPostgres } from '../../test/peers/postgres/cluster.ts';
import type { BenchScope } from '../harness/benchmark.ts';
import { interleave } from '../harness/interleave.ts';
import { compareRounds } from '../harness/measurement.ts';
import { median } from '../harness/statistics.ts';
import { barePostgresTransition, openBarePostgres } from './bare-postgres.ts';
import { bareTransitions, openBareSqlite } from './bare-sqlite.ts';
import type { COMMIT_METRICS } from './metrics.ts';
import { installSubjects, rateOf, storeTransition } from './transitions.ts';
import type { Subject, Transition } from './transitions.ts';

const PLUGINS = 16;
const QUICK = { rounds: 10, durationMs: 100, warmUpMs: 300 };
const FULL = { rounds: 20, durationMs: 300, warmUpMs: 1_500 };
/** A file system without a disk below it. */
const SHARED_MEMORY = '/dev/shm';

type Metric = keyof typeof COMMIT_METRICS;

/** Both sides of one kind of database, with the transitions of all plugins. */
interface Stage {
  readonly own: readonly Transition[];
  readonly bare: readonly Transition[];
  close(): Promise<void>;
}

/** Measures those that are wanted. */
export async function measureCommits(scope: BenchScope): Promise<void> {
  const sqlite = wantedOf(scope, { 'lifecycle.commit.sqlite': 1, 'lifecycle.commit.sqlite16': PLUGINS });
  await measureOn(scope, sqlite, () => openSqliteStage(tmpdir()), 'node:sqlite, the statements alone');
  const shared = wantedOf(scope, { 'lifecycle.commit.sqlite-shm': 1 });
  if (existsSync(SHARED_MEMORY)) {
    await measureOn(scope, shared, () => openSqliteStage(SHARED_MEMORY), 'node:sqlite, the statements alone');
  } else skipAll(scope, shared, `there is no ${SHARED_MEMORY}`);
  const postgres = wantedOf(scope, { 'lifecycle.commit.postgres': 1, 'lifecycle.commit.postgres16': PLUGINS });
  const available = peerAvailability('postgres');
  if (available.available) await measureOn(scope, postgres, openPostgresStage, 'pg, the statements alone');
  else skipAll(scope, postgres, available.reason);
  if (scope.isWanted('lifecycle.commit.memory')) await measureMemory(scope);
}

type Wanted = readonly (readonly [metric: Metric, atOnce: number])[];

function wantedOf(scope: BenchScope, metrics: Partial<Record<Metric, number>>): Wanted {
  const entries = Object.entries(metrics) as [Metric, number][];
  return entries.filter(([metric]) => scope.isWanted(metric));
}

function skipAll(scope: BenchScope, wanted: Wanted, reason: string): void {
  for (const [metric] of wanted) scope.skip(metric, reason);
}

async function measureOn(scope: BenchScope, wanted: Wanted, open: () => Promise<Stage>, peer: string): Promise<void> {
  if (wanted.length === 0) return;
  const stage = await open();
  const { rounds, durationMs, warmUpMs } = scope.quick ? QUICK : FULL;
  const { signal } = scope;
  try {
    for (const [metric, atOnce] of wanted) {
      scope.progress(`${metric}: ${rounds} rounds`);
      const own = stage.own.slice(0, atOnce);
      const bare = stage.bare.slice(0, atOnce);
      for (const side of [own, bare]) await rateOf(side, warmUpMs);
      const sides = { own: () => rateOf(own, durationMs), peer: () => rateOf(bare, durationMs) };
      const rates = await interleave(sides, { rounds, signal });
      const pairs = rates.own.map((rate, index) => ({ own: rate, peer: rates.peer[index] ?? Number.NaN }));
      scope.report({ metric, unit: 'commits/s', peer, ...compareRounds(pairs, scope.random) });
    }
  } finally {
    await stage.close();
  }
}

/** Nothing else does this in memory: a figure without a peer. */
async function measureMemory(scope: BenchScope): Promise<void> {
  const { rounds, durationMs, warmUpMs } = scope.quick ? QUICK : FULL;
  const store = createMemoryStore({ clock: createRealClock() });
  const [subject] = await installSubjects(store, 1);
  const transitions = [storeTransition(store, subject as Subject)];
  await rateOf(transitions, warmUpMs);
  const { own } = await interleave({ own: () => rateOf(transitions, durationMs) }, { rounds, signal: scope.signal });
  await store.close();
  const none = { peer: null, peerValue: null, ratio: null, interval: null };
  scope.report({ metric: 'lifecycle.commit.memory', value: median(own), unit: 'commits/s', ...none });
}

async function openSqliteStage(below: string): Promise<Stage> {
  const directory = mkdtempSync(join(below, 'troupe-lifecycle-'));
  const store = await openSqliteStore({ path: join(directory, 'own.db') });
  const own = await installSubjects(store, PLUGINS);
  const path = join(directory, 'bare.db');
  const maker = await openSqliteStore({ path });
  const bare = await installSubjects(maker, PLUGINS);
  await maker.close();
  const db = openBareSqlite(path);
  return {
    own: own.map((subject) => storeTransition(store, subject)),
    bare: bareTransitions(db, bare),
    async close() {
      await store.close();
      db.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

async function openPostgresStage(): Promise<Stage> {
  // With the waits for the disk: they are a part of what a commit costs.
  const cluster = await startPostgres({ fsync: true });
  const { connectionString } = cluster;
  const store = await openPostgresStore({ connectionString, schema: 'own' });
  const own = await installSubjects(store, PLUGINS);
  const maker = await openPostgresStore({ connectionString, schema: 'bare' });
  const bare = await installSubjects(maker, PLUGINS);
  await maker.close();
  const pool = openBarePostgres(connectionString, 'bare');
  return {
    own: own.map((subject) => storeTransition(store, subject)),
    bare: bare.map((subject) => barePostgresTransition(pool, subject)),
    async close() {
      await store.close();
      await pool.end();
      await cluster.stop();
    },
  };
}
