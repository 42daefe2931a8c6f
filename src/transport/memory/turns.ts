import type { Scheduler } from '../../ports/scheduler.ts';

/** Messages after which others have their turn. */
const MESSAGES_A_TURN = 64;

/**
 * Lets timers and sockets have their turn while messages pass. Two sides in one memory that are always ready would keep the
 * event loop for themselves: no deadline of theirs, and of nobody else, would ever pass.
 */
export class Turns {
  readonly #scheduler: Scheduler | undefined;
  #passed = 0;
  /** The turn that is waited for now. */
  #next: Promise<void> | undefined;

  /** @param scheduler undefined for messages that wait for nothing */
  constructor(scheduler: Scheduler | undefined) {
    this.#scheduler = scheduler;
  }

  /** Counts a message. Returns a promise when whoever sends the next one is to wait for another turn. */
  passed(): Promise<void> | undefined {
    if (this.#scheduler === undefined) return undefined;
    // Nobody overtakes those who wait: calls of one caller begin in the order in which they were made.
    if (this.#next !== undefined) return this.#next;
    this.#passed += 1;
    if (this.#passed < MESSAGES_A_TURN) return undefined;
    this.#passed = 0;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#next = promise;
    this.#scheduler.yield(() => {
      this.#next = undefined;
      resolve();
    });
    return promise;
  }

  /** The same, where the receiver may have no room. */
  after(room: Promise<void> | undefined): Promise<void> | undefined {
    const turn = this.passed();
    return room === undefined || turn === undefined ? (room ?? turn) : turn.then(() => room);
  }
}
