/**
 * A stream whose call is made when the iteration starts, so that one that nobody reads costs nothing.
 * It can be iterated once; a failure to open comes out of the first `next()`.
 */
export function lazily<T>(open: () => AsyncIterator<T>): AsyncIterableIterator<T, undefined> {
  let source: AsyncIterator<T> | 'over' | undefined;
  const done: IteratorReturnResult<undefined> = { done: true, value: undefined };
  return {
    // Not `async`: one more promise per message is what streams of small messages notice.
    next() {
      if (source === 'over') return Promise.resolve(done);
      if (source === undefined) {
        source = 'over';
        try {
          source = open();
        } catch (error) {
          return Promise.reject(error);
        }
      }
      return source.next();
    },
    async return() {
      const opened = source;
      source = 'over';
      if (opened !== undefined && opened !== 'over') await opened.return?.();
      return done;
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
