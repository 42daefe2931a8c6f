// The connection to whatever shows the frames.
//
// The adapter of `@statelyai/inspect` itself sends what it kept again at each connect, tries for ever once it has failed,
// also after `stop`, and does not come back after an orderly close.
//
// Invariants:
//   K1. What could not be sent is kept up to a bound, the newest of it; it is sent once.
//   K2. A lost connection is opened again after a backoff, whoever closed it; after `close` never.
//   K3. While it waits for a connection it does not keep the process alive.

import { backoffDelay, resolveBackoff } from '../../policy/index.ts';
import type { Clock, TimerHandle } from '../../ports/index.ts';

/** Bytes that may wait in the socket; with more of them, frames wait here, and the oldest are dropped. */
const MAX_BUFFERED_BYTES = 4 * 1024 * 1024;
const BACKOFF = resolveBackoff({ initialMs: 250, maxMs: 10_000, jitter: 'none' });

/** How the connection is made. */
export interface StatelySocketOptions {
  readonly url: string;
  readonly clock: Clock;
  /** Frames that wait for a connection. */
  readonly maxWaiting: number;
  /** Called for each connection but the first. */
  readonly onReconnect: () => void;
}

/** Has the form of an adapter of `@statelyai/inspect`. */
export class StatelySocket {
  readonly #options: StatelySocketOptions;
  #socket: WebSocket | undefined;
  #timer: TimerHandle | undefined;
  #waiting: string[] = [];
  #connections = 0;
  #failures = 0;
  #closed = false;
  /** Frames that were not kept. */
  dropped = 0;

  constructor(options: StatelySocketOptions) {
    this.#options = options;
  }

  start(): void {
    if (this.#closed) return;
    const socket = new WebSocket(this.#options.url);
    this.#socket = socket;
    socket.addEventListener('open', () => {
      this.#failures = 0;
      if (++this.#connections > 1) this.#options.onReconnect();
      this.#flush();
    });
    // A failed connection tells both, a lost one only the second.
    socket.addEventListener('error', () => this.#lost(socket));
    socket.addEventListener('close', () => this.#lost(socket));
  }

  stop(): void {
    this.#closed = true;
    this.#options.clock.clearTimeout(this.#timer);
    this.#waiting = [];
    const socket = this.#socket;
    this.#socket = undefined;
    socket?.close();
  }

  /** The package leaves out the parent's root, and names a chart by its machine; both are known from the actor. */
  send(frame: object): void {
    if (this.#closed) return;
    if (this.#waiting.length >= this.#options.maxWaiting) {
      this.#waiting.shift();
      this.dropped++;
    }
    const { sessionId } = frame as { readonly sessionId?: string };
    const isActor = (frame as { readonly type?: string }).type === '@xstate.actor';
    const name = isActor && sessionId !== undefined ? { name: sessionId.replace(/#\d+$/, '') } : {};
    this.#waiting.push(JSON.stringify({ ...frame, ...name }));
    this.#flush();
  }

  #flush(): void {
    const socket = this.#socket;
    if (socket?.readyState !== 1) return;
    let sent = 0;
    for (const text of this.#waiting) {
      if (socket.bufferedAmount > MAX_BUFFERED_BYTES) break;
      socket.send(text);
      sent++;
    }
    this.#waiting.splice(0, sent);
  }

  #lost(socket: WebSocket): void {
    if (this.#socket !== socket) return;
    this.#socket = undefined;
    const delayMs = backoffDelay(BACKOFF, this.#failures++, 0);
    this.#timer = this.#options.clock.setTimeout(() => this.start(), delayMs, { unref: true });
  }
}
