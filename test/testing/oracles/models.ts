// Sequential models and histories for the tests of `checkLinearizable`.

import type { HistoryEntry, ModelCall, SequentialModel } from '../../../src/testing/index.ts';

/** One value that is read, written, or exchanged when it is as expected. */
export const REGISTER: SequentialModel<number> = {
  initial: 0,
  apply(state, { operation, input }: ModelCall) {
    if (operation === 'write') return { state: input as number, output: undefined };
    if (operation === 'read') return { state, output: state };
    const [expected, next] = input as readonly [number, number];
    return expected === state ? { state: next, output: true } : { state, output: false };
  },
};

/** Registers by name; an input is the name, or the name and a value. */
export const REGISTERS: SequentialModel<Readonly<Record<string, number>>> = {
  initial: {},
  apply(state, { operation, input }: ModelCall) {
    const [name, value] = input as readonly [string, number];
    if (operation === 'write') return { state: { ...state, [name]: value }, output: undefined };
    return { state, output: state[name] ?? 0 };
  },
  partition: ({ input }) => (input as readonly [string])[0],
};

/** `p 1-4 write(1) -> undefined` as an entry; without a second moment it is pending. */
export function call(
  process: string,
  [invokedAt, returnedAt]: readonly [number, number?],
  operation: string,
  input?: unknown,
  output?: unknown,
): HistoryEntry {
  return { process, operation, input, output, invokedAt, returnedAt };
}

/** Tries every order of every choice of pending calls: slow, and too simple to be wrong. */
export function bruteForce<State>(history: readonly HistoryEntry[], model: SequentialModel<State>): boolean {
  const search = (state: State, rest: readonly HistoryEntry[]): boolean => {
    if (rest.every(({ returnedAt }) => returnedAt === undefined)) return true;
    return rest.some((entry) => {
      if (rest.some(({ returnedAt }) => returnedAt !== undefined && returnedAt < entry.invokedAt)) return false;
      const result = model.apply(state, entry);
      const fits = entry.returnedAt === undefined || JSON.stringify(result.output) === JSON.stringify(entry.output);
      return (
        fits &&
        search(
          result.state,
          rest.filter((other) => other !== entry),
        )
      );
    });
  };
  return search(model.initial, history);
}
