// Back pressure for streams between two threads, as HTTP/2 has it: the receiver says how much it has read, and the sender
// keeps at most a window on its way.
//
// Invariants:
//   W1. A sender that waits when it is told to has at most WINDOW_BYTES and one message on their way, their overhead
//       included.
//   W2. A receiver never holds more than that beyond its queue: who sends on regardless is cut off.

import { createAsyncQueue } from '../async-queue.ts';
import type { AsyncQueue } from '../async-queue.ts';

/** Bytes of one stream that are on their way, in one direction: 256 KiB. */
export const WINDOW_BYTES = 256 * 1024;
/** What a message counts besides its bytes, so that at most 512 small ones are on their way. */
const OVERHEAD_BYTES = 512;
/** Read bytes are told in portions: one for each message would cost as much as the message. */
const PORTION_BYTES = WINDOW_BYTES / 4;

/** The sender's side. */
export class SendWindow {
  #onTheWay = 0;
  #room: PromiseWithResolvers<void> | undefined;

  /** Counts a message that was sent. Returns undefined when there is room for more, else a promise for it. */
  sent(bytes: number): Promise<void> | undefined {
    this.#onTheWay += bytes + OVERHEAD_BYTES;
    if (this.#onTheWay < WINDOW_BYTES) return undefined;
    // A call that ends while full gets no credit any more: its pump is stopped instead.
    this.#room ??= Promise.withResolvers<void>();
    return this.#room.promise;
  }

  /** The receiver has read as much. */
  credit(bytes: number): void {
    this.#onTheWay -= bytes;
    if (this.#onTheWay >= WINDOW_BYTES) return;
    this.#room?.resolve();
    this.#room = undefined;
  }
}

/** Where received messages wait. */
export interface ReceiveOptions {
  /** Tells the sender how much was read. */
  readonly credit: (bytes: number) => void;
  /** Called once when the reader ends its iteration early. */
  readonly onReturn?: (() => void) | undefined;
}

/** The receiver's side. */
export class ReceiveWindow<T> {
  readonly queue: AsyncQueue<T>;
  readonly #credit: (bytes: number) => void;
  #held = 0;
  #read = 0;

  constructor({ credit, onReturn }: ReceiveOptions) {
    this.queue = createAsyncQueue<T>({ onReturn });
    this.#credit = credit;
  }

  /** Takes a message. False when the sender had no right to send it (W2). */
  receive(message: T, bytes: number): boolean {
    if (this.#held >= WINDOW_BYTES) return false;
    const cost = bytes + OVERHEAD_BYTES;
    this.#held += cost;
    const room = this.queue.put(message);
    if (room === undefined) this.#onRead(cost);
    else void room.then(() => this.#onRead(cost));
    return true;
  }

  #onRead(cost: number): void {
    this.#read += cost;
    if (this.#read < PORTION_BYTES) return;
    this.#held -= this.#read;
    this.#credit(this.#read);
    this.#read = 0;
  }
}
