// The boot of a host that finds 1,000 inactive plugins, against selecting their rows.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { createArtifactStore } from '../../src/host/bundles/index.ts';
import { createHost, createLifecycle } from '../../src/host/index.ts';
import type { LifecycleOptions } from '../../src/host/index.ts';
import { createRealEnvironment, createSilentLogger } from '../../src/ports/index.ts';
import { openSqliteStore } from '../../src/stores/index.ts';
import type { BenchScope } from '../harness/benchmark.ts';
import { interleave } from '../harness/interleave.ts';
import { compareRounds } from '../harness/measurement.ts';
import { openBareSqlite } from './bare-sqlite.ts';
import { installOne } from './transitions.ts';

const ROWS = 1_000;
const WARM_UP_ROUNDS = 5;
const QUICK_ROUNDS = 20;
const FULL_ROUNDS = 50;

/** Measures it when it is wanted. */
export async function measureBoot(scope: BenchScope): Promise<void> {
  const metric = 'lifecycle.boot.rows1000';
  if (!scope.isWanted(metric)) return;
  const root = mkdtempSync(join(tmpdir(), 'troupe-lifecycle-'));
  const path = join(root, 'troupe.db');
  const store = await openSqliteStore({ path });
  await Promise.all(Array.from({ length: ROWS }, (_, index) => installOne(store, `plugin-${index}`)));
  const bare = openBareSqlite(path);
  const environment = createRealEnvironment({ logger: createSilentLogger() });
  const host = createHost({ environment });
  const parts = {
    host,
    store,
    artifacts: createArtifactStore({ root: join(root, 'artifacts'), environment }),
    dataRoot: join(root, 'data'),
  };
  const sides = { own: () => bootOnce(parts), peer: () => selectOnce(bare) };
  try {
    const rounds = scope.quick ? QUICK_ROUNDS : FULL_ROUNDS;
    scope.progress(`${metric}: ${rounds} boots`);
    await interleave(sides, { rounds: WARM_UP_ROUNDS, signal: scope.signal });
    const times = await interleave(sides, { rounds, signal: scope.signal });
    const pairs = times.own.map((own, index) => ({ own, peer: times.peer[index] ?? Number.NaN }));
    scope.report({ metric, unit: 'ms', peer: 'node:sqlite, select', ...compareRounds(pairs, scope.random) });
  } finally {
    bare.close();
    await host.stop();
    await store.close();
    rmSync(root, { recursive: true, force: true });
  }
}

async function bootOnce(parts: LifecycleOptions): Promise<number> {
  const lifecycle = createLifecycle(parts);
  const startedAt = performance.now();
  await lifecycle.boot();
  const elapsedMs = performance.now() - startedAt;
  await lifecycle.stop();
  return elapsedMs;
}

function selectOnce(db: DatabaseSync): Promise<number> {
  const select = db.prepare('select * from plugins order by slug');
  const startedAt = performance.now();
  if (select.all().length !== ROWS) throw new Error('there are not as many rows as were installed');
  return Promise.resolve(performance.now() - startedAt);
}
