const DONE: IteratorReturnResult<undefined> = { done: true, value: undefined };

/** Answers of a scripted peer, on their way to the host. */
export class AnswerQueue<T> implements AsyncIterableIterator<T, undefined, undefined> {
  readonly #values: T[] = [];
  #waiting: PromiseWithResolvers<IteratorResult<T, undefined>> | undefined;
  #end: { readonly error: unknown } | undefined;

  put(value: T): void {
    if (this.#end !== undefined) return;
    if (this.#waiting === undefined) this.#values.push(value);
    else this.#waiting.resolve({ done: false, value });
    this.#waiting = undefined;
  }

  /** Ends after what was put; with an error, fails then. */
  end(error?: unknown): void {
    if (this.#end !== undefined) return;
    this.#end = { error };
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (waiting === undefined) return;
    if (error === undefined) waiting.resolve(DONE);
    else waiting.reject(error);
  }

  next(): Promise<IteratorResult<T, undefined>> {
    const value = this.#values.shift();
    if (value !== undefined) return Promise.resolve({ done: false, value });
    if (this.#end?.error !== undefined) return Promise.reject(this.#end.error);
    if (this.#end !== undefined) return Promise.resolve(DONE);
    this.#waiting = Promise.withResolvers();
    return this.#waiting.promise;
  }

  return(): Promise<IteratorResult<T, undefined>> {
    this.end();
    return Promise.resolve(DONE);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
