import type { Aims } from './aims.ts';
import { chooseMetrics } from './benchmark.ts';
import type { Benchmark } from './benchmark.ts';
import type { Measurement, SkippedMetric } from './measurement.ts';
import { seededRandom } from './statistics.ts';

/** Hears what a run finds, as it finds it. */
export interface RunListener {
  measured(measurement: Measurement): void;
  skipped(metric: SkippedMetric): void;
  progress(text: string): void;
}

const SEED = 20_250_731;

/** Runs one benchmark. Each of its metrics is told exactly once; rejects when the benchmark breaks that rule. */
export async function runBenchmark(
  benchmark: Benchmark,
  { aims, quick, signal }: { readonly aims: Aims; readonly quick: boolean; readonly signal: AbortSignal },
  listener: RunListener,
): Promise<void> {
  const bench = benchmark.name;
  const { wanted, left } = chooseMetrics(benchmark, aims, quick);
  const missing = new Set(wanted);
  const settle = (metric: string): void => {
    if (!missing.delete(metric)) throw new Error(`benchmark "${bench}" told "${metric}" unasked or twice`);
  };
  await benchmark.run({
    quick,
    signal,
    random: seededRandom(SEED),
    isWanted: (metric) => wanted.has(metric),
    report(measurement) {
      settle(measurement.metric);
      listener.measured({ bench, ...measurement });
    },
    skip(metric, reason) {
      settle(metric);
      listener.skipped({ bench, metric, reason });
    },
    progress: (text) => listener.progress(text),
  });
  const [forgotten] = missing;
  if (forgotten !== undefined) throw new Error(`benchmark "${bench}" did not tell "${forgotten}"`);
  for (const [metric, reason] of left) listener.skipped({ bench, metric, reason });
}
