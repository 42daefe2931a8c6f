const DONE: IteratorReturnResult<undefined> = { done: true, value: undefined };

/** Who is told of what goes through an outbox. */
export interface OutboxReports {
  /** The call asks for more: it has taken what it was given before. */
  onAsked(): void;
  /** So many messages go to the call now. */
  onGiven?(count: number): void;
}

/** How much goes to a call at once. */
export interface PackLimits<T> {
  /** Messages, at most. */
  readonly messages: number;
  /** Size in bytes, from which on no further message is added. */
  readonly bytes: number;
  sizeOf(message: T): number;
}

/** Messages on their way to a call that pulls them; whoever puts them in looks at `size` to keep them few. */
export class Outbox<T> implements AsyncIterableIterator<T, undefined, undefined> {
  readonly #reports: OutboxReports;
  #values: T[] = [];
  #give: ((result: readonly T[] | undefined) => void) | undefined;
  #ended = false;

  constructor(reports: OutboxReports) {
    this.#reports = reports;
  }

  /** Messages that nobody has pulled. */
  get size(): number {
    return this.#values.length;
  }

  /** Whether the call waits for a message. */
  get isWanted(): boolean {
    return this.#give !== undefined;
  }

  put(value: T): void {
    if (this.#ended) return;
    const give = this.#give;
    this.#give = undefined;
    if (give === undefined) {
      this.#values.push(value);
      return;
    }
    this.#reports.onGiven?.(1);
    give([value]);
  }

  /** The call ends its side after the messages that are left. */
  end(): void {
    this.#ended = true;
    this.#give?.(undefined);
    this.#give = undefined;
  }

  next(): Promise<IteratorResult<T, undefined>> {
    this.#reports.onAsked();
    const value = this.#values.shift();
    if (value !== undefined) {
      this.#reports.onGiven?.(1);
      return Promise.resolve({ done: false, value });
    }
    if (this.#ended) return Promise.resolve(DONE);
    return new Promise((resolve) => {
      this.#give = (values) => resolve(values === undefined ? DONE : { done: false, value: values[0] as T });
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

  /** The same messages for a call that takes many at once: those that wait when it asks. */
  packs(limits: PackLimits<T>): AsyncIterableIterator<readonly T[], undefined, undefined> {
    const packs: AsyncIterableIterator<readonly T[], undefined, undefined> = {
      next: () => this.#nextPack(limits),
      return: async () => {
        await this.return();
        return DONE;
      },
      [Symbol.asyncIterator]: () => packs,
    };
    return packs;
  }

  #nextPack(limits: PackLimits<T>): Promise<IteratorResult<readonly T[], undefined>> {
    this.#reports.onAsked();
    if (this.#values.length > 0) {
      const value = this.#shiftPack(limits);
      this.#reports.onGiven?.(value.length);
      return Promise.resolve({ done: false, value });
    }
    if (this.#ended) return Promise.resolve(DONE);
    return new Promise((resolve) => {
      this.#give = (value) => resolve(value === undefined ? DONE : { done: false, value });
    });
  }

  #shiftPack({ messages, bytes, sizeOf }: PackLimits<T>): readonly T[] {
    const values = this.#values;
    let count = 0;
    for (let size = 0; count < values.length && count < messages && size < bytes; count += 1) {
      size += sizeOf(values[count] as T);
    }
    if (count < values.length) return values.splice(0, count);
    this.#values = [];
    return values;
  }
}
