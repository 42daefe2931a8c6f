// A queue between one producer and one async iteration.
//
// Invariants:
//   Q1. Values come out in the order they went in, each once; the end or the failure comes after the last value.
//   Q2. A producer that waits for what `put` returns keeps at most `capacity` values waiting.
//   Q3. After `return()` or `end()` no value is taken in any more, and nobody is left waiting.

/** Options of a queue. */
export interface AsyncQueueOptions {
  /** How many values may wait before `put` asks the producer to hold. Default 16. */
  readonly capacity?: number;
  /** Called once when the consumer ends its iteration before the queue ended. */
  readonly onReturn?: (() => void) | undefined;
}

/** A queue that is read by iterating over it, once. */
export interface AsyncQueue<T> extends AsyncIterableIterator<T, undefined, undefined> {
  /** Values that wait to be read. */
  readonly size: number;
  /** Adds a value. Returns undefined when there is room for more, else a promise for the moment there is. */
  put(value: T): Promise<void> | undefined;
  /** Ends the iteration after the values that wait; with an error the iteration fails with it. Idempotent. */
  end(error?: unknown): void;
  next(): Promise<IteratorResult<T, undefined>>;
  return(): Promise<IteratorResult<T, undefined>>;
}

interface Waiter<T> {
  resolve(result: IteratorResult<T, undefined>): void;
  reject(reason: unknown): void;
}

const DONE: IteratorReturnResult<undefined> = { done: true, value: undefined };

/** Makes an empty queue. */
export function createAsyncQueue<T>(options: AsyncQueueOptions = {}): AsyncQueue<T> {
  return new BoundedQueue<T>(options.capacity ?? 16, options.onReturn);
}

class BoundedQueue<T> implements AsyncQueue<T> {
  readonly #capacity: number;
  #onReturn: (() => void) | undefined;
  #values: T[] = [];
  // Values are read at an index and the array is cut now and then: shifting each time costs linear time.
  #head = 0;
  readonly #waiting: Waiter<T>[] = [];
  #ended = false;
  #failure: { readonly error: unknown } | undefined;
  #room: { readonly promise: Promise<void>; readonly resolve: () => void } | undefined;

  constructor(capacity: number, onReturn: (() => void) | undefined) {
    this.#capacity = capacity;
    this.#onReturn = onReturn;
  }

  get size(): number {
    return this.#values.length - this.#head;
  }

  put(value: T): Promise<void> | undefined {
    if (this.#ended) return undefined;
    const waiter = this.#waiting.shift();
    if (waiter !== undefined) {
      waiter.resolve({ done: false, value });
      return undefined;
    }
    this.#values.push(value);
    if (this.size < this.#capacity) return undefined;
    this.#room ??= Promise.withResolvers<void>();
    return this.#room.promise;
  }

  end(error?: unknown): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#onReturn = undefined;
    if (error !== undefined) this.#failure = { error };
    this.#wakeProducer();
    // Somebody waits only while no value does.
    const first = this.#waiting.shift();
    if (first !== undefined) this.#finish(first);
    for (const waiter of this.#waiting.splice(0)) waiter.resolve(DONE);
  }

  next(): Promise<IteratorResult<T, undefined>> {
    if (this.size > 0) return Promise.resolve({ done: false, value: this.#take() });
    return new Promise((resolve, reject) => {
      const waiter = { resolve, reject };
      if (this.#ended) this.#finish(waiter);
      else this.#waiting.push(waiter);
    });
  }

  return(): Promise<IteratorResult<T, undefined>> {
    const onReturn = this.#onReturn;
    this.#values = [];
    this.#head = 0;
    this.#failure = undefined;
    this.end();
    onReturn?.();
    return Promise.resolve(DONE);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #take(): T {
    const value = this.#values[this.#head] as T;
    this.#head += 1;
    if (this.#head === this.#values.length) {
      this.#values = [];
      this.#head = 0;
    } else if (this.#head >= 1_024) {
      this.#values.splice(0, this.#head);
      this.#head = 0;
    }
    if (this.size < this.#capacity) this.#wakeProducer();
    return value;
  }

  #wakeProducer(): void {
    this.#room?.resolve();
    this.#room = undefined;
  }

  /** The failure is told once; who asks again hears that it is over, as with generators. */
  #finish(waiter: Waiter<T>): void {
    const failure = this.#failure;
    this.#failure = undefined;
    if (failure === undefined) waiter.resolve(DONE);
    else waiter.reject(failure.error);
  }
}
