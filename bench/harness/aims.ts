// What the ratios ought to be, and whether they are.
//
// Invariants:
//   A1. An aim is met or missed only when the whole interval says so; an interval on both sides of it is `uncertain`.
//   A2. Only `missed` fails a check. A machine that is too busy to tell must not, nor one that lacks a peer.

import type { Interval } from './statistics.ts';

/** The aim of one metric. */
export interface Aim {
  readonly atLeast: boolean;
  readonly bound: number;
  /** As it was written, such as `>= 0.95`. */
  readonly text: string;
  /** Why quick runs leave the metric out; undefined when they do not. */
  readonly fullOnly: string | undefined;
}

/** Aims by the name of their metric. */
export type Aims = ReadonlyMap<string, Aim>;

/** How a ratio stands to its aim. */
export type Verdict = 'met' | 'missed' | 'uncertain';

/** Reads the content of bench/aims.json. Throws an Error that names the entry which cannot be understood. */
export function parseAims(json: string): Aims {
  const entries = JSON.parse(json) as Record<string, unknown>;
  return new Map(Object.entries(entries).map(([metric, entry]) => [metric, parseAim(metric, entry)]));
}

/** Compares the interval of a ratio with its aim (A1). */
export function verdictOf(aim: Aim, [low, high]: Interval): Verdict {
  const { atLeast, bound } = aim;
  if (atLeast ? low >= bound : high <= bound) return 'met';
  return (atLeast ? high < bound : low > bound) ? 'missed' : 'uncertain';
}

function parseAim(metric: string, entry: unknown): Aim {
  const { aim: text, fullOnly, ...unknown } = (entry ?? {}) as Record<string, unknown>;
  const parts = typeof text === 'string' ? /^(>=|<=) (\d+(?:\.\d+)?)$/.exec(text) : null;
  if (parts === null) throw new Error(`the aim of "${metric}" is not of the form ">= 0.95" or "<= 0.9"`);
  const isReason = typeof fullOnly === 'string' && fullOnly !== '';
  if (fullOnly !== undefined && !isReason) throw new Error(`"fullOnly" of "${metric}" gives no reason`);
  const [extra] = Object.keys(unknown);
  if (extra !== undefined) throw new Error(`the aim of "${metric}" has the unknown field "${extra}"`);
  return {
    atLeast: parts[1] === '>=',
    bound: Number(parts[2]),
    text: parts[0],
    fullOnly: isReason ? fullOnly : undefined,
  };
}
