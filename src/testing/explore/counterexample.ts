// Makes a failing schedule small, runs it once more with a trace, and puts the report together.

import { createHash } from 'node:crypto';
import { RuntimeError } from '../../errors/index.ts';
import type { KernelSettings } from '../kernel/kernel.ts';
import type { Finding, ScheduleOutcome } from '../kernel/schedule.ts';
import type { Runner } from './explore.ts';
import type { RaceFailure } from './outcome.ts';
import { follow } from './strategies/replay.ts';
import { printReplay } from './replay-text.ts';
import { shrink } from './shrink.ts';
import type { TraceStep } from './sequence-diagram.ts';
import type { Chooser } from './strategies/strategy.ts';

/** A failure to be made small. */
export interface ShrinkTask {
  readonly runner: Runner;
  readonly outcome: ScheduleOutcome;
  /** Most schedules to try; 0 leaves it as it is. */
  readonly tries: number;
  readonly settings: KernelSettings;
}

/** Thrown out of the search when it needs a schedule that takes turns of the event loop. */
class Wanted extends RuntimeError {
  constructor() {
    super('INTERNAL', 'the search goes on when the schedule has run');
  }
}

type Verdict = readonly number[] | false;

/** The smallest failure that was found, as a report; it is the same oracle that objects. */
export async function shrinkFailure(task: ShrinkTask): Promise<Omit<RaceFailure, 'schedule' | 'madeBy'>> {
  const { outcome, runner, settings } = task;
  const { oracle } = requireFinding(outcome);
  const given = outcome.decisions.map(({ index }) => index);
  const indices = task.tries === 0 ? given : await shrinkIndices(task, given, oracle);
  const small = await runner.run(chooserOf(indices), true);
  // A schedule that cannot be repeated is reported as it was first seen.
  const finding = small.finding ?? requireFinding(outcome);
  const decisions = small.finding === undefined ? outcome.decisions : small.decisions;
  return {
    oracle: finding.oracle,
    message: small.finding === undefined ? `${finding.message} (it did not happen again)` : finding.message,
    error: finding.error,
    trace: small.trace,
    decisions,
    replay: printReplay(settings, decisions),
    traceHash: hashTrace(small.trace, finding),
    decisionsBefore: given.length,
    log: small.log,
  };
}

async function shrinkIndices(
  { runner, tries }: ShrinkTask,
  given: readonly number[],
  oracle: string,
): Promise<readonly number[]> {
  const known = new Map<string, Verdict>();
  const judge = ({ finding, decisions }: ScheduleOutcome): Verdict =>
    finding?.oracle === oracle ? decisions.map(({ index }) => index) : false;
  const fails = (indices: readonly number[]): Verdict => {
    const key = indices.join();
    const before = known.get(key);
    if (before !== undefined) return before;
    const going = runner.run(chooserOf(indices), false);
    if (going instanceof Promise) {
      pending = going.then((outcome) => void known.set(key, judge(outcome)));
      throw new Wanted();
    }
    const verdict = judge(going);
    known.set(key, verdict);
    return verdict;
  };
  let pending: Promise<void> | undefined;
  for (;;) {
    try {
      return shrink(given, fails, { tries }).indices;
    } catch (reason) {
      if (!(reason instanceof Wanted)) throw reason;
      // The search is deterministic and quick, so it starts over with one answer more.
      await pending;
    }
  }
}

function chooserOf(indices: readonly number[]): Chooser {
  const chooser = follow(indices).next(0);
  if (chooser === undefined) throw new RuntimeError('INTERNAL', 'there is no schedule to follow');
  return chooser;
}

function requireFinding({ finding }: ScheduleOutcome): Finding {
  if (finding === undefined) throw new RuntimeError('INTERNAL', 'the schedule did not fail');
  return finding;
}

function hashTrace(trace: readonly TraceStep[], { oracle, message }: Finding): string {
  const text = JSON.stringify([trace, oracle, message]);
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}
