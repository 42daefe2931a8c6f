// What makes the choices of a run: which of the things that could happen next does happen.
//
// Invariants:
//   T1. A strategy owns every choice. The same strategy, asked the same questions, gives the same answers.
//   T2. A question has at least two options; where only one thing can happen there is nothing to record.
//   T3. Index 0 is the default: keep running the same, or else the oldest. Shrinking strives for it.

/** One thing that could happen next. */
export interface Choice {
  /** Stable identity of what would move: the same in every run, for example `/a->/b`, `timer:/x`, `port:store.save#2`. */
  readonly key: string;
  readonly kind: 'message' | 'timer' | 'port' | 'internal' | 'fault';
}

/** Makes the choices of one run. */
export interface Chooser {
  /** Name of the strategy behind it, with what is needed to make it again. */
  readonly madeBy: string;
  /** Index of the option that happens. Asked only when there are two or more (T2). */
  choose(options: readonly Choice[]): number;
}

/** A choice that was made. */
export interface Decision {
  /** Which option it was, from 0. */
  readonly index: number;
  /** How many options there were. */
  readonly of: number;
  /** The key of the option. */
  readonly key: string;
}

/** A way to walk through the schedules of a program. */
export interface Strategy {
  readonly name: string;
  /**
   * The chooser of the next schedule; undefined when there is none left.
   *
   * @param run number of the schedule, from 0; seeds are derived from it
   */
  next(run: number): Chooser | undefined;
  /** Told once after each schedule what was decided in it, however it ended. */
  done(record: readonly Decision[]): void;
}
