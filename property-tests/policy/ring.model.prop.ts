import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { Ring } from '../../src/policy/index.ts';

/**
 * One call of the ring. `push` pushes that many numbers, so that rings grow; `shift` takes that many out; `insert` puts the
 * number behind the smaller ones at the front.
 */
type Operation =
  | { readonly call: 'push' | 'shift' | 'dropFirst' | 'insert'; readonly count: number }
  | { readonly call: 'peek' | 'clear' };

describe('Ring', () => {
  test.prop([fc.nat(90), fc.array(operation(), { maxLength: 60, size: 'max' })])(
    'behaves like an array with a limit',
    (capacity, operations) => {
      const ring = new Ring<number>(capacity);
      const model = new ArrayModel(capacity);

      for (const operation of operations) {
        expect(apply(operation, ring)).toEqual(apply(operation, model));
        expect(ring.size).toBe(model.size);
      }

      expect(apply({ call: 'shift', count: ring.size }, ring)).toEqual(model.items);
    },
  );
});

// Helpers

function operation(): fc.Arbitrary<Operation> {
  return fc.oneof(
    { weight: 4, arbitrary: fc.record({ call: fc.constant('push' as const), count: fc.nat(30) }) },
    { weight: 3, arbitrary: fc.record({ call: fc.constant('shift' as const), count: fc.nat(25) }) },
    {
      weight: 1,
      arbitrary: fc.record({ call: fc.constant('dropFirst' as const), count: fc.integer({ min: -2, max: 20 }) }),
    },
    { weight: 2, arbitrary: fc.record({ call: fc.constant('insert' as const), count: fc.nat(3_000) }) },
    { weight: 1, arbitrary: fc.constant<Operation>({ call: 'peek' }) },
    { weight: 1, arbitrary: fc.constant<Operation>({ call: 'clear' }) },
  );
}

type Queue = Pick<Ring<number>, 'push' | 'insert' | 'shift' | 'dropFirst' | 'peek' | 'clear'>;

/** What the calls of one operation returned. */
function apply(operation: Operation, queue: Queue): unknown {
  switch (operation.call) {
    case 'push':
      return Array.from({ length: operation.count }, (_, i) => queue.push(operation.count * 100 + i));
    case 'insert':
      return queue.insert(operation.count, (queued) => queued < operation.count);
    case 'shift':
      return Array.from({ length: operation.count }, () => queue.shift());
    case 'dropFirst':
      return queue.dropFirst(operation.count);
    case 'peek':
      return queue.peek();
    case 'clear':
      return queue.clear();
  }
}

class ArrayModel implements Queue {
  items: number[] = [];
  readonly #capacity: number;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get size(): number {
    return this.items.length;
  }

  push(item: number): boolean {
    if (this.items.length === this.#capacity) return false;
    this.items = [...this.items, item];
    return true;
  }

  insert(item: number, goesBefore: (queued: number) => boolean): boolean {
    if (this.items.length === this.#capacity) return false;
    const found = this.items.findIndex((queued) => !goesBefore(queued));
    const at = found < 0 ? this.items.length : found;
    this.items = [...this.items.slice(0, at), item, ...this.items.slice(at)];
    return true;
  }

  shift(): number | undefined {
    return this.items.shift();
  }

  dropFirst(count = 1): number {
    return this.items.splice(0, Math.max(0, count)).length;
  }

  peek(): number | undefined {
    return this.items[0];
  }

  clear(): void {
    this.items = [];
  }
}
