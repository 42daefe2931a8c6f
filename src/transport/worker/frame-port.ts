// A message port that carries frames, and now and then a note between the two sides.
//
// Invariants:
//   P1. Frames and notes arrive in the order in which they were sent.
//   P2. Frames of one turn of the event loop go over in one message; none waits for another turn.
//   P3. After `close`, or the end of the other side, nothing is sent and nothing is told. `onClosed` is called once, and
//       not for a `close` by this side.
//   P4. What the other side sends cannot make this side throw: what cannot be read closes the port.

import { MessagePort, receiveMessageOnPort } from 'node:worker_threads';
import type { Transferable } from 'node:worker_threads';
import { FrameBatch, readFrames } from './frames.ts';
import type { FrameKind } from './frames.ts';

/** What a port tells. */
export interface FramePortEvents {
  readonly onFrame: (kind: number, call: number, body: Buffer) => void;
  /** Something other than frames, as it was posted. It may be anything. */
  readonly onNote?: ((note: unknown) => void) | undefined;
  /** The other side has closed, or sent what cannot be read. */
  readonly onClosed: () => void;
}

/** Bytes after which frames are sent before the turn is over. */
const LARGE_BATCH_BYTES = 256 * 1024;

/** One end of a channel between two threads. Whoever makes it closes it. */
export class FramePort {
  readonly #port: MessagePort;
  readonly #events: FramePortEvents;
  readonly #batch = new FrameBatch();
  #isFlushing = false;
  #isOpen = true;

  /** Takes the port over. It keeps its thread alive while it is open, unless it is `unref`ed. */
  constructor(port: MessagePort, events: FramePortEvents) {
    this.#port = port;
    this.#events = events;
    port.on('message', this.#onMessage);
    port.on('close', this.#onClose);
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Sends a frame. The body must not change any more. */
  send(kind: FrameKind, call: number, body?: Uint8Array): void {
    if (!this.#isOpen) return;
    this.#batch.add(kind, call, body);
    if (this.#batch.bytes >= LARGE_BATCH_BYTES) return this.flush();
    if (this.#isFlushing) return;
    this.#isFlushing = true;
    // Queued from a microtask, the tick comes when all microtasks are through: what they send goes along.
    queueMicrotask(() => process.nextTick(this.#flushNow));
  }

  /** Sends a note; what is listed is handed over to the other side. */
  post(note: object, transfer: readonly Transferable[] = []): void {
    if (!this.#isOpen) return;
    this.flush();
    this.#port.postMessage(note, [...transfer]);
  }

  /** Sends what waits now. */
  flush(): void {
    if (!this.#isOpen || this.#batch.bytes === 0) return;
    const piece = this.#batch.take();
    this.#port.postMessage(piece, [piece]);
  }

  /** Lets the thread end although the port is open. */
  unref(): void {
    this.#port.unref();
  }

  /** Takes in what has arrived and was not told yet; for the end of the other thread, which comes by another way. */
  drain(): void {
    while (this.#isOpen) {
      const received = receiveMessageOnPort(this.#port);
      if (received === undefined) return;
      this.#onMessage(received.message);
    }
  }

  /** Sends what waits and closes. Idempotent. */
  close(): void {
    if (!this.#isOpen) return;
    this.flush();
    this.#isOpen = false;
    this.#port.off('message', this.#onMessage);
    this.#port.off('close', this.#onClose);
    this.#port.close();
  }

  readonly #flushNow = (): void => {
    this.#isFlushing = false;
    this.flush();
  };

  readonly #onMessage = (message: unknown): void => {
    if (!this.#isOpen) return;
    try {
      if (message instanceof ArrayBuffer) readFrames(message, this.#events.onFrame);
      else this.#events.onNote?.(message);
    } catch {
      // P4. Handlers of calls throw nowhere near here; what is left is what the other side has sent.
      this.#onClose();
    }
  };

  readonly #onClose = (): void => {
    if (!this.#isOpen) return;
    this.close();
    this.#events.onClosed();
  };
}

/** Whether what somebody sent is a port. */
export function isPort(value: unknown): value is MessagePort {
  return value instanceof MessagePort;
}
