/** The only way to run something later without a delay. */
export interface Scheduler {
  /** Runs the callback soon, before timers and I/O. */
  defer(callback: () => void): void;
  /** Runs the callback after pending I/O had a turn. */
  yield(callback: () => void): void;
}
