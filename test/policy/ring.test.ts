import { describe, expect, it } from 'vitest';
import { Ring } from '../../src/policy/index.ts';

describe('Ring', () => {
  it('gives items back in the order in which they came', () => {
    const ring = ringOf(100, 1, 2, 3);

    expect([ring.shift(), ring.shift(), ring.shift(), ring.shift()]).toEqual([1, 2, 3, undefined]);
  });

  it('refuses item 21 of a ring for 20 and keeps the rest', () => {
    const ring = new Ring<number>(20);

    const taken = Array.from({ length: 21 }, (_, item) => ring.push(item));

    expect(taken.lastIndexOf(true)).toBe(19);
    expect(ring.size).toBe(20);
    expect(drain(ring)).toEqual(Array.from({ length: 20 }, (_, item) => item));
  });

  it('keeps the order when it grows past 16 slots in the middle of a lap', () => {
    const ring = ringOf(100, ...Array.from({ length: 16 }, (_, item) => item));
    for (let item = 16; item < 26; item++) {
      ring.shift();
      ring.push(item);
    }

    for (let item = 26; item < 60; item++) ring.push(item);

    expect(drain(ring)).toEqual(Array.from({ length: 50 }, (_, i) => i + 10));
  });

  it('shows the first item and leaves it there', () => {
    const ring = ringOf(4, 'a', 'b');

    expect([ring.peek(), ring.peek(), ring.size]).toEqual(['a', 'a', 2]);
    expect(new Ring(4).peek()).toBeUndefined();
  });

  it('puts an item behind those at the front that go before it', () => {
    const ring = ringOf(6, 2, 4, 6, 1);

    const taken = [5, 9, 3].map((item) => ring.insert(item, (queued) => queued < item));

    expect(taken).toEqual([true, true, false]);
    expect(drain(ring)).toEqual([2, 4, 5, 6, 1, 9]);
  });

  it('drops no more from the front than there is', () => {
    const ring = ringOf(8, 1, 2, 3, 4, 5);

    expect([ring.dropFirst(), ring.dropFirst(2), ring.peek()]).toEqual([1, 2, 4]);
    expect([ring.dropFirst(9), ring.dropFirst(9), ring.dropFirst(-1)]).toEqual([2, 0, 0]);
  });

  it('is empty after clear and takes its full capacity again', () => {
    const ring = ringOf(3, 1, 2, 3);

    ring.clear();

    expect([ring.size, ring.shift(), ring.push(4), ring.push(5), ring.push(6), ring.push(7)]).toEqual([
      0,
      undefined,
      true,
      true,
      true,
      false,
    ]);
  });

  it('holds nothing at capacity 0', () => {
    expect(new Ring(0).push(1)).toBe(false);
  });
});

// Helpers

function ringOf<T>(capacity: number, ...items: readonly T[]): Ring<T> {
  const ring = new Ring<T>(capacity);
  for (const item of items) ring.push(item);
  return ring;
}

function drain<T>(ring: Ring<T>): (T | undefined)[] {
  return Array.from({ length: ring.size }, () => ring.shift());
}
