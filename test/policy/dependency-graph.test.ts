import { describe, expect, it } from 'vitest';
import { dependentsOf, leftBehindBy, planStop, startOrder } from '../../src/policy/index.ts';
import type { Dependent } from '../../src/policy/index.ts';

describe('startOrder', () => {
  it.each<[string, Graph, readonly string[]]>([
    ['an empty batch', {}, []],
    ['a chain of 3', { c: ['b'], b: ['a'], a: [] }, ['a', 'b', 'c']],
    ['a diamond', { d: ['b', 'c'], c: ['a'], b: ['a'], a: [] }, ['a', 'b', 'c', 'd']],
    ['ties by name', { c: [], a: [], b: [] }, ['a', 'b', 'c']],
    ['what becomes free among what is free', { z: [], a: ['m'], m: [], b: [] }, ['b', 'm', 'a', 'z']],
    ['edges out of the batch', { b: ['nobody'], a: ['elsewhere'] }, ['a', 'b']],
    ['one dependency named twice', { b: ['a', 'a'], a: [] }, ['a', 'b']],
    ['an optional dependency', { a: ['z?'], z: [] }, ['z', 'a']],
    ['a cycle with an optional edge', { a: ['b?'], b: ['a'] }, ['a', 'b']],
    ['a cycle of optional edges only', { b: ['a?'], a: ['b?'] }, ['a', 'b']],
    ['an optional self-edge', { a: ['a?'] }, ['a']],
  ])('orders %s', (_, graph, order) => {
    expect(startOrder(batchOf(graph))).toEqual({ order, cycles: [], behindCycles: [] });
  });

  it('tells a self-cycle as a path of 1', () => {
    expect(startOrder(batchOf({ a: ['a'], b: [] }))).toEqual({ order: ['b'], cycles: [['a', 'a']], behindCycles: [] });
  });

  it('tells a cycle of 3 as a path, each name needing the next, and leaves out what is behind it', () => {
    const { order, cycles, behindCycles } = startOrder(
      batchOf({ free: [], c: ['a'], a: ['b'], b: ['c', 'free'], user: ['c'], last: ['user'] }),
    );

    expect(cycles).toEqual([['a', 'b', 'c', 'a']]);
    expect(order).toEqual(['free']);
    expect(behindCycles).toEqual(['last', 'user']);
  });

  it('tells 2 cycles that lie apart, and the shortest path of each', () => {
    const { cycles } = startOrder(batchOf({ a: ['b', 'c'], b: ['c'], c: ['a'], x: ['y'], y: ['x', 'a'] }));

    expect(cycles).toEqual([
      ['a', 'c', 'a'],
      ['x', 'y', 'x'],
    ]);
  });

  it('takes the first of 2 plugins of one name', () => {
    const batch: Dependent[] = [...batchOf({ b: ['a'], a: [] }), { name: 'b', depends: [{ name: 'b', version: '*' }] }];

    expect(startOrder(batch).order).toEqual(['a', 'b']);
  });

  it('orders a chain of 20,000 without a deep stack', () => {
    const name = (index: number): string => String(index).padStart(5, '0');
    const batch = Array.from({ length: 20_000 }, (_, index) => ({
      name: name(index),
      depends: index === 0 ? [] : [{ name: name(index - 1), version: '*' }],
    }));

    expect(startOrder(batch.toReversed()).order.at(-1)).toBe('19999');
  });
});

describe('dependentsOf', () => {
  it('has everybody who needs it, directly or not, in the order in which they stop', () => {
    const graph = { kv: [], shop: ['kv'], cart: ['shop'], mail: [], all: ['cart', 'mail', 'kv'], stats: ['kv?'] };

    expect(dependentsOf('kv', batchOf(graph))).toEqual(['all', 'cart', 'shop']);
  });

  it('is empty for what nobody needs, and for what is not there', () => {
    expect(dependentsOf('kv', batchOf({ kv: [], shop: ['mail'] }))).toEqual([]);
    expect(dependentsOf('gone', batchOf({ kv: [] }))).toEqual([]);
  });

  it('has each of a cycle once, and not the plugin itself', () => {
    expect(dependentsOf('a', batchOf({ a: ['b'], b: ['a'], c: ['b'] }))).toEqual(['c', 'b']);
  });
});

describe('planStop (G-17)', () => {
  const active = batchOf({ kv: [], shop: ['kv'], cart: ['shop'], stats: ['kv?'] });

  it('refuses with the 1 direct dependent', () => {
    expect(planStop('kv', active, 'refuse')).toEqual({ kind: 'refused', dependents: ['shop'] });
  });

  it('cascades over 2 plugins', () => {
    expect(planStop('kv', active, 'cascade')).toEqual({ kind: 'stop', first: ['cart', 'shop'] });
  });

  it('ignores them, or has none', () => {
    expect(planStop('kv', active, 'ignore')).toEqual({ kind: 'stop', first: [] });
    expect(planStop('cart', active, 'refuse')).toEqual({ kind: 'stop', first: [] });
  });

  it('lets a plugin that needs only itself stop', () => {
    expect(planStop('a', batchOf({ a: ['a'] }), 'refuse')).toEqual({ kind: 'stop', first: [] });
  });
});

describe('leftBehindBy (G-15)', () => {
  it('names the 1 plugin whose range a new version leaves', () => {
    const active: Dependent[] = [
      { name: 'shop', depends: [{ name: 'kv', version: '1' }] },
      { name: 'cart', depends: [{ name: 'kv', version: '2' }] },
      { name: 'stats', depends: [{ name: 'kv', version: '1', optional: true }] },
    ];

    expect(leftBehindBy({ name: 'kv', version: '2' }, active, (version, range) => version === range)).toEqual(['shop']);
  });
});

// Helpers

type Graph = Readonly<Record<string, readonly string[]>>;

/** `x?` is a dependency that can be done without. */
function batchOf(graph: Graph): Dependent[] {
  return Object.entries(graph).map(([name, depends]) => ({
    name,
    depends: depends.map((text) => ({ name: text.replace('?', ''), version: '*', optional: text.endsWith('?') })),
  }));
}
