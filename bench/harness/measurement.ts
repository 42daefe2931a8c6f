// What a benchmark finds out about one metric, and how it is written down.

import { bootstrapMedian, median } from './statistics.ts';
import type { Interval } from './statistics.ts';

/** One measured metric. Without a peer the last four fields are null. */
export interface Measurement {
  readonly bench: string;
  /** Name of the metric, the same as in bench/aims.json; unique over all benchmarks. */
  readonly metric: string;
  /** Median over all rounds. */
  readonly value: number;
  readonly unit: string;
  /** What was measured in turns with it. */
  readonly peer: string | null;
  /** Median of the peer. */
  readonly peerValue: number | null;
  /** Median of the ratios of the single rounds, own to peer unless the metric says otherwise. */
  readonly ratio: number | null;
  /** The 95 % interval of the ratio. */
  readonly interval: Interval | null;
}

/** One metric that was not measured. */
export interface SkippedMetric {
  readonly bench: string;
  readonly metric: string;
  readonly reason: string;
}

/** One round: the two sides measured one right after the other. */
export interface Round {
  readonly own: number;
  readonly peer: number;
}

/** Value, peer's value, ratio and interval of a series of rounds. */
export function compareRounds(
  rounds: readonly Round[],
  random: () => number,
  ratioOf: (round: Round) => number = ({ own, peer }) => own / peer,
): Pick<Measurement, 'value' | 'peerValue' | 'ratio' | 'interval'> {
  const ratios = rounds.map(ratioOf);
  return {
    value: median(rounds.map(({ own }) => own)),
    peerValue: median(rounds.map(({ peer }) => peer)),
    ratio: median(ratios),
    interval: bootstrapMedian(ratios, { random }),
  };
}

/** A measurement as one line of JSON. */
export function measurementLine(measurement: Measurement): string {
  const { bench, metric, value, unit, peer, peerValue, ratio, interval } = measurement;
  return JSON.stringify({
    bench,
    metric,
    value: rounded(value),
    unit,
    peer,
    peerValue: peerValue === null ? null : rounded(peerValue),
    ratio: ratio === null ? null : rounded(ratio),
    interval: interval === null ? null : interval.map(rounded),
  });
}

/** A skipped metric as one line of JSON: the same fields, null, and why. */
export function skippedLine({ bench, metric, reason }: SkippedMetric): string {
  const nothing = { value: null, unit: null, peer: null, peerValue: null, ratio: null, interval: null };
  return JSON.stringify({ bench, metric, ...nothing, skipped: reason });
}

/** Five digits say more than any of these measurements can know. */
function rounded(value: number): number {
  return Number(value.toPrecision(5));
}
