// The tables of a run, for people.

import { verdictOf } from './aims.ts';
import type { Aims, Verdict } from './aims.ts';
import type { Benchmark } from './benchmark.ts';
import type { Measurement, SkippedMetric } from './measurement.ts';
import { formatNumber, formatTable } from './table.ts';

/** All that a run has found. */
export interface RunResults {
  readonly measured: readonly Measurement[];
  readonly skipped: readonly SkippedMetric[];
}

/** One line for each aim of the benchmarks that were run. */
export interface AimLine {
  readonly metric: string;
  readonly aim: string;
  readonly ratio: string;
  readonly interval: string;
  /** `not measured` with the reason when there is no ratio. */
  readonly verdict: Verdict | `not measured: ${string}`;
}

/** All measurements, then what was skipped. */
export function formatResults({ measured, skipped }: RunResults): string {
  const rows = measured.map(({ metric, value, unit, peer, peerValue, ratio, interval }) => [
    metric,
    formatNumber(value),
    unit,
    peerValue === null ? '' : formatNumber(peerValue),
    ratio === null ? '' : ratio.toFixed(3),
    intervalText(interval),
    peer ?? '',
  ]);
  const table = formatTable(['metric', 'value', 'unit', 'peer value', 'ratio', '95 % interval', 'peer'], rows);
  const left = skipped.map(({ metric, reason }) => `skipped ${metric}: ${reason}`);
  return [table, ...left].join('\n');
}

/** The aims of everything that was measured or skipped. */
export function judge(aims: Aims, { measured, skipped }: RunResults): AimLine[] {
  const lines: AimLine[] = [];
  for (const { metric, ratio, interval } of measured) {
    const aim = aims.get(metric);
    if (aim === undefined || ratio === null || interval === null) continue;
    lines.push({
      metric,
      aim: aim.text,
      ratio: ratio.toFixed(3),
      interval: intervalText(interval),
      verdict: verdictOf(aim, interval),
    });
  }
  for (const { metric, reason } of skipped) {
    const aim = aims.get(metric);
    if (aim === undefined) continue;
    lines.push({ metric, aim: aim.text, ratio: '', interval: '', verdict: `not measured: ${reason}` });
  }
  return lines;
}

/** The lines of `judge` as a table. */
export function formatVerdicts(lines: readonly AimLine[]): string {
  return formatTable(
    ['metric', 'aim', 'ratio', '95 % interval', 'verdict'],
    lines.map(({ metric, aim, ratio, interval, verdict }) => [metric, aim, ratio, interval, verdict]),
  );
}

/** The benchmarks with their metrics and aims. */
export function formatList(benchmarks: readonly Benchmark[], aims: Aims): string {
  const parts = benchmarks.map(({ name, summary, metrics }) => {
    const rows = Object.entries(metrics).map(([metric, what]) => {
      const aim = aims.get(metric);
      return [metric, aim?.text ?? '', aim === undefined || aim.fullOnly !== undefined ? 'full' : 'quick', what];
    });
    return `${name}: ${summary}\n\n${formatTable(['metric', 'aim', 'runs', 'what'], rows)}`;
  });
  return parts.join('\n\n');
}

function intervalText(interval: Measurement['interval']): string {
  return interval === null ? '' : `${interval[0].toFixed(3)} – ${interval[1].toFixed(3)}`;
}
