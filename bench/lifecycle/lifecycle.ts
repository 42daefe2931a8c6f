// What it costs that the lifecycle of plugins lasts: commits against the statements alone, the boot, the reload of the
// development loop, and what the event loop feels of a database that somebody else has locked.

import type { Benchmark } from '../harness/benchmark.ts';
import { COMMIT_METRICS, OTHER_METRICS } from './metrics.ts';

/** The benchmark `lifecycle`. */
export const lifecycleBenchmark: Benchmark = {
  name: 'lifecycle',
  summary: 'transitions, boot and reload of plugins that last, against bare SQL and a bare start',
  metrics: { ...COMMIT_METRICS, ...OTHER_METRICS },
  async run(scope) {
    // Late: other benchmarks are not to load a host, its stores and the command line.
    const [{ measureCommits }, { measureBoot }, { measureReload }, { measureStall }] = await Promise.all([
      import('./commits.ts'),
      import('./boot.ts'),
      import('./reload.ts'),
      import('./stall.ts'),
    ]);
    await measureCommits(scope);
    await measureBoot(scope);
    await measureReload(scope);
    await measureStall(scope);
  },
};
