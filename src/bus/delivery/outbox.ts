const DONE: IteratorReturnResult<undefined> = { done: true, value: undefined };

/** Messages on their way to a call that pulls them; whoever puts them in looks at `size` to keep them few. */
export class Outbox<T> implements AsyncIterableIterator<T, undefined, undefined> {
  readonly #onPulled: () => void;
  #values: T[] = [];
  #waiting: ((result: IteratorResult<T, undefined>) => void) | undefined;
  #ended = false;

  /** @param onPulled called each time the call asks for a message: it has taken the one before */
  constructor(onPulled: () => void) {
    this.#onPulled = onPulled;
  }

  /** Messages that nobody has pulled. */
  get size(): number {
    return this.#values.length;
  }

  /** Whether the call waits for a message. */
  get isWanted(): boolean {
    return this.#waiting !== undefined;
  }

  put(value: T): void {
    if (this.#ended) return;
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (waiting === undefined) this.#values.push(value);
    else waiting({ done: false, value });
  }

  /** The call ends its side after the messages that are left. */
  end(): void {
    this.#ended = true;
    this.#waiting?.(DONE);
    this.#waiting = undefined;
  }

  next(): Promise<IteratorResult<T, undefined>> {
    this.#onPulled();
    const value = this.#values.shift();
    if (value !== undefined) return Promise.resolve({ done: false, value });
    if (this.#ended) return Promise.resolve(DONE);
    return new Promise((resolve) => {
      this.#waiting = resolve;
    });
  }

  return(): Promise<IteratorResult<T, undefined>> {
    this.#values = [];
    this.end();
    return Promise.resolve(DONE);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
