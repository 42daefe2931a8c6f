import { RuntimeError } from '../../errors/index.ts';
import type { LogEntry } from '../../ports/index.ts';
import { drawSequence } from './sequence-diagram.ts';
import type { TraceStep } from './sequence-diagram.ts';
import type { Decision } from './strategies/strategy.ts';

/** A schedule that fails, made small. */
export interface RaceFailure {
  /** Name of the oracle that it fails: `invariant`, `check`, `uncaughtError`, `livelock`, `deadlock`, `strict`, … */
  readonly oracle: string;
  readonly message: string;
  /** What was thrown, if anything was. */
  readonly error: unknown;
  /** What happened, step by step. */
  readonly trace: readonly TraceStep[];
  readonly decisions: readonly Decision[];
  /** Repeats it: `explore(scenario, { replay })`. */
  readonly replay: string;
  /** The same for the same schedule of the same program. */
  readonly traceHash: string;
  /** Number of the schedule that failed first, from 0. */
  readonly schedule: number;
  /** What made that schedule. */
  readonly madeBy: string;
  /** How many decisions it took before it was made small. */
  readonly decisionsBefore: number;
  /** The last entries of the log. */
  readonly log: readonly LogEntry[];
}

/** What an exploration came to. */
export interface Exploration {
  /** Schedules that were run, those of the shrinking aside. */
  readonly schedules: number;
  /** How many of them differ; stops counting at a million. */
  readonly distinct: number;
  /** Whether the strategy has nothing left: for `dfs` without bounds, no other schedule exists. */
  readonly exhausted: boolean;
  /** Steps of all schedules. */
  readonly steps: number;
  readonly failure?: RaceFailure | undefined;
}

/** A schedule fails. The message has its steps, a diagram, and how to repeat it. */
export class RaceError extends RuntimeError {
  override readonly name = 'RaceError';
  readonly failure: RaceFailure;
  readonly exploration: Exploration;

  constructor(scenario: string, failure: RaceFailure, exploration: Exploration) {
    super('RACE_FOUND', describeRace(scenario, failure, exploration), {
      ...(failure.error !== undefined && { cause: failure.error }),
    });
    this.failure = failure;
    this.exploration = exploration;
  }
}

const MOST_STEPS = 200;

function describeRace(scenario: string, failure: RaceFailure, { schedules }: Exploration): string {
  const { oracle, message, trace, replay, madeBy } = failure;
  const shown = trace.length > MOST_STEPS ? trace.slice(-MOST_STEPS) : trace;
  const skipped = trace.length - shown.length;
  return [
    `${scenario}: ${oracle}: ${message}`,
    '',
    `steps (schedule ${schedules}, ${madeBy}):`,
    ...(skipped > 0 ? [`  … ${skipped} steps before`] : []),
    ...shown.map((step, i) => `  ${skipped + i + 1}. ${describeStep(step)}`),
    '',
    '```mermaid',
    drawSequence(trace).trimEnd(),
    '```',
    '',
    `replay: explore(scenario, { replay: '${replay}' })`,
  ].join('\n');
}

function describeStep({ from, to, event, note }: TraceStep): string {
  const what = from === to ? `${from}: ${event}` : `${from} -> ${to}: ${event}`;
  return note === undefined ? what : `${what} (${note})`;
}
