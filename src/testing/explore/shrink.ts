// Makes a failing schedule small: fewer decisions, more of them the default.
//
// Invariants:
//   H1. The result fails, because it was tried; if even the start does not fail, it comes back as it was.
//   H2. A candidate replaces the best one only when it is smaller: by decisions up to the failure, then by decisions
//       that are not the default, then by their sum. So shrinking ends.
//   H3. No more than `tries` candidates are run.

/** How far shrinking goes. */
export interface ShrinkOptions {
  /** Most candidates that are run. Default 500. */
  readonly tries?: number | undefined;
}

/** What shrinking came to. */
export interface ShrinkResult {
  /** The smallest failing list of indices that was found; trailing zeros are left out. */
  readonly indices: readonly number[];
  /** How many decisions the failing run takes, zeros at the end included. */
  readonly length: number;
  /** How many candidates were run. */
  readonly tries: number;
  /** False when the start itself did not fail again. */
  readonly reproduced: boolean;
}

/**
 * Whether a candidate fails. Candidates are to be interpreted leniently, as `follow` does. A run that fails may give
 * the indices that it has really used, up to the failure: shrinking is then quicker and its result shorter.
 */
export type Fails = (candidate: readonly number[]) => boolean | readonly number[];

const DEFAULT_TRIES = 500;

/** Looks for a smaller list of indices that fails too. Deterministic. */
export function shrink(failing: readonly number[], fails: Fails, options: ShrinkOptions = {}): ShrinkResult {
  const search = new Search(fails, options.tries ?? DEFAULT_TRIES);
  if (!search.start(failing))
    return { indices: failing, length: failing.length, tries: search.tries, reproduced: false };
  for (let before = -1; before !== search.improvements && !search.isOver; ) {
    before = search.improvements;
    cutTail(search);
    zeroBlocks(search);
    deleteBlocks(search);
    changeValues(search);
    moveDecisions(search);
  }
  return { indices: search.best, length: search.length, tries: search.tries, reproduced: true };
}

/** The best candidate so far. */
class Search {
  readonly #fails: Fails;
  readonly #limit: number;
  readonly #tried = new Set<string>();
  #best: readonly number[] = [];
  #cost: readonly number[] = [];
  tries = 0;
  improvements = 0;

  constructor(fails: Fails, limit: number) {
    this.#fails = fails;
    this.#limit = limit;
  }

  get best(): readonly number[] {
    return this.#best;
  }

  get length(): number {
    return this.#cost[0] ?? 0;
  }

  get isOver(): boolean {
    return this.tries >= this.#limit;
  }

  start(failing: readonly number[]): boolean {
    return this.#run(withoutTail(failing), true);
  }

  /** True when the candidate fails and is smaller than the best one, whose place it takes (H2). */
  try(candidate: readonly number[]): boolean {
    return this.#run(withoutTail(candidate), false);
  }

  #run(candidate: readonly number[], isFirst: boolean): boolean {
    const key = candidate.join();
    if (this.isOver || this.#tried.has(key)) return false;
    this.#tried.add(key);
    this.tries++;
    const verdict = this.#fails(candidate);
    if (verdict === false) return false;
    const used = verdict === true ? candidate : withoutTail(verdict);
    const cost = [
      verdict === true ? candidate.length : verdict.length,
      used.filter((index) => index > 0).length,
      sum(used),
    ];
    if (!isFirst && !isSmaller(cost, this.#cost)) return false;
    this.#best = used;
    this.#cost = cost;
    this.improvements++;
    return true;
  }
}

/** The decisions after the failure's cause are often beside the point. */
function cutTail(search: Search): void {
  for (let keep = 0; keep < search.best.length && !search.isOver; ) {
    if (search.try(search.best.slice(0, keep))) return;
    keep += Math.max(1, (search.best.length - keep) >> 1);
  }
}

/** Turns whole blocks into defaults, large blocks first. */
function zeroBlocks(search: Search): void {
  forBlocks(search, (best, from, to) => best.map((index, i) => (i >= from && i < to ? 0 : index)));
}

/** Takes whole blocks out: what happened there was beside the point, and everything behind it moves up. */
function deleteBlocks(search: Search): void {
  forBlocks(search, (best, from, to) => [...best.slice(0, from), ...best.slice(to)]);
}

function forBlocks(search: Search, edit: (best: readonly number[], from: number, to: number) => number[]): void {
  for (let size = search.best.length; size >= 1 && !search.isOver; size >>= 1) {
    for (let from = 0; from < search.best.length && !search.isOver; ) {
      if (!search.try(edit(search.best, from, from + size))) from += size;
      else if (search.best[from] === 0) from++;
    }
  }
}

/** Another option at one place: mostly a lower one, but the one that leads straight to the failure may be higher. */
function changeValues(search: Search): void {
  const highest = Math.max(0, ...search.best);
  for (let i = 0; i < search.best.length && !search.isOver; i++) {
    for (let value = 0; value <= highest; value++) {
      if (value !== search.best[i]) search.try(search.best.with(i, value));
      if (i >= search.best.length) return;
    }
  }
}

/** Takes one decision out and another one elsewhere along with it: neither may be possible alone. */
function moveDecisions(search: Search): void {
  for (let i = 0; i < search.best.length && !search.isOver; i++) {
    for (let j = i + 1; j < search.best.length && !search.isOver; j++) {
      const shorter = search.best.filter((_, place) => place !== i && place !== j);
      const value = search.best[j] ?? 0;
      if (
        search.try(shorter) ||
        search.try(
          search.best
            .toSpliced(j, 1)
            .toSpliced(i, 0, value)
            .with(i + 1, 0),
        )
      )
        break;
      if (value > 0 && search.try(search.best.toSpliced(i, 1).with(j - 1, value - 1))) break;
    }
  }
}

/** Missing decisions are defaults, so zeros at the end say nothing. */
function withoutTail(indices: readonly number[]): readonly number[] {
  return indices.slice(0, indices.findLastIndex((index) => index !== 0) + 1);
}

function isSmaller(cost: readonly number[], than: readonly number[]): boolean {
  const place = cost.findIndex((value, i) => value !== than[i]);
  return place >= 0 && (cost[place] ?? 0) < (than[place] ?? 0);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
