// A program to schedule: some lanes with messages, each lane in its own order, any lane next.

import { createRecorder } from '../../../src/testing/index.ts';
import type { Choice, Chooser, Decision, Strategy } from '../../../src/testing/index.ts';

/** One schedule of the program. */
export interface LaneRun {
  /** Names of the lanes, in the order in which they moved; `a1` is the first message of lane `a`. */
  readonly order: readonly string[];
  readonly decisions: readonly Decision[];
  readonly madeBy: string;
}

/** Lanes `a`, `b`, … with so many messages each. Stops early when the condition holds, as a failed run does. */
export function runLanes(
  chooser: Chooser,
  lanes: readonly number[],
  fails: (order: readonly string[]) => boolean = () => false,
): LaneRun {
  const sent = lanes.map(() => 0);
  const order: string[] = [];
  const recorder = createRecorder(chooser);
  for (;;) {
    const options = lanes.flatMap((count, lane): (Choice & { readonly lane: number })[] =>
      (sent[lane] ?? 0) < count ? [{ key: nameOf(lane), kind: 'message', lane }] : [],
    );
    if (options.length === 0) break;
    const { lane } = recorder.decide(options);
    sent[lane] = (sent[lane] ?? 0) + 1;
    order.push(`${nameOf(lane)}${sent[lane]}`);
    if (fails(order)) break;
  }
  return { order, decisions: recorder.decisions, madeBy: chooser.madeBy };
}

/** Runs schedules until the strategy has none left, or so many. */
export function runAll(strategy: Strategy, lanes: readonly number[], limit = 10_000): readonly LaneRun[] {
  const runs: LaneRun[] = [];
  while (runs.length < limit) {
    const chooser = strategy.next(runs.length);
    if (chooser === undefined) break;
    const run = runLanes(chooser, lanes);
    strategy.done(run.decisions);
    runs.push(run);
  }
  return runs;
}

/** How many of the runs differ. */
export function distinct(runs: readonly LaneRun[]): number {
  return new Set(runs.map(({ order }) => order.join())).size;
}

function nameOf(lane: number): string {
  return String.fromCharCode(97 + lane);
}
