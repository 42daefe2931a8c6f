import type { Messages } from '../ports/service.ts';

/** Where a pump puts messages. */
export interface PumpTarget<T> {
  /** Takes one message. Returns undefined when there is room for more, else a promise for the moment there is. */
  put(message: T): Promise<void> | undefined;
  /** Called once, when the source is exhausted or has failed; never after the pump was stopped. */
  done(failure: { readonly error: unknown } | undefined): void;
}

/**
 * Moves messages from a source to a target, pulling no faster than the target takes them.
 * Returns the function that stops it and ends the source's iteration; it returns false when the pump was over already.
 */
export function pump<T>(source: Messages<T>, target: PumpTarget<T>): () => boolean {
  const iterator = iteratorOf(source);
  let running = true;
  const run = async (): Promise<void> => {
    for (;;) {
      const pulled = iterator.next();
      // A synchronous source costs no turn of the microtask queue; the target's room alone makes it wait.
      const result = 'then' in pulled ? await pulled : pulled;
      if (!running || result.done === true) return;
      const room = target.put(result.value);
      if (room !== undefined) await room;
      // Stopped while waiting for room: `stop` has ended the source already.
      if (!running) return;
    }
  };
  const finish = (failure: { readonly error: unknown } | undefined): void => {
    if (!running) return;
    running = false;
    target.done(failure);
  };
  run().then(
    () => finish(undefined),
    (error: unknown) => {
      if (running) endQuietly(iterator);
      finish({ error });
    },
  );
  return () => {
    if (!running) return false;
    running = false;
    endQuietly(iterator);
    return true;
  };
}

function iteratorOf<T>(source: Messages<T>): AsyncIterator<T> | Iterator<T> {
  return Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : source[Symbol.iterator]();
}

function endQuietly<T>(iterator: AsyncIterator<T> | Iterator<T>): void {
  // The call has its outcome by now: what the source throws while it cleans up has nobody left to go to.
  const ignore = (): void => {};
  try {
    Promise.resolve(iterator.return?.()).catch(ignore);
  } catch {
    // As above, from a synchronous iterator.
  }
}
