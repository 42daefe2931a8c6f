// Medians and their uncertainty. Pure: the same numbers and the same seed give the same result.

/** The middle value; of an even number of values, the mean of the two in the middle. NaN for none. */
export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** The value below which the share `q` of all values lies, interpolated between neighbours. NaN for none. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const position = (sorted.length - 1) * q;
  const below = sorted[Math.floor(position)] ?? Number.NaN;
  const above = sorted[Math.ceil(position)] ?? Number.NaN;
  return below + (above - below) * (position - Math.floor(position));
}

/** Random numbers from 0 to below 1 that are the same for the same seed (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Where a value lies with a certain confidence: lower and upper end. */
export type Interval = readonly [low: number, high: number];

/** How an interval is found. */
export interface BootstrapOptions {
  readonly random: () => number;
  /** How often the values are drawn again. Default 2,000. */
  readonly resamples?: number;
  /** Default 0.95. */
  readonly confidence?: number;
}

/**
 * The interval of the median: the values are drawn again with replacement, and of the medians of all draws the outer
 * ones are cut off. It makes no assumption on how noise is distributed, which on a shared machine nobody knows.
 */
export function bootstrapMedian(values: readonly number[], options: BootstrapOptions): Interval {
  const { random, resamples = 2_000, confidence = 0.95 } = options;
  const medians: number[] = [];
  for (let draw = 0; draw < resamples; draw += 1) {
    medians.push(median(values.map(() => values[Math.floor(random() * values.length)] ?? Number.NaN)));
  }
  const outside = (1 - confidence) / 2;
  return [quantile(medians, outside), quantile(medians, 1 - outside)];
}
