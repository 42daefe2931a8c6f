// How long the event loop is held up while another process holds the write lock of the database and 16 commits wait for it,
// against an idle loop.

import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { openSqliteStore } from '../../src/stores/index.ts';
import type { BenchScope } from '../harness/benchmark.ts';
import { compareRounds } from '../harness/measurement.ts';
import type { Round } from '../harness/measurement.ts';
import { installSubjects, storeTransition } from './transitions.ts';
import type { Transition } from './transitions.ts';

const HOLD_MS = 1_000;
/** One second of the lock gives so many rounds. */
const WINDOWS = 4;
const WINDOW_MS = 230;
const AT_ONCE = 16;
const QUICK_HOLDS = 3;
const FULL_HOLDS = 10;
const MS = 1e6;

/** Measures it when it is wanted. */
export async function measureStall(scope: BenchScope): Promise<void> {
  const metric = 'lifecycle.stall.locked';
  if (!scope.isWanted(metric)) return;
  const directory = mkdtempSync(join(tmpdir(), 'troupe-lifecycle-'));
  const path = join(directory, 'troupe.db');
  const store = await openSqliteStore({ path });
  const holder = fork(fileURLToPath(new URL('lock-process.ts', import.meta.url)), [path]);
  const ended = once(holder, 'exit');
  try {
    const ready = once(holder, 'message');
    const subjects = await installSubjects(store, AT_ONCE);
    const transitions = subjects.map((subject) => storeTransition(store, subject));
    await ready;
    const holds = scope.quick ? QUICK_HOLDS : FULL_HOLDS;
    scope.progress(`${metric}: the lock is held ${holds} times`);
    const rounds: Round[] = [];
    for (let hold = 0; hold < holds; hold += 1) {
      scope.signal.throwIfAborted();
      const own = await whileLocked(holder, transitions);
      const peer = await windows();
      rounds.push(...own.map((value, index) => ({ own: value, peer: peer[index] ?? Number.NaN })));
    }
    scope.report({ metric, unit: 'ms', peer: 'an idle event loop', ...compareRounds(rounds, scope.random) });
  } finally {
    holder.disconnect();
    await ended;
    await store.close();
    rmSync(directory, { recursive: true, force: true });
  }
}

async function whileLocked(holder: ChildProcess, transitions: readonly Transition[]): Promise<readonly number[]> {
  const held = once(holder, 'message');
  holder.send(HOLD_MS);
  await held;
  const released = once(holder, 'message');
  let done = 0;
  const waiting = transitions.map(async (next) => {
    await next();
    done += 1;
  });
  const stalls = await windows();
  // Else nothing has waited, and the figures say nothing.
  if (done > 0) throw new Error('a commit got past the lock');
  await released;
  await Promise.all(waiting);
  return stalls;
}

/** The p99 of the delay in each of the windows, in milliseconds. */
async function windows(): Promise<readonly number[]> {
  const histogram = monitorEventLoopDelay({ resolution: 1 });
  const stalls: number[] = [];
  histogram.enable();
  for (let window = 0; window < WINDOWS; window += 1) {
    histogram.reset();
    await new Promise((resolve) => setTimeout(resolve, WINDOW_MS));
    stalls.push(histogram.percentile(99) / MS);
  }
  histogram.disable();
  return stalls;
}
