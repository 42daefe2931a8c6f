import type { RuntimeError } from '../errors/index.ts';

/** What a gate does around one stream. */
export interface StreamGate<R> {
  /** Admits the call and starts it. What it throws is the outcome of the stream as it is; then nothing was entered. */
  enter(): AsyncIterator<R>;
  /** Turns what the stream fails with into the error that its reader should see. Never rejects. */
  explain(reason: unknown): Promise<RuntimeError>;
  /** Called once after `enter` has returned, when the call is over, however it ended. */
  leave(): void;
}

const DONE: IteratorReturnResult<undefined> = { done: true, value: undefined };

/**
 * A stream behind a gate; the call starts with the first `next()`. Written out instead of as an async generator, whose
 * `yield*` costs several promises for each message.
 */
export function gatedStream<R>(gate: StreamGate<R>): AsyncIterableIterator<R, undefined> {
  return new GatedStream(gate);
}

class GatedStream<R> implements AsyncIterableIterator<R, undefined> {
  readonly #gate: StreamGate<R>;
  #source: AsyncIterator<R> | undefined;
  #isOver = false;

  constructor(gate: StreamGate<R>) {
    this.#gate = gate;
  }

  next(): Promise<IteratorResult<R, undefined>> {
    if (this.#isOver) return Promise.resolve(DONE);
    if (this.#source === undefined) {
      try {
        this.#source = this.#gate.enter();
      } catch (refusal) {
        this.#isOver = true;
        return Promise.reject(refusal);
      }
    }
    return this.#source.next().then(this.#pass, this.#fail);
  }

  async return(): Promise<IteratorResult<R, undefined>> {
    const source = this.#isOver ? undefined : this.#source;
    this.#isOver = true;
    if (source === undefined) return DONE;
    try {
      await source.return?.();
      return DONE;
    } catch (reason) {
      throw await this.#gate.explain(reason);
    } finally {
      this.#gate.leave();
    }
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  // Fields, so that a message needs no closure of its own.
  readonly #pass = (result: IteratorResult<R, undefined>): IteratorResult<R, undefined> => {
    if (result.done === true && !this.#isOver) {
      this.#isOver = true;
      this.#gate.leave();
    }
    return result;
  };

  readonly #fail = async (reason: unknown): Promise<never> => {
    // Whoever has ended the stream in the meantime has left the gate.
    const isFirst = !this.#isOver;
    this.#isOver = true;
    try {
      throw await this.#gate.explain(reason);
    } finally {
      if (isFirst) this.#gate.leave();
    }
  };
}
