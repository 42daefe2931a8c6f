// Settles how fast-check runs, for all property tests alike. A failure prints seed, path and the shrunk counterexample.

import { fc } from '@fast-check/vitest';
import { testScale } from '../test/setup/size.ts';

const scale = testScale();

fc.configureGlobal({
  seed: scale.seed,
  numRuns: scale.runs,
  // Ends a slow property before vitest's own limit, whose message would name neither seed nor counterexample.
  interruptAfterTimeLimit: Math.floor(scale.propertyTimeoutMs * 0.8),
  markInterruptAsFailure: true,
});
