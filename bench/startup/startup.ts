// How long a plugin takes from the start of its process to its first answer, beside a plugin on bare grpc-js and beside
// go-plugin itself. All variants are launched in turns; the first two turns warm hosts and file caches and do not count.

import type { Benchmark, BenchScope } from '../harness/benchmark.ts';
import { interleave } from '../harness/interleave.ts';
import type { Measure } from '../harness/interleave.ts';
import { compareRounds } from '../harness/measurement.ts';
import { median } from '../harness/statistics.ts';
import { goBenchPeers } from '../peers/go-bench.ts';
import { openWorkshop } from '../plugins/workshop.ts';
import { buildPlugin } from './built-plugin.ts';
import { CELLS, PEER_NAMES, variantsOf } from './cells.ts';
import type { StartupCell, Variant } from './cells.ts';
import { openStage } from './stage.ts';
import type { StageParts } from './stage.ts';

const WARM_UP_ROUNDS = 2;
const QUICK_ROUNDS = 21;
const FULL_ROUNDS = 31;

/** The benchmark `startup`. */
export const startupBenchmark: Benchmark = {
  name: 'startup',
  summary: 'from the start of a plugin process to its first answer',
  metrics: Object.fromEntries(CELLS.map(({ metric, what }) => [metric, what])),
  async run(scope) {
    const wanted = CELLS.filter(({ metric }) => scope.isWanted(metric));
    const workshop = await openWorkshop();
    const go = wanted.some(isGo) ? await goBenchPeers() : undefined;
    const built = wanted.some(isBuilt) ? await buildPlugin(workshop) : undefined;
    const parts: StageParts = { workshop, go: typeof go === 'string' ? undefined : go, built };
    const possible = wanted.filter((cell) => {
      const reason = reasonAgainst(cell, parts, go);
      if (reason !== undefined) scope.skip(cell.metric, reason);
      return reason === undefined;
    });
    if (possible.length > 0) await measure(possible, parts, scope);
  },
};

async function measure(cells: readonly StartupCell[], parts: StageParts, scope: BenchScope): Promise<void> {
  const variants = variantsOf(cells);
  const stage = await openStage(variants, parts);
  try {
    const chosen = Object.fromEntries([...variants].map((variant) => [variant, stage.measures[variant]]));
    const measures = chosen as Record<Variant, Measure>;
    const rounds = scope.quick ? QUICK_ROUNDS : FULL_ROUNDS;
    scope.progress(`startup: ${variants.size} variants, ${rounds} launches each`);
    await interleave(measures, { rounds: WARM_UP_ROUNDS, signal: scope.signal });
    const times = await interleave(measures, { rounds, signal: scope.signal });
    for (const cell of cells) report(cell, times, scope);
  } finally {
    await stage.close();
  }
}

function report(
  { metric, own, peer, ratio }: StartupCell,
  times: Readonly<Record<Variant, readonly number[]>>,
  scope: BenchScope,
): void {
  // The floor as one number: taken round by round, its own noise would be in every ratio twice.
  const floor = ratio === 'above' ? median(times.node) : 0;
  const rounds = times[own].map((ms, index) => ({
    own: ms - floor,
    peer: (times[peer][index] ?? Number.NaN) - floor,
  }));
  scope.report({
    metric,
    unit: ratio === 'above' ? 'ms above node -e 0' : 'ms',
    peer: PEER_NAMES[peer] ?? peer,
    ...compareRounds(rounds, scope.random, ratio === 'speed' ? (round) => round.peer / round.own : undefined),
  });
}

function reasonAgainst(
  cell: StartupCell,
  { built }: StageParts,
  go: Awaited<ReturnType<typeof goBenchPeers>> | undefined,
): string | undefined {
  if (isGo(cell) && typeof go === 'string') return go;
  return isBuilt(cell) && built === undefined ? 'not built: esbuild is not installed' : undefined;
}

function isGo({ ratio }: StartupCell): boolean {
  return ratio === 'speed';
}

function isBuilt({ own }: StartupCell): boolean {
  return /^built|^hostBuilt/.test(own);
}
