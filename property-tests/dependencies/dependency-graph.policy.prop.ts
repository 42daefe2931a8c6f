import { fc, test } from '@fast-check/vitest';
import { afterAll, describe, expect } from 'vitest';
import { isInRange, isVersionRange } from '../../src/host/dependencies/index.ts';
import { checkManifest } from '../../src/host/manifest/index.ts';
import { dependentsOf, startOrder } from '../../src/policy/index.ts';
import type { Dependent } from '../../src/policy/index.ts';
import { testScale } from '../../test/setup/size.ts';

const NAMES = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];
const seen = new Set<string>();

afterAll(() => {
  if (testScale().runs >= 100) {
    expect([...seen]).toEqual(expect.arrayContaining(['order', 'cycle', 'behind', 'optional edge given up']));
  }
});

describe('startOrder', () => {
  test.prop([graph()])('D2, D3: has each plugin once, behind what it cannot do without', (batch) => {
    const { order, cycles, behindCycles } = startOrder(batch);

    const inCycles = batch.map(({ name }) => name).filter((name) => reaches(batch, name, name));
    expect([...order, ...inCycles, ...behindCycles].sort()).toEqual(batch.map(({ name }) => name).sort());
    for (const [place, name] of order.entries()) {
      for (const other of hardOf(batch, name)) expect(order.indexOf(other)).toBeLessThan(place);
    }
    seen.add(order.length > 1 ? 'order' : '').add(cycles.length > 0 ? 'cycle' : '');
    seen.add(behindCycles.length > 0 ? 'behind' : '');
  });

  test.prop([graph()])('D3: starts behind what it can do without, unless that needs it in turn', (batch) => {
    const { order } = startOrder(batch);

    for (const { name, depends } of batch) {
      for (const { name: other, optional } of depends) {
        if (optional !== true || !order.includes(name) || !order.includes(other)) continue;
        if (reachesInAnyWay(batch, other, name)) seen.add('optional edge given up');
        else expect(order.indexOf(other)).toBeLessThan(order.indexOf(name));
      }
    }
  });

  test.prop([graph()])('D5: tells cycles as paths of names that need each other, one for each group', (batch) => {
    for (const path of startOrder(batch).cycles) {
      expect(path.at(0)).toBe(path.at(-1));
      expect(new Set(path).size).toBe(path.length - 1);
      for (const [index, name] of path.slice(0, -1).entries()) expect(hardOf(batch, name)).toContain(path[index + 1]);
    }
  });

  test.prop([graph(), fc.nat()])('does not depend on the order in which plugins are given', (batch, seed) => {
    const mixed = batch.toSorted((one, other) => mix(one.name, seed) - mix(other.name, seed));

    expect(startOrder(mixed)).toEqual(startOrder(batch));
  });
});

describe('dependentsOf', () => {
  test.prop([graph(), fc.constantFrom(...NAMES)])(
    'D6: has all that cannot do without it, each before what it needs',
    (batch, name) => {
      fc.pre(batch.some((one) => one.name === name));
      const stops = dependentsOf(name, batch);

      const all = batch.map((one) => one.name).filter((one) => one !== name && reaches(batch, one, name));
      expect(stops.toSorted()).toEqual(all.sort());
      for (const one of stops) {
        for (const other of hardOf(batch, one)) {
          if (!stops.includes(other) || reaches(batch, other, one)) continue;
          expect(stops.indexOf(one)).toBeLessThan(stops.indexOf(other));
        }
      }
    },
  );
});

describe('ranges of versions', () => {
  const part = fc.constantFrom('1', '0', '12', 'x', '*');
  const version = fc.tuple(part, part, part).map((parts) => parts.join('.'));
  const comparator = fc
    .tuple(
      fc.constantFrom('', '^', '~', '>=', '<', '=', '>', '<=', '==', '!'),
      version,
      fc.constantFrom('', '-rc.1', '+b', '-'),
    )
    .map((parts) => parts.join(''));
  const range = fc
    .array(fc.oneof(comparator, fc.constantFrom('||', '-', ' - ', '|', ',', '')), { minLength: 1, maxLength: 5 })
    .map((parts) => parts.join(' '));

  const number = fc.constantFrom('0', '1', '12');
  const valid = fc
    .array(fc.tuple(fc.constantFrom('', '^', '~', '>=', '<'), number, number), { minLength: 1, maxLength: 2 })
    .map((all) => all.map(([comparison, major, minor]) => `${comparison}${major}.${minor}.0`).join(' '));

  test.prop([range])('G-18: are taken by the schema exactly when they can be compared with', (text) => {
    const manifest = {
      apiVersion: 'troupe.plugin/v1',
      name: 'shop',
      version: '1.0.0',
      kinds: ['operations'],
      run: { command: './shop' },
      depends: [{ name: 'kv', version: text }],
    };

    expect('manifest' in checkManifest(JSON.stringify(manifest), 'json', '/')).toBe(isVersionRange(text));
    if (!isVersionRange(text)) expect(isInRange('1.0.0', text)).toBe(false);
  });

  test.prop([valid, valid, fc.constantFrom('0.1.0', '1.0.0', '1.12.0', '12.0.0')])(
    'hold for a || b when they hold for a or for b',
    (one, other, text) => {
      expect(isInRange(text, `${one} || ${other}`)).toBe(isInRange(text, one) || isInRange(text, other));
    },
  );
});

// Helpers

function graph(): fc.Arbitrary<Dependent[]> {
  const dependency = fc.record({
    name: fc.constantFrom(...NAMES, 'elsewhere'),
    version: fc.constant('*'),
    optional: fc.boolean(),
  });
  return fc
    .uniqueArray(fc.constantFrom(...NAMES), { maxLength: NAMES.length })
    .chain((names) =>
      fc.tuple(
        ...names.map((name) => fc.record({ name: fc.constant(name), depends: fc.array(dependency, { maxLength: 2 }) })),
      ),
    );
}

function hardOf(batch: readonly Dependent[], name: string): string[] {
  const one = batch.find((other) => other.name === name);
  return (one?.depends ?? [])
    .filter(({ name: other, optional }) => optional !== true && batch.some((found) => found.name === other))
    .map((other) => other.name);
}

/** Whether the way from one to another is made of needs alone, with one step at least. */
function reaches(batch: readonly Dependent[], from: string, to: string): boolean {
  return walk(from, to, (name) => hardOf(batch, name));
}

function reachesInAnyWay(batch: readonly Dependent[], from: string, to: string): boolean {
  return walk(from, to, (name) => batch.find((one) => one.name === name)?.depends.map((one) => one.name) ?? []);
}

function walk(from: string, to: string, next: (name: string) => readonly string[]): boolean {
  const found = new Set(next(from));
  for (const name of found) for (const other of next(name)) found.add(other);
  return found.has(to);
}

function mix(name: string, seed: number): number {
  return (name.charCodeAt(0) * 7919 * (seed + 1)) % 1009;
}
