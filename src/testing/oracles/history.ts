import { RuntimeError } from '../../errors/index.ts';

/** One call of an operation. Moments are those of any clock that never goes back, the same for the whole history. */
export interface HistoryEntry {
  /** Who called. A process makes one call after the other. */
  readonly process: string | number;
  readonly operation: string;
  readonly input: unknown;
  /** What the call returned; without meaning while the call is pending. */
  readonly output?: unknown;
  readonly invokedAt: number;
  /** Undefined for a call that did not return: it may have taken effect, or may still do so, or never. */
  readonly returnedAt?: number | undefined;
}

/** How a history is recorded. */
export interface RecordHistoryOptions {
  /** Most calls that are recorded. Default 10,000. */
  readonly limit?: number | undefined;
  /**
   * The output that an error stands for, when the error says for certain what the call did, such as "no such key".
   * Default: a call that fails counts as one that did not return, since it may have taken effect.
   */
  readonly outputOf?: ((error: unknown) => unknown) | undefined;
}

/** Calls, with the moments at which they began and ended on a logical clock. */
export interface HistoryRecorder {
  /** What was recorded so far, in the order of the calls. */
  readonly history: readonly HistoryEntry[];
  /**
   * Makes a call and records it. Passes on what the call gives or throws.
   *
   * @throws RESOURCE_EXHAUSTED when as many calls are recorded as the limit allows
   */
  call<Output>(
    process: string | number,
    operation: string,
    input: unknown,
    run: () => Promise<Output> | Output,
  ): Promise<Output>;
}

const DEFAULT_LIMIT = 10_000;

/** Wraps calls of whatever is tested, so that `checkLinearizable` can judge them. */
export function recordHistory({ limit = DEFAULT_LIMIT, outputOf }: RecordHistoryOptions = {}): HistoryRecorder {
  const history: HistoryEntry[] = [];
  let now = 0;
  return {
    history,
    async call(process, operation, input, run) {
      if (history.length >= limit) {
        throw new RuntimeError('RESOURCE_EXHAUSTED', `the history holds ${limit} calls, which is its limit`);
      }
      const place = history.length;
      const entry: HistoryEntry = { process, operation, input, invokedAt: now++ };
      history.push(entry);
      const settle = (output: unknown): void => void (history[place] = { ...entry, output, returnedAt: now++ });
      try {
        const output = await run();
        settle(output);
        return output;
      } catch (error) {
        const output = outputOf?.(error);
        if (output !== undefined) settle(output);
        throw error;
      }
    },
  };
}
