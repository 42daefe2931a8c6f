// What every side of a comparison is made of, so that the loops around the peers are the same.

/** One thing that is measured, set up and ready. */
export interface Work {
  /** Works for about so long and returns a number in the unit of the metric. */
  run(durationMs: number): Promise<number>;
}

/** What one side can do, by name. Each is set up at its first run. */
export type Works = Readonly<Record<string, () => Work | Promise<Work>>>;

/** Messages that are sent before the sender waits until they are processed: below the default bound of a mailbox. */
export const BURST = 512;

/** Actors in a fan-out. */
export const FAN_OUT = 1_000;

/** Hops of a forward chain. */
export const HOPS = 10_000;

/** Actors that are started, then stopped, at a time. */
export const BATCH_OF_ACTORS = 500;

/** Milliseconds until a question counts as lost; none is. */
export const DEADLINE_MS = 10_000;

/** Questions between two looks at the clock. */
const ASKS = 128;

/** The message of every tell, made anew for each, as a program would. */
export interface Add {
  readonly type: 'add';
  readonly amount: number;
}

/** Opens when as many messages were processed as were sent, so that no side is timed for queueing alone. */
export class Gate {
  total = 0;
  #left = 0;
  #open: (() => void) | undefined = undefined;

  /** Settles when so many messages have been processed from now on. */
  expect(count: number): Promise<void> {
    this.#left = count;
    return new Promise((resolve) => {
      this.#open = resolve;
    });
  }

  /** Called by the receiver, for each message. */
  processed(amount: number): void {
    this.total += amount;
    this.#left -= 1;
    if (this.#left === 0) this.#open?.();
  }
}

/** How many things a second come of rounds that are repeated until the time is over. A round says how many it did. */
export function rateOf(round: () => Promise<number>): Work {
  return {
    async run(durationMs) {
      const startedAt = performance.now();
      let count = 0;
      let now = startedAt;
      while (now < startedAt + durationMs) {
        count += await round();
        now = performance.now();
      }
      return (count / (now - startedAt)) * 1_000;
    },
  };
}

/** Messages a second: sent in bursts, and processed. */
export function tells(gate: Gate, tell: (message: Add) => unknown, burst: number = BURST): Work {
  return rateOf(async () => {
    const done = gate.expect(burst);
    for (let sent = 0; sent < burst; sent += 1) tell({ type: 'add', amount: 1 });
    await done;
    return burst;
  });
}

/** Questions a second, one after the other. */
export function asks(ask: () => Promise<unknown>): Work {
  return rateOf(async () => {
    for (let asked = 0; asked < ASKS; asked += 1) await ask();
    return ASKS;
  });
}

/** Frames that stand on the stack. */
export function framesOnStack(): number {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = Number.POSITIVE_INFINITY;
  const { stack = '' } = new Error('frames');
  Error.stackTraceLimit = stackTraceLimit;
  return stack.split('\n').length - 1;
}
