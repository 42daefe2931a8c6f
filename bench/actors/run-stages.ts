// Measures works that are compared with each other: in processes of their own, in turns.

import type { BenchScope } from '../harness/benchmark.ts';
import { interleave } from '../harness/interleave.ts';
import type { Measure } from '../harness/interleave.ts';
import { compareRounds } from '../harness/measurement.ts';
import { startDriver } from '../rpc/driver-process.ts';
import type { DriverProcess } from '../rpc/driver-process.ts';
import type { WorkCommand, WorkResult } from './side-driver.ts';
import type { Stage, StageMetric, Variant } from './stage.ts';

/** How long and how often a work is measured. A quick run of the actors takes some 35 s. */
interface Pace {
  readonly rounds: number;
  readonly runMs: number;
  readonly warmUpMs: number;
}

const QUICK: Pace = { rounds: 20, runMs: 60, warmUpMs: 400 };
const FULL: Pace = { rounds: 30, runMs: 250, warmUpMs: 800 };

const DRIVER = new URL('side-driver.ts', import.meta.url).pathname;

type SideDriver = DriverProcess<WorkCommand, WorkResult>;

/** What each variant has said, round by round. */
interface Series {
  readonly value: Readonly<Record<string, readonly number[]>>;
  readonly stallMs: Readonly<Record<string, readonly number[]>>;
}

/** Measures what of the stages is wanted, one stage after the other. */
export async function runStages(name: string, stages: readonly Stage[], scope: BenchScope): Promise<void> {
  for (const stage of stages) {
    const metrics = stage.metrics.filter(({ metric }) => scope.isWanted(metric));
    if (metrics.length === 0) continue;
    scope.progress(`${name}: ${stage.name}`);
    const series = await measureStage(stage, metrics, scope);
    for (const metric of metrics) report(metric, series, scope);
  }
}

/** All metrics of the stages with an explanation each. */
export function metricsOf(stages: readonly Stage[]): Readonly<Record<string, string>> {
  return Object.fromEntries(stages.flatMap(({ metrics }) => metrics.map(({ metric, what }) => [metric, what])));
}

async function measureStage(stage: Stage, metrics: readonly StageMetric[], scope: BenchScope): Promise<Series> {
  const needed = new Set(metrics.flatMap(({ own, peer }) => [own, peer]));
  const variants = Object.entries(stage.variants).filter(([name]) => needed.has(name));
  const parts: Series[] = [];
  for (let part = 0; part < (stage.processes ?? 1); part += 1) parts.push(await measurePart(stage, variants, scope));
  const joined = (of: keyof Series) =>
    Object.fromEntries(variants.map(([name]) => [name, parts.flatMap((part) => part[of][name] ?? [])]));
  return { value: joined('value'), stallMs: joined('stallMs') };
}

/** Measures with processes of its own. */
async function measurePart(
  stage: Stage,
  variants: readonly (readonly [name: string, variant: Variant])[],
  scope: BenchScope,
): Promise<Series> {
  const pace = paceOf(stage, scope.quick);
  const drivers = new Map<string, SideDriver>();
  try {
    const stallMs = Object.fromEntries(variants.map(([name]) => [name, [] as number[]]));
    const measures: Record<string, Measure> = {};
    for (const [name, variant] of variants) {
      const driver = await driverFor(name, variant, stage, drivers);
      const work = (scope.quick ? stage.quickWorks?.[name] : undefined) ?? variant.work;
      // The first run sets the work up as well.
      await driver.run({ work, durationMs: pace.warmUpMs });
      measures[name] = async () => {
        const result = await driver.run({ work, durationMs: pace.runMs });
        stallMs[name]?.push(result.stallMs);
        return result.value;
      };
    }
    const value = await interleave(measures, { rounds: pace.rounds, signal: scope.signal });
    return { value, stallMs };
  } finally {
    await Promise.all([...drivers.values()].map((driver) => driver.close()));
  }
}

function paceOf({ rounds, finer = 1, warmUpMs, processes = 1 }: Stage, quick: boolean): Pace {
  const pace = quick ? QUICK : FULL;
  if (rounds !== undefined) return { rounds, runMs: 0, warmUpMs: 0 };
  return {
    rounds: Math.ceil((pace.rounds * finer) / processes),
    runMs: pace.runMs / finer,
    warmUpMs: warmUpMs ?? pace.warmUpMs,
  };
}

async function driverFor(
  name: string,
  { side }: Variant,
  { together, exposeGc }: Stage,
  drivers: Map<string, SideDriver>,
): Promise<SideDriver> {
  const key = together === true ? side : name;
  const running = drivers.get(key);
  if (running !== undefined) return running;
  const flags = exposeGc === true ? ['--expose-gc'] : [];
  const args = ['--conditions=source', ...flags, DRIVER, side];
  const driver = await startDriver<WorkCommand, WorkResult>(process.execPath, args);
  drivers.set(key, driver);
  return driver;
}

function report(
  { metric, unit, own, peer, peerName, of, ratio }: StageMetric,
  series: Series,
  scope: BenchScope,
): void {
  const numbers = series[of ?? 'value'];
  const rounds = (numbers[own] ?? []).map((value, index) => ({
    own: value,
    peer: numbers[peer]?.[index] ?? Number.NaN,
  }));
  const { peerValue, ...compared } = compareRounds(rounds, scope.random, ratio);
  scope.report({ metric, unit, peer: peerName, peerValue: Number.isNaN(peerValue) ? null : peerValue, ...compared });
}
