import { describe, expect, it } from 'vitest';
import { createAsyncQueue } from '../../src/transport/async-queue.ts';

describe('createAsyncQueue', () => {
  it('gives values in order, to readers that waited and to readers that come later', async () => {
    const queue = createAsyncQueue<number>();
    const waiting = [queue.next(), queue.next()];
    for (const value of [1, 2, 3]) void queue.put(value);

    expect((await Promise.all([...waiting, queue.next()])).map((result) => result.value)).toEqual([1, 2, 3]);
  });

  it('keeps the order of 5,000 values that are read in between', async () => {
    const queue = createAsyncQueue<number>({ capacity: 10_000 });
    const seen: (number | undefined)[] = [];
    for (let value = 0; value < 5_000; value += 1) {
      void queue.put(value);
      if (value % 3 === 0) seen.push((await queue.next()).value);
    }
    queue.end();
    for await (const value of queue) seen.push(value);

    expect(seen).toEqual(Array.from({ length: 5_000 }, (_, index) => index));
  });

  it('asks its producer to wait from the 2nd waiting value of 2 on, until there is room', async () => {
    const queue = createAsyncQueue<number>({ capacity: 2 });
    const first = queue.put(1);
    const second = queue.put(2);
    let hasRoom = false;
    void second?.then(() => {
      hasRoom = true;
    });
    await Promise.resolve();
    expect([first, second, hasRoom]).toEqual([undefined, expect.any(Promise), false]);

    await queue.next();

    await expect(second).resolves.toBeUndefined();
  });

  it('gives the values before a failure, tells the failure once, and is then over', async () => {
    const queue = createAsyncQueue<number>();
    void queue.put(1);
    queue.end(new Error('broken'));

    expect(await queue.next()).toEqual({ done: false, value: 1 });
    await expect(queue.next()).rejects.toThrow('broken');
    expect(await queue.next()).toEqual({ done: true, value: undefined });
  });

  it('tells a failure to the first of two waiting readers, and the end to the other', async () => {
    const queue = createAsyncQueue<number>();
    const readers = Promise.allSettled([queue.next(), queue.next()]);

    queue.end(new Error('broken'));

    expect((await readers).map((result) => result.status)).toEqual(['rejected', 'fulfilled']);
  });

  it('lets go of everybody on return() and takes nothing in any more', async () => {
    let returns = 0;
    const queue = createAsyncQueue<number>({ capacity: 1, onReturn: () => (returns += 1) });
    const room = queue.put(1);

    await queue.return();
    await queue.return();

    await expect(room).resolves.toBeUndefined();
    expect([queue.put(2), queue.size, returns]).toEqual([undefined, 0, 1]);
    expect(await queue.next()).toEqual({ done: true, value: undefined });
  });

  it('does not report a return() after its end', async () => {
    let returns = 0;
    const queue = createAsyncQueue<number>({ onReturn: () => (returns += 1) });
    queue.end();

    await queue.return();

    expect(returns).toBe(0);
  });
});
