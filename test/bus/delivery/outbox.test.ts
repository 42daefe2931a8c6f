import { describe, expect, it } from 'vitest';
import { Outbox } from '../../../src/bus/delivery/outbox.ts';

describe('the packs of an outbox', () => {
  it('hold what waits, up to 3 messages or 10 bytes, and one message at least', async () => {
    const { outbox, given } = counting();
    for (const size of [1, 1, 1, 1, 20, 4, 6, 1]) outbox.put('x'.repeat(size));
    outbox.end();
    const sizes: number[][] = [];

    for await (const pack of outbox.packs({ messages: 3, bytes: 10, sizeOf: ({ length }) => length })) {
      sizes.push(pack.map(({ length }) => length));
    }

    expect(sizes).toEqual([[1, 1, 1], [1, 20], [4, 6], [1]]);
    expect(given).toEqual([3, 2, 2, 1]);
  });

  it('come at once to a call that waits, one message each', async () => {
    const { outbox, given } = counting();
    const packs = outbox.packs({ messages: 3, bytes: 10, sizeOf: () => 1 });
    const waiting = packs.next();

    outbox.put('a');
    outbox.put('b');

    expect([await waiting, given, outbox.size]).toEqual([{ done: false, value: ['a'] }, [1], 1]);
  });

  it('end with what is left thrown away when the call returns early', async () => {
    const { outbox } = counting();
    outbox.put('a');
    const packs = outbox.packs({ messages: 3, bytes: 10, sizeOf: () => 1 });

    await packs.return?.();

    expect([outbox.size, await packs.next()]).toEqual([0, { done: true, value: undefined }]);
  });
});

// Helpers

function counting(): { readonly outbox: Outbox<string>; readonly given: number[] } {
  const given: number[] = [];
  return { given, outbox: new Outbox({ onAsked: () => undefined, onGiven: (count) => given.push(count) }) };
}
