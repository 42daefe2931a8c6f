// Measures the variants of a stage: each in processes of its own, in turns.

import type { BenchScope } from '../harness/benchmark.ts';
import { interleave } from '../harness/interleave.ts';
import type { Measure } from '../harness/interleave.ts';
import { compareRounds } from '../harness/measurement.ts';
import type { DriverProcess } from '../rpc/driver-process.ts';
import { startDriver } from '../rpc/driver-process.ts';
import { cpuMicrosOf, memoryMiBOf } from './processes.ts';
import { nameOf, UNITS } from './stage.ts';
import type { DriverKind, Sampled, Stage, StageMetric, Variant } from './stage.ts';
import type { WorkCommand, WorkResult } from './work.ts';

/** How long and how often a variant is measured. A quick run of all metrics with an aim takes some 35 s. */
interface Pace {
  readonly rounds: number;
  readonly runMs: number;
  readonly warmUpMs: number;
}

const QUICK: Pace = { rounds: 14, runMs: 90, warmUpMs: 500 };
const FULL: Pace = { rounds: 24, runMs: 300, warmUpMs: 1_200 };
const DEFAULT_BYTES = 200;

const TROUPE_DRIVER = new URL('troupe-driver.ts', import.meta.url).pathname;
const RAW_DRIVER = new URL('raw-driver.ts', import.meta.url).pathname;

type Driver = DriverProcess<WorkCommand, WorkResult>;

/** Programs that are not part of this folder. */
export interface StageParts {
  /** The Go pair; undefined when it cannot be built. */
  readonly goPair: string | undefined;
}

/** Measures what of a stage is wanted, and tells it. */
export async function runStage(stage: Stage, metrics: readonly StageMetric[], parts: StageParts, scope: BenchScope) {
  const pace = scope.quick ? QUICK : FULL;
  const needed = new Set(metrics.flatMap(({ own, peer }) => [own, peer]));
  const series: Record<string, Sampled[]> = {};
  const drivers: Driver[] = [];
  try {
    const measures: Record<string, Measure> = {};
    for (const [name, variant] of Object.entries(stage.variants)) {
      if (!needed.has(name)) continue;
      const driver = await start(variant, parts);
      drivers.push(driver);
      const command = { work: variant.work, bytes: variant.bytes ?? DEFAULT_BYTES };
      const { pids } = await driver.run({ ...command, durationMs: pace.warmUpMs });
      const samples: Sampled[] = [];
      series[name] = samples;
      measures[name] = async () => {
        const before = cpuMicrosOf(pids);
        const result = await driver.run({ ...command, durationMs: pace.runMs });
        const sample = sampleOf(result, cpuMicrosOf(pids) - before);
        samples.push(sample);
        return sample.rate;
      };
    }
    await interleave(measures, { rounds: pace.rounds, signal: scope.signal });
  } finally {
    await Promise.all(drivers.map((driver) => driver.close()));
  }
  for (const metric of metrics) report(metric, stage, series, scope);
}

/** Whether a stage's metric cannot do without the Go pair. */
export function needsGo(stage: Stage, { own, peer }: StageMetric): boolean {
  return [own, peer].some((name) => {
    const variant = stage.variants[name];
    return variant?.driver.startsWith('go') === true || variant?.args?.includes('--form=foreign') === true;
  });
}

function sampleOf({ count, elapsedMs, pids, p50Us, p99Us }: WorkResult, cpuMicros: number): Sampled {
  return {
    rate: (count / elapsedMs) * 1_000,
    cpuUs: cpuMicros / count,
    memoryMiB: memoryMiBOf(pids),
    p50Us: p50Us ?? Number.NaN,
    p99Us: p99Us ?? Number.NaN,
  };
}

function report(
  { metric, own, peer, of = 'rate' }: StageMetric,
  stage: Stage,
  series: Record<string, Sampled[]>,
  scope: BenchScope,
): void {
  const peers = series[peer] ?? [];
  const rounds = (series[own] ?? []).map((sample, index) => ({
    own: sample[of],
    peer: peers[index]?.[of] ?? Number.NaN,
  }));
  const variant = stage.variants[peer];
  const name = variant === undefined ? peer : nameOf(variant);
  scope.report({ metric, unit: UNITS[of], peer: name, ...compareRounds(rounds, scope.random) });
}

function start({ driver, args = [] }: Variant, { goPair = '' }: StageParts): Promise<Driver> {
  const starts: Readonly<Record<DriverKind, () => Promise<Driver>>> = {
    troupe: () => startNode(TROUPE_DRIVER, [...args, `--go-pair=${goPair}`]),
    raw: () => startNode(RAW_DRIVER, []),
    go: () => startDriver(goPair, ['host']),
    'go-plain': () => startDriver(goPair, ['host', '-plain']),
  };
  return starts[driver]();
}

function startNode(file: string, args: readonly string[]): Promise<Driver> {
  return startDriver(process.execPath, ['--conditions=source', file, ...args]);
}
