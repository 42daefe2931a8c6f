import { describe, expect, it } from 'vitest';
import { afterRoundTrip } from '../../../src/transport/grpc/end-of-requests.ts';

describe('afterRoundTrip', () => {
  it('asks with 1 PING at a time for 5 calls of a connection, whenever they end', async () => {
    const { call, answers } = connection();
    const over: number[] = [];
    const end = (id: number): void => afterRoundTrip(call, () => void over.push(id));

    end(1);
    for (const id of [2, 3, 4, 5]) end(id);
    expect(answers).toHaveLength(1);
    answers[0]?.();
    await turns();
    // Those that came after the PING was sent wait for the next one.
    expect(over).toEqual([1]);
    expect(answers).toHaveLength(2);
    answers[1]?.();
    await turns();

    expect(over).toEqual([1, 2, 3, 4, 5]);
    expect(answers).toHaveLength(2);
  });

  it('asks again for a call that ends later', async () => {
    const { call, answers } = connection();

    afterRoundTrip(call, () => {});
    answers[0]?.();
    afterRoundTrip(call, () => {});

    expect(answers).toHaveLength(2);
  });

  it.each([
    ['is over', { destroyed: true }],
    ['takes no PING and says so twice', { refuses: true }],
  ])('passes the end on once when the connection %s', async (_, state) => {
    const { call } = connection(state);
    let ends = 0;

    afterRoundTrip(call, () => void (ends += 1));
    await turns();

    expect(ends).toBe(1);
  });

  it('finds the connection below 2 interceptors', () => {
    const { call, answers } = connection();

    afterRoundTrip({ call: { nextCall: { nextCall: call.call } } }, () => {});

    expect(answers).toHaveLength(1);
  });

  it('passes the end on when it does not find the connection', async () => {
    let ends = 0;

    afterRoundTrip({}, () => void (ends += 1));
    await turns();

    expect(ends).toBe(1);
  });
});

// Helpers

function connection({ destroyed = false, refuses = false } = {}) {
  const answers: (() => void)[] = [];
  const session = {
    destroyed,
    ping(answered: () => void): boolean {
      if (refuses) answered();
      else answers.push(answered);
      return !refuses;
    },
  };
  return { answers, call: { call: { stream: { session } } } };
}

async function turns(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
}
