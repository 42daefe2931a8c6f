// Whether calls that overlap could have happened one after the other: the algorithm of Wing and Gong, with the memory of
// Lowe, partition by partition (Herlihy and Wing: a history is linearizable when each of its objects is).
//
// Invariants:
//   W1. An order is accepted only when each call lies between its start and its return, and gives what it gave.
//   W2. A pending call may stand anywhere after its start, or nowhere, with any output.
//   W3. A set of calls that was taken up and the state behind it are looked at once; this bounds the search, and so
//       does `maxStates`.

import { isDeepStrictEqual } from 'node:util';
import type { HistoryEntry } from './history.ts';

/** What a call asks of the model. */
export interface ModelCall {
  readonly operation: string;
  readonly input: unknown;
}

/** What the thing under test does when one call comes after the other. States are never changed, but replaced. */
export interface SequentialModel<State, Call extends ModelCall = ModelCall> {
  readonly initial: State;
  /** What a call does to a state, and gives. */
  apply(state: State, call: Call): { readonly state: State; readonly output: unknown };
  /** Whether two outputs are the same. Default: deep, strict equality. */
  equal?(expected: unknown, actual: unknown): boolean;
  /** The same text for states that behave the same, and for no others. Default: the JSON of the state. */
  hash?(state: State): string;
  /** The object that a call is about, when calls about different objects do not touch each other. */
  partition?(call: Call): string;
}

/** How far the search goes. */
export interface LinearizableOptions {
  /** Most pairs of taken-up calls and state that are looked at. Default 1,000,000. */
  readonly maxStates?: number | undefined;
}

/** What is known about a history. */
export type LinearizableResult =
  | {
      readonly linearizable: true;
      /** One order in which the calls could have happened; pending ones that need not have happened are left out. */
      readonly order: readonly HistoryEntry[];
    }
  | {
      readonly linearizable: false;
      /** True when the search was given up at `maxStates`: the history may be fine. */
      readonly undecided: boolean;
      /** The longest order that fits a part of the calls. */
      readonly longestPrefix: readonly HistoryEntry[];
      /** Why no call fits behind it, for people. */
      readonly explanation: string;
    };

const DEFAULT_MAX_STATES = 1_000_000;

/** Looks for an order in which the calls of a history could have happened one after the other. */
export function checkLinearizable<State, Call extends ModelCall = ModelCall>(
  history: readonly HistoryEntry[],
  model: SequentialModel<State, Call>,
  { maxStates = DEFAULT_MAX_STATES }: LinearizableOptions = {},
): LinearizableResult {
  const budget = { left: maxStates };
  const parts = Map.groupBy(history, (entry) => model.partition?.(entry as HistoryEntry & Call) ?? '');
  const orders: (readonly HistoryEntry[])[] = [];
  for (const [name, part] of parts) {
    const search = new Search(part, model, budget);
    if (!search.run()) return search.explain(name, maxStates);
    orders.push(search.order);
  }
  return { linearizable: true, order: merge(orders) };
}

/** A node of the list of starts and returns, in the order of time. */
interface Moment {
  /** Number of the call. */
  readonly call: number;
  /** The return of a start; undefined at a return, and at the start of a pending call. */
  readonly match: Moment | undefined;
  readonly isStart: boolean;
  before: Moment | undefined;
  after: Moment | undefined;
}

interface Taken<State> {
  readonly start: Moment;
  readonly stateBefore: State;
}

class Search<State, Call extends ModelCall> {
  readonly #entries: readonly HistoryEntry[];
  readonly #model: SequentialModel<State, Call>;
  readonly #budget: { left: number };
  readonly #head: Moment = { call: -1, match: undefined, isStart: false, before: undefined, after: undefined };
  readonly #taken: Taken<State>[] = [];
  readonly #bits: Uint32Array;
  readonly #seen = new Set<string>();
  #longest: readonly HistoryEntry[] = [];
  #longestState: State;
  #unreturned: number;

  constructor(entries: readonly HistoryEntry[], model: SequentialModel<State, Call>, budget: { left: number }) {
    this.#entries = entries;
    this.#model = model;
    this.#budget = budget;
    this.#longestState = model.initial;
    this.#bits = new Uint32Array(Math.ceil(entries.length / 32));
    this.#unreturned = entries.filter(({ returnedAt }) => returnedAt !== undefined).length;
    link(this.#head, entries);
  }

  get order(): readonly HistoryEntry[] {
    return this.#taken.flatMap(({ start }) => this.#entries[start.call] ?? []);
  }

  /** False when there is no order, or when the budget is used up. */
  run(): boolean {
    let state = this.#model.initial;
    let at = this.#head.after;
    while (this.#unreturned > 0) {
      // At a return whose call is not taken up yet, the last call that was taken up has to go elsewhere.
      if (at === undefined || !at.isStart) {
        const last = this.#taken.pop();
        if (last === undefined) return false;
        state = last.stateBefore;
        this.#putBack(last.start);
        at = last.start.after;
        continue;
      }
      const next = this.#step(state, at.call);
      if (next !== undefined && this.#isNew(at.call, next.state)) {
        if (this.#budget.left-- <= 0) return false;
        this.#taken.push({ start: at, stateBefore: state });
        state = next.state;
        this.#take(at, state);
        at = this.#head.after;
      } else {
        at = at.after;
      }
    }
    return true;
  }

  explain(partition: string, maxStates: number): LinearizableResult {
    const undecided = this.#budget.left < 0;
    const where = partition === '' ? '' : ` of "${partition}"`;
    const stands = `${this.#longest.length} of ${this.#entries.length} calls${where} can be put in order`;
    const explanation = undecided
      ? `given up after ${maxStates} states; so far ${stands}`
      : `${stands}; behind them, in state ${printed(this.#longestState)}, ${this.#whyNone()}`;
    return { linearizable: false, undecided, longestPrefix: this.#longest, explanation };
  }

  /** Each call that could come next, and what the model says to it. */
  #whyNone(): string {
    const rest = this.#entries.filter((entry) => !this.#longest.includes(entry));
    const firstReturn = Math.min(...rest.map(({ returnedAt = Number.POSITIVE_INFINITY }) => returnedAt));
    const lines = rest
      .filter(({ invokedAt, returnedAt }) => returnedAt !== undefined && invokedAt <= firstReturn)
      .map((entry) => {
        const { output } = this.#model.apply(this.#longestState, entry as HistoryEntry & Call);
        const call = `${entry.process}: ${entry.operation}(${printed(entry.input)})`;
        return `${call} gave ${printed(entry.output)}, and the model gives ${printed(output)}`;
      });
    return lines.join('; ');
  }

  #step(state: State, call: number): { readonly state: State } | undefined {
    const entry = this.#entries[call];
    if (entry === undefined) return undefined;
    const result = this.#model.apply(state, entry as HistoryEntry & Call);
    if (entry.returnedAt === undefined) return result;
    const isEqual = this.#model.equal?.(result.output, entry.output) ?? isDeepStrictEqual(result.output, entry.output);
    return isEqual ? result : undefined;
  }

  #isNew(call: number, state: State): boolean {
    this.#flip(call);
    const key = `${this.#bits.join()} ${this.#model.hash?.(state) ?? JSON.stringify(state)}`;
    this.#flip(call);
    if (this.#seen.has(key)) return false;
    this.#seen.add(key);
    return true;
  }

  #take(start: Moment, state: State): void {
    this.#flip(start.call);
    unlink(start);
    if (start.match !== undefined) {
      unlink(start.match);
      this.#unreturned--;
    }
    if (this.#taken.length <= this.#longest.length) return;
    this.#longest = this.order;
    this.#longestState = state;
  }

  #putBack(start: Moment): void {
    this.#flip(start.call);
    // In the reverse order of taking out, or else the neighbours would be wrong.
    if (start.match !== undefined) {
      relink(start.match);
      this.#unreturned++;
    }
    relink(start);
  }

  #flip(call: number): void {
    const word = call >>> 5;
    this.#bits[word] = (this.#bits[word] ?? 0) ^ (1 << (call & 31));
  }
}

/** Hangs starts and returns behind the head. At one moment starts come first: calls that touch do overlap. */
function link(head: Moment, entries: readonly HistoryEntry[]): void {
  const moments = entries.flatMap(({ invokedAt, returnedAt }, call) => {
    const end = { call, match: undefined, isStart: false, before: undefined, after: undefined };
    const start = {
      call,
      match: returnedAt === undefined ? undefined : end,
      isStart: true,
      before: undefined,
      after: undefined,
    };
    const starting: [number, Moment] = [invokedAt, start];
    return returnedAt === undefined ? [starting] : [starting, [returnedAt, end] satisfies [number, Moment]];
  });
  moments.sort(([a, one], [b, other]) => a - b || Number(other.isStart) - Number(one.isStart));
  let last = head;
  for (const [, moment] of moments) {
    last.after = moment;
    moment.before = last;
    last = moment;
  }
}

function unlink({ before, after }: Moment): void {
  if (before !== undefined) before.after = after;
  if (after !== undefined) after.before = before;
}

function relink(moment: Moment): void {
  if (moment.before !== undefined) moment.before.after = moment;
  if (moment.after !== undefined) moment.after.before = moment;
}

/** One order from those of the partitions: each call gets the earliest moment that its own order allows (W1). */
function merge(orders: readonly (readonly HistoryEntry[])[]): readonly HistoryEntry[] {
  const placed = orders.flatMap((order) => {
    let moment = Number.NEGATIVE_INFINITY;
    return order.map((entry) => {
      moment = Math.max(moment, entry.invokedAt);
      return { entry, moment };
    });
  });
  return placed.toSorted((a, b) => a.moment - b.moment).map(({ entry }) => entry);
}

function printed(value: unknown): string {
  return JSON.stringify(value) ?? String(value);
}
