import { fc, test } from '@fast-check/vitest';
import { afterAll, describe, expect } from 'vitest';
import { checkLinearizable } from '../../src/testing/index.ts';
import type { HistoryEntry } from '../../src/testing/index.ts';
import { bruteForce, REGISTER } from '../../test/testing/oracles/models.ts';
import { testScale } from '../../test/setup/size.ts';

/** One call of a sequential run: what it does, and how far it is stretched to both sides. */
interface Drawn {
  readonly operation: 'read' | 'write' | 'exchange';
  readonly value: number;
  readonly expected: number;
  readonly early: number;
  readonly late: number;
  readonly isPending: boolean;
}

const verdicts = new Set<boolean>();

afterAll(() => {
  if (testScale().runs >= 100) expect(verdicts).toEqual(new Set([false, true]));
});

describe('checkLinearizable', () => {
  test.prop([fc.array(drawn(), { maxLength: 40, size: 'max' })])(
    'W1: accepts each sequential run whose calls are stretched over others',
    (calls) => {
      const history = stretch(calls);

      const result = checkLinearizable(history, REGISTER);

      expect(result).toMatchObject({ linearizable: true });
      if (result.linearizable) expectValid(result.order, history);
    },
  );

  test.prop([fc.array(drawn(), { minLength: 1, maxLength: 30, size: 'max' }), fc.nat()])(
    'W1: refuses a run in which one read gives what was never written',
    (calls, place) => {
      const history = stretch(calls);
      const read: HistoryEntry = {
        process: 'x',
        operation: 'read',
        input: undefined,
        output: 99,
        invokedAt: 0,
        returnedAt: 1e6,
      };

      const result = checkLinearizable(history.toSpliced(place % calls.length, 0, read), REGISTER);

      expect(result).toMatchObject({ linearizable: false, undecided: false });
    },
  );

  test.prop([fc.array(fc.tuple(drawn(), fc.nat(2), fc.boolean()), { maxLength: 6 })])(
    'W1, W2: agrees with trying every order of up to 6 calls with outputs at random',
    (calls) => {
      const history = stretch(calls.map(([one]) => one)).map((entry, i): HistoryEntry => {
        const [, value, verdict] = calls[i] ?? [];
        if (entry.operation === 'write') return entry;
        return { ...entry, output: entry.operation === 'read' ? value : verdict };
      });

      const expected = bruteForce(history, REGISTER);

      verdicts.add(expected);
      expect(checkLinearizable(history, REGISTER).linearizable).toBe(expected);
    },
  );
});

// Helpers

function drawn(): fc.Arbitrary<Drawn> {
  return fc.record({
    operation: fc.constantFrom('read', 'write', 'exchange'),
    value: fc.nat(2),
    expected: fc.nat(2),
    early: fc.nat(25),
    late: fc.nat(25),
    isPending: fc.boolean(),
  });
}

/** Runs the calls one after the other, each at its own moment, then moves starts back and returns forth. */
function stretch(calls: readonly Drawn[]): readonly HistoryEntry[] {
  let state = REGISTER.initial;
  return calls.map(({ operation, value, expected, early, late, isPending }, i) => {
    const input = operation === 'read' ? undefined : operation === 'write' ? value : [expected, value];
    const result = REGISTER.apply(state, { operation, input });
    state = result.state;
    const at = (i + 1) * 10;
    const returnedAt = isPending && i % 4 === 0 ? undefined : at + 1 + late;
    const output = returnedAt === undefined ? undefined : result.output;
    return { process: i, operation, input, output, invokedAt: at - early, returnedAt };
  });
}

/** The order holds every call that returned, breaks no time, and fits the model. */
function expectValid(order: readonly HistoryEntry[], history: readonly HistoryEntry[]): void {
  expect(order).toEqual(expect.arrayContaining(history.filter(({ returnedAt }) => returnedAt !== undefined)));
  let state = REGISTER.initial;
  for (const [i, entry] of order.entries()) {
    const result = REGISTER.apply(state, entry);
    state = result.state;
    if (entry.returnedAt !== undefined) expect(result.output).toEqual(entry.output);
    expect(order.slice(i).every(({ returnedAt = Number.POSITIVE_INFINITY }) => returnedAt >= entry.invokedAt)).toBe(
      true,
    );
  }
}
