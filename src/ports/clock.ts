/** A timer that was armed; give it back to `clearTimeout`. */
export interface TimerHandle {
  readonly [key: symbol]: unknown;
}

/** How a timer behaves besides firing. */
export interface TimerOptions {
  /** When true the timer alone does not keep the process alive. Default false. */
  readonly unref?: boolean;
}

/** The only source of time. Also fits the `clock` option of an XState actor. */
export interface Clock {
  /** Wall-clock time in milliseconds since the epoch. May jump. */
  now(): number;
  /** Milliseconds since some fixed instant. Never goes back; use it for durations. */
  monotonic(): number;
  /** Calls back once after `delayMs` (any length; negative counts as 0). Whoever arms a timer clears it. */
  setTimeout(callback: () => void, delayMs: number, options?: TimerOptions): TimerHandle;
  /** Disarms the timer; does nothing when it has fired or was never armed. */
  clearTimeout(handle: TimerHandle | undefined): void;
}
