// What a call through troupe costs beside the same call on bare grpc-js: host and plugin in a process each, a unix
// socket, messages of 200 bytes, the same codec on both sides.
//
// The peers are written with callbacks and events, the fastest way that grpc-js has; troupe's side with promises and
// async iteration, as its documentation shows it. In `bidi` the plugin answers each message with one of the same size.

import type { Benchmark, BenchScope } from '../harness/benchmark.ts';
import { interleave } from '../harness/interleave.ts';
import { compareRounds } from '../harness/measurement.ts';
import type { Round } from '../harness/measurement.ts';
import { goBenchPeers } from '../peers/go-bench.ts';
import { openWorkshop } from '../plugins/workshop.ts';
import { BATCH_KINDS } from './batches.ts';
import type { BatchKind } from './batches.ts';
import type { BatchResult, DriverProcess } from './driver-process.ts';
import { GROUPS, metricOf, RPC_METRICS, stallMetricOf } from './groups.ts';
import type { Group, GroupParts } from './groups.ts';

/** How long and how often a cell is measured. A quick run of all cells with an aim takes some 30 s. */
interface Pace {
  readonly rounds: number;
  readonly batchMs: number;
  readonly warmUpMs: number;
}

const QUICK: Pace = { rounds: 20, batchMs: 90, warmUpMs: 300 };
const FULL: Pace = { rounds: 30, batchMs: 300, warmUpMs: 800 };

/** The benchmark `rpc`. */
export const rpcBenchmark: Benchmark = {
  name: 'rpc',
  summary: 'unary calls and streams against bare grpc-js and against go-plugin itself',
  metrics: RPC_METRICS,
  async run(scope) {
    const wanted = GROUPS.filter((group) => kindsOf(group, scope).length > 0);
    const go = wanted.some(({ needsGo }) => needsGo) ? await goBenchPeers() : undefined;
    const parts: GroupParts = { workshop: await openWorkshop(), go: typeof go === 'string' ? undefined : go };
    for (const group of wanted) {
      if (group.needsGo && typeof go === 'string') skipAll(group, scope, go);
      else await measureGroup(group, parts, scope);
    }
  },
};

async function measureGroup(group: Group, parts: GroupParts, scope: BenchScope): Promise<void> {
  const drivers: DriverProcess[] = [];
  try {
    for (const side of ['own', 'peer'] as const) drivers.push(await group.start(side, parts));
    const [own, peer] = drivers as [DriverProcess, DriverProcess];
    for (const kind of kindsOf(group, scope)) {
      scope.progress(metricOf(group, kind));
      await measureCell(group, kind, { own, peer }, scope);
    }
  } finally {
    await Promise.all(drivers.map((driver) => driver.close()));
  }
}

async function measureCell(
  group: Group,
  kind: BatchKind,
  { own, peer }: { readonly own: DriverProcess; readonly peer: DriverProcess },
  scope: BenchScope,
): Promise<void> {
  const { rounds, batchMs, warmUpMs } = scope.quick ? QUICK : FULL;
  const stalls = { own: [] as number[], peer: [] as number[] };
  const rate = async (driver: DriverProcess, side: 'own' | 'peer'): Promise<number> => {
    const result = await driver.run({ kind, durationMs: batchMs });
    stalls[side].push(result.stallMs ?? Number.NaN);
    return perSecond(result);
  };
  for (const driver of [own, peer]) await driver.run({ kind, durationMs: warmUpMs });
  const variants = { own: () => rate(own, 'own'), peer: () => rate(peer, 'peer') };
  const rates = await interleave(variants, { rounds, signal: scope.signal });
  scope.report({
    metric: metricOf(group, kind),
    unit: kind === 'sequential' || kind === 'concurrent' ? 'calls/s' : 'messages/s',
    peer: group.peer,
    ...compareRounds(roundsOf(rates), scope.random),
  });
  const stallMetric = stallMetricOf(kind);
  if (group !== GROUPS[0] || !scope.isWanted(stallMetric)) return;
  scope.report({
    metric: stallMetric,
    unit: 'ms',
    peer: group.peer,
    ...compareRounds(roundsOf(stalls), scope.random),
  });
}

/** The kinds of work that the wanted metrics of a group need. */
function kindsOf(group: Group, scope: BenchScope): BatchKind[] {
  return BATCH_KINDS.filter(
    (kind) => scope.isWanted(metricOf(group, kind)) || (group === GROUPS[0] && scope.isWanted(stallMetricOf(kind))),
  );
}

function skipAll(group: Group, scope: BenchScope, reason: string): void {
  for (const kind of kindsOf(group, scope)) scope.skip(metricOf(group, kind), reason);
}

function roundsOf({ own, peer }: { readonly own: readonly number[]; readonly peer: readonly number[] }): Round[] {
  return own.map((value, index) => ({ own: value, peer: peer[index] ?? Number.NaN }));
}

function perSecond({ count, elapsedMs }: BatchResult): number {
  return (count / elapsedMs) * 1_000;
}
