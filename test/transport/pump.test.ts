import { describe, expect, it } from 'vitest';
import { createAsyncQueue } from '../../src/transport/async-queue.ts';
import { pump } from '../../src/transport/pump.ts';

describe('pump', () => {
  it('moves everything and reports the end once', async () => {
    const { target, seen, over } = collect();

    const stop = pump([1, 2, 3], target);

    expect(await over).toBeUndefined();
    expect([seen, stop()]).toEqual([[1, 2, 3], false]);
  });

  it('pulls nothing while the target has no room', async () => {
    const queue = createAsyncQueue<number>({ capacity: 2 });
    let pulled = 0;
    const source = function* () {
      for (;;) yield (pulled += 1);
    };
    const stop = pump(source(), { put: (value) => queue.put(value), done: () => {} });
    for (let turn = 0; turn < 50; turn += 1) await Promise.resolve();

    expect(pulled).toBe(2);
    stop();
  });

  it.each([
    ['its source', [fail], () => undefined],
    ['its target', [() => 1], fail],
  ])('reports what %s throws', async (_who, makers, put) => {
    const { promise, resolve } = Promise.withResolvers<unknown>();
    const source = (async function* () {
      for (const make of makers) yield make();
    })();

    pump(source, { put, done: (failure) => resolve(failure?.error) });

    expect(await promise).toMatchObject({ message: 'broken' });
  });

  it('ends its source when it is stopped, and reports nothing', async () => {
    let ended = false;
    let reported = false;
    const source = (async function* () {
      try {
        for (;;) yield 1;
      } finally {
        ended = true;
      }
    })();
    const first = Promise.withResolvers<void>();
    const stop = pump(source, {
      put: () => {
        first.resolve();
        return new Promise(() => {});
      },
      done: () => {
        reported = true;
      },
    });
    await first.promise;

    expect([stop(), stop()]).toEqual([true, false]);
    await Promise.resolve();
    expect([ended, reported]).toEqual([true, false]);
  });

  it('survives a source that throws while it is ended', () => {
    const source = {
      [Symbol.iterator]: () => ({ next: () => ({ done: false, value: 1 }), return: fail }),
    };

    expect(pump(source, { put: () => new Promise(() => {}), done: () => {} })()).toBe(true);
  });
});

// Helpers

function fail(): never {
  throw new Error('broken');
}

function collect() {
  const seen: number[] = [];
  const { promise: over, resolve } = Promise.withResolvers<unknown>();
  const target = {
    put: (value: number) => void seen.push(value) as undefined,
    done: (failure: { readonly error: unknown } | undefined) => resolve(failure?.error),
  };
  return { target, seen, over };
}
