// Every schedule, one after the other, without saving states: each run repeats the choices of the one before it up to
// the last place where another option is left, takes that one, and defaults from there on.
//
// Invariants:
//   F1. No schedule comes twice, and without bounds none is left out.
//   F2. A program that asks other questions after the same answers is not deterministic: REPLAY_DIVERGED, never a guess.

import { InvalidOptionsError, RuntimeError } from '../../../errors/index.ts';
import type { Choice, Chooser, Decision, Strategy } from './strategy.ts';

/** What part of the schedules is walked through. */
export interface DfsOptions {
  /** Most delays in a schedule: passing over n options costs n. Default `Infinity`: all schedules. */
  readonly bound?: number | undefined;
  /** Decides only the first so many decisions; the rest are defaults. Default `Infinity`. */
  readonly prefix?: number | undefined;
}

/** Walks through all schedules, or through those within bounds; it starts with the default and changes the end first. */
export function dfs(options: DfsOptions = {}): Strategy {
  const bound = requireBound('bound', options.bound);
  const prefix = requireBound('prefix', options.prefix);
  let path: readonly Decision[] | undefined = [];
  return {
    name: Number.isFinite(bound) ? `dfs ${bound}` : 'dfs',
    next: (run) => path && followPath(path, `dfs(${describe(options)}) run ${run}`),
    done(record) {
      path &&= backtrack(record.slice(0, prefix), bound);
    },
  };
}

function followPath(path: readonly Decision[], madeBy: string): Chooser {
  let step = 0;
  return {
    madeBy,
    choose(options) {
      const wanted = path[step++];
      if (wanted === undefined) return 0;
      // The last decision of the path is a new one: its key is not known yet.
      requireSame(step, wanted, options, step < path.length);
      return wanted.index;
    },
  };
}

/** The path to the next schedule: the last decision that has an affordable option left, moved on by one. */
function backtrack(record: readonly Decision[], bound: number): readonly Decision[] | undefined {
  let delays = record.reduce((sum, { index }) => sum + index, 0);
  for (let i = record.length - 1; i >= 0; i--) {
    const last = record[i];
    if (last === undefined) return undefined;
    if (last.index + 1 < last.of && delays + 1 <= bound) {
      return [...record.slice(0, i), { index: last.index + 1, of: last.of, key: '' }];
    }
    delays -= last.index;
  }
  return undefined;
}

/**
 * Checks that a question is the one that was recorded.
 *
 * @throws REPLAY_DIVERGED with the step, what was expected and what was found
 */
export function requireSame(step: number, wanted: Decision, options: readonly Choice[], checkKey = true): void {
  const found = options[wanted.index]?.key;
  if (options.length === wanted.of && (!checkKey || found === wanted.key)) return;
  const expected = `"${wanted.key}" as ${wanted.index + 1} of ${wanted.of}`;
  const met = `${options.length} options: ${options.map(({ key }) => `"${key}"`).join(', ')}`;
  throw new RuntimeError('REPLAY_DIVERGED', `step ${step} expected ${expected} and found ${met}`, {
    details: { step, expected: wanted, found: options.map(({ key }) => key) },
  });
}

function describe({ bound, prefix }: DfsOptions): string {
  const parts = [
    ...(bound === undefined ? [] : [`bound: ${bound}`]),
    ...(prefix === undefined ? [] : [`prefix: ${prefix}`]),
  ];
  return parts.length === 0 ? '' : `{ ${parts.join(', ')} }`;
}

function requireBound(field: string, value = Number.POSITIVE_INFINITY): number {
  if (value >= 0) return value;
  throw new InvalidOptionsError(field, `must be at least 0, got ${String(value)}`);
}
