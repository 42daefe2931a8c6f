// What a fuzzed target came to, input by input.
//
// Invariants:
//   O1. Nothing but success and the documented codes counts; anything else fails the test with the input at hand.
//   O2. A target tells what it did not reach of what it must: inputs that all end alike prove nothing.

import { isRuntimeError } from '../../src/errors/index.ts';
import type { Code } from '../../src/errors/index.ts';
import { testScale } from '../setup/size.ts';

/** The outcome of an input that was taken. */
export const OK = 'ok';

const { size, seed, runs, propertyTimeoutMs } = testScale();

/** How many inputs a target gets: 500, and 10,000 in a full run. */
export const FUZZ_RUNS: number = size === 'gate' ? 500 : Math.max(500, runs * 10);

/** For targets that start a process for each input: 25 of them, 300 in a full run. */
export const FUZZ_PROCESSES: number = size === 'gate' ? 25 : 300;

/** How fast-check runs outside of the property project, which has the same by itself. */
export const FUZZ_PARAMETERS = {
  seed,
  interruptAfterTimeLimit: Math.floor(propertyTimeoutMs * 0.8),
  markInterruptAsFailure: true,
} as const;

/** Time for a test of that kind. */
export const FUZZ_TIMEOUT_MS: number = propertyTimeoutMs;

/** The outcomes of one target. */
export interface Outcomes<Outcome extends string> {
  /** Counts what an action came to: `ok`, or the code of the error that it threw. Throws every other error (O1). */
  run(action: () => unknown): Outcome | typeof OK;
  /** The same for what settles later. */
  settle(action: () => Promise<unknown>): Promise<Outcome | typeof OK>;
  /** Counts an outcome. */
  add(outcome: Outcome | typeof OK): void;
  /** Prints the histogram, once, at the end. Returns what was not reached of what must be (O2). */
  finish(mustReach: readonly (Outcome | typeof OK)[]): readonly string[];
  /** How many different outcomes there were. */
  readonly distinct: number;
}

/** Counts for a target that may end in success or with one of these codes. */
export function createOutcomes<Outcome extends string = Code>(
  target: string,
  documented: readonly Outcome[],
): Outcomes<Outcome> {
  const counts = new Map<string, number>();
  const add = (outcome: string): void => void counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
  const failed = (error: unknown): Outcome => {
    const code = isRuntimeError(error) ? error.code : undefined;
    const outcome = documented.find((known) => known === code);
    if (outcome === undefined) throw error;
    add(outcome);
    return outcome;
  };
  const ok = (): typeof OK => {
    add(OK);
    return OK;
  };
  return {
    run(action) {
      try {
        action();
      } catch (error) {
        return failed(error);
      }
      return ok();
    },
    async settle(action) {
      try {
        await action();
      } catch (error) {
        return failed(error);
      }
      return ok();
    },
    add,
    get distinct() {
      return counts.size;
    },
    finish(mustReach) {
      const sorted = [...counts].toSorted(([, a], [, b]) => b - a);
      const total = sorted.reduce((sum, [, count]) => sum + count, 0);
      console.log([`fuzz ${target}: ${total} outcomes`, ...sorted.map(([name, n]) => `  ${name} ${n}`)].join('\n'));
      return mustReach.filter((outcome) => !counts.has(outcome));
    },
  };
}
