// What a benchmark is to the program that runs it.

import type { Aims } from './aims.ts';
import type { Measurement } from './measurement.ts';

/** A benchmark: a group of metrics that are measured together. */
export interface Benchmark {
  readonly name: string;
  /** One line for `--list`. */
  readonly summary: string;
  /** All metrics that it can measure, with a line of explanation each. */
  readonly metrics: Readonly<Record<string, string>>;
  /** Measures the metrics that are wanted. Leaves no process, socket or file behind, also when it rejects. */
  run(scope: BenchScope): Promise<void>;
}

/** What a benchmark gets to do its work. */
export interface BenchScope {
  readonly quick: boolean;
  /** Aborts when the person who waits has had enough. */
  readonly signal: AbortSignal;
  /** For the bootstrap. */
  readonly random: () => number;
  isWanted(metric: string): boolean;
  report(measurement: Omit<Measurement, 'bench'>): void;
  /** Says why a wanted metric cannot be measured. */
  skip(metric: string, reason: string): void;
  /** Tells the person who waits what is going on. */
  progress(text: string): void;
}

/** The metrics of a benchmark that a run measures, and why it leaves the others out. */
export function chooseMetrics(
  { metrics }: Pick<Benchmark, 'metrics'>,
  aims: Aims,
  quick: boolean,
): { readonly wanted: ReadonlySet<string>; readonly left: ReadonlyMap<string, string> } {
  const left = new Map<string, string>();
  for (const metric of Object.keys(metrics)) {
    if (!quick) continue;
    const aim = aims.get(metric);
    if (aim === undefined) left.set(metric, 'not a headline cell');
    else if (aim.fullOnly !== undefined) left.set(metric, `full runs only: ${aim.fullOnly}`);
  }
  return { wanted: new Set(Object.keys(metrics).filter((metric) => !left.has(metric))), left };
}
