/**
 * A stream of answers of which only the last counts: each is made when the reader comes for it, so that a reader that
 * does not come makes nothing pile up. It is read by iterating over it, once.
 */
export class Answers<T> implements AsyncIterableIterator<T, undefined, undefined> {
  readonly #make: () => { readonly answer: T; readonly more: boolean };
  readonly #onReturn: () => void;
  #due = false;
  #over = false;
  #failure: { readonly error: unknown } | undefined;
  #reader: PromiseWithResolvers<IteratorResult<T, undefined>> | undefined;

  /**
   * @param make the answer as of now, and whether there is more to say than it holds
   * @param onReturn called once when the reader goes before the end
   */
  constructor(make: () => { readonly answer: T; readonly more: boolean }, onReturn: () => void) {
    this.#make = make;
    this.#onReturn = onReturn;
  }

  /** There is something to say. */
  poke(): void {
    if (this.#over) return;
    this.#due = true;
    const reader = this.#reader;
    if (reader === undefined) return;
    this.#reader = undefined;
    reader.resolve(this.#take());
  }

  /** Ends the stream after the answer that is due; with an error it fails instead, at once. Idempotent. */
  end(error?: unknown): void {
    if (this.#over) return;
    this.#over = true;
    if (error !== undefined) {
      this.#due = false;
      this.#failure = { error };
    }
    const reader = this.#reader;
    this.#reader = undefined;
    if (reader === undefined) return;
    if (this.#failure === undefined) reader.resolve({ done: true, value: undefined });
    else reader.reject(this.#takeFailure());
  }

  next(): Promise<IteratorResult<T, undefined>> {
    if (this.#due) return Promise.resolve(this.#take());
    // As with generators: the failure is told once.
    if (this.#failure !== undefined) return Promise.reject(this.#takeFailure());
    if (this.#over) return Promise.resolve({ done: true, value: undefined });
    this.#reader ??= Promise.withResolvers<IteratorResult<T, undefined>>();
    return this.#reader.promise;
  }

  return(): Promise<IteratorResult<T, undefined>> {
    const wasOver = this.#over;
    this.#due = false;
    this.#failure = undefined;
    this.end();
    if (!wasOver) this.#onReturn();
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #take(): IteratorYieldResult<T> {
    const { answer, more } = this.#make();
    this.#due = more;
    return { done: false, value: answer };
  }

  #takeFailure(): unknown {
    const failure = this.#failure;
    this.#failure = undefined;
    return failure?.error;
  }
}
