// What it costs to change the version of a plugin that goes on working: 64 calls in flight, from a client that makes none of
// them again, and 1,000 events a second throughout. One change in four is taken back. What was executed is counted from the
// journals of the processes.
//
// Doubled, failed and lost are shares of all that was asked for; the aim is 0, and no noise can make it less. The latency
// during a switch, from `swap` until the old version has no call left, is held against that of the same calls just before.

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createHost } from 'troupe';
import type { Host, LaunchOptions, Plugin } from 'troupe';
import type { Benchmark, BenchScope } from '../harness/benchmark.ts';
import { compareRounds } from '../harness/measurement.ts';
import type { Round } from '../harness/measurement.ts';
import { quantile } from '../harness/statistics.ts';
import { startLoad } from './load.ts';
import type { Load } from './load.ts';

const AT_ONCE = 64;
const PER_SECOND = 1_000;
const QUICK_SWITCHES = 12;
const FULL_SWITCHES = 100;
/** Milliseconds of load before the first switch. */
const WARM_UP_MS = 2_000;
/** Least milliseconds of a window in which latencies are compared. */
const WINDOW_MS = 200;

const METRICS = {
  'replace.executed': 'share of calls that were executed, across all switches',
  'replace.doubled': 'share of calls that were executed twice',
  'replace.failed': 'share of calls that failed',
  'replace.lost-events': 'share of events that no process has handled',
  'replace.doubled-events': 'share of events that were handled twice',
  'replace.p99': 'p99 of a call during a switch, to that just before',
} as const;

/** The benchmark `replace`. */
export const replaceBenchmark: Benchmark = {
  name: 'replace',
  summary: 'changes of the version of a plugin under load: nothing doubled, nothing failed, and the latency meanwhile',
  metrics: METRICS,
  async run(scope) {
    const directory = mkdtempSync(join(tmpdir(), 'troupe-replace-'));
    const host = createHost();
    try {
      await measure(host, join(directory, 'journal'), scope);
    } finally {
      await host.stop();
      rmSync(directory, { recursive: true, force: true });
    }
  },
};

async function measure(host: Host, journal: string, scope: BenchScope): Promise<void> {
  const switches = scope.quick ? QUICK_SWITCHES : FULL_SWITCHES;
  const plugin = await host.launch(optionsOf(journal));
  const load = startLoad(host, plugin, { atOnce: AT_ONCE, perSecond: PER_SECOND });
  const rounds: Round[] = [];
  try {
    await pause(WARM_UP_MS);
    scope.progress(`replace: ${switches} switches with ${AT_ONCE} calls in flight`);
    for (let number = 1; number <= switches; number += 1) {
      scope.signal.throwIfAborted();
      rounds.push(await change(plugin, load, optionsOf(journal), number % 4 !== 0));
    }
  } finally {
    await load.stop();
  }
  while (host.bus.subscriptions().some(({ counters }) => counters.pending > 0)) await pause(10);
  report(load, journal, rounds, scope);
}

/** One change of the version: the latencies during the switch, and just before it. */
async function change(plugin: Plugin, load: Load, options: LaunchOptions, isKept: boolean): Promise<Round> {
  const staged = await plugin.stage(options);
  await staged.verify();
  // The start of the process takes the processor from the calls, which is another matter.
  await pause(WINDOW_MS);
  const before = performance.now();
  await pause(WINDOW_MS);
  const began = performance.now();
  await staged.swap();
  while (staged.status().phase === 'draining') await pause(1);
  await pause(WINDOW_MS - (performance.now() - began));
  const ended = performance.now();
  // What began within the window has ended then.
  await pause(WINDOW_MS);
  const round = {
    own: quantile(load.latencies(began, ended), 0.99),
    peer: quantile(load.latencies(before, began), 0.99),
  };
  await (isKept ? staged.keep() : staged.revert());
  return round;
}

function report(load: Load, journal: string, rounds: readonly Round[], scope: BenchScope): void {
  const lines = readFileSync(journal, 'utf8').split('\n');
  const calls = countsOf(lines, 'call ');
  const events = countsOf(lines, 'event ');
  const made = load.answered.length + load.failed.length;
  const share = (metric: keyof typeof METRICS, count: number, all: number, peer: string): void => {
    if (!scope.isWanted(metric)) return;
    const ratio = count / all;
    scope.report({ metric, value: count, unit: 'count', peer, peerValue: all, ratio, interval: [ratio, ratio] });
  };
  share('replace.executed', calls.size, made, 'calls made');
  share('replace.doubled', twiceIn(calls), made, 'calls made');
  // A call that was answered and stands in no journal would be as bad as one that failed.
  const missing = load.answered.filter((id) => !calls.has(id)).length;
  share('replace.failed', load.failed.length + missing, made, 'calls made');
  const lost = load.published.filter((id) => !events.has(id)).length;
  share('replace.lost-events', lost, load.published.length, 'events published');
  share('replace.doubled-events', twiceIn(events), load.published.length, 'events published');
  if (!scope.isWanted('replace.p99')) return;
  scope.report({
    metric: 'replace.p99',
    unit: 'ms',
    peer: 'just before the switch',
    ...compareRounds(rounds, scope.random),
  });
}

function optionsOf(journal: string): LaunchOptions {
  return {
    name: 'worker',
    command: process.execPath,
    args: ['--conditions=source', fileURLToPath(new URL('./worker-plugin.ts', import.meta.url)), journal],
    events: { subscribe: ['work.*'], capacity: 100_000 },
  };
}

/** How often each id stands there. */
function countsOf(lines: readonly string[], kind: string): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const line of lines) {
    if (line.startsWith(kind)) counts.set(line, (counts.get(line) ?? 0) + 1);
  }
  return new Map([...counts].map(([line, count]) => [line.slice(kind.length), count]));
}

function twiceIn(counts: ReadonlyMap<string, number>): number {
  return [...counts.values()].filter((count) => count > 1).length;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, Math.max(0, ms)));
}
