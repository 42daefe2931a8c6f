import { actorsBenchmark } from './actors/actors.ts';
import { eventsBenchmark } from './events/events.ts';
import { exploreBenchmark } from './explore/explore.ts';
import type { Benchmark } from './harness/benchmark.ts';
import { lifecycleBenchmark } from './lifecycle/lifecycle.ts';
import { replaceBenchmark } from './replace/replace.ts';
import { rpcBenchmark } from './rpc/rpc.ts';
import { startupBenchmark } from './startup/startup.ts';

/** All benchmarks, in the order in which they run. */
export const BENCHMARKS: readonly Benchmark[] = [
  rpcBenchmark,
  startupBenchmark,
  actorsBenchmark,
  exploreBenchmark,
  eventsBenchmark,
  replaceBenchmark,
  lifecycleBenchmark,
];
