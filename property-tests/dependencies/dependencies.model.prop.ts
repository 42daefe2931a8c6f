import { fc, test } from '@fast-check/vitest';
import { afterAll, describe, expect } from 'vitest';
import { isInRange, requireDependencies, requireNoDependents } from '../../src/host/dependencies/index.ts';
import { leftBehindBy } from '../../src/policy/index.ts';
import type { Dependency, DependentsPolicy } from '../../src/policy/index.ts';
import { testScale } from '../../test/setup/size.ts';

const NAMES = ['kv', 'mail', 'shop', 'cart'];
const VERSIONS = ['1.0.0', '1.5.0', '2.0.0'];
const seen = new Set<string>();

afterAll(() => {
  if (testScale().runs >= 100) {
    const wanted = [
      'activated',
      'refused to start',
      'stopped',
      'refused to stop',
      'cascaded',
      'updated',
      'refused to update',
    ];
    expect([...seen]).toEqual(expect.arrayContaining(wanted));
  }
});

/** A plugin as the lifecycle has it, and whether somebody has chosen to let it run without what it needs. */
interface Row {
  readonly name: string;
  version: string;
  depends: readonly Dependency[];
  isActive: boolean;
  isDegraded: boolean;
}

type Operation =
  | {
      readonly kind: 'install';
      readonly name: string;
      readonly version: string;
      readonly depends: readonly Dependency[];
    }
  | { readonly kind: 'activate'; readonly name: string }
  | { readonly kind: 'uninstall'; readonly name: string }
  | { readonly kind: 'deactivate'; readonly name: string; readonly policy: DependentsPolicy }
  | { readonly kind: 'update'; readonly name: string; readonly version: string };

/** What is there at the beginning: a chain. */
const INSTALLED: readonly Operation[] = NAMES.map((name, index) => {
  const needs = NAMES.slice(Math.max(0, index - 1), index).map((other) => ({ name: other, version: '^1.0.0' }));
  return { kind: 'install', name, version: '1.0.0', depends: needs };
});

describe('plugins that need each other', () => {
  test.prop([fc.array(operation(), { minLength: 1, maxLength: 60, size: 'max' })])(
    'P15: are never active without what they need, unless a stop was to ignore them',
    (operations) => {
      const rows = new Map<string, Row>();
      for (const one of [...INSTALLED, ...operations]) {
        apply(rows, one);
        for (const row of rows.values()) if (row.isActive && !row.isDegraded) expect(isMet(row, rows)).toBe(true);
      }
    },
  );
});

// Helpers

/** What a lifecycle does with the decisions. */
function apply(rows: Map<string, Row>, one: Operation): void {
  const row = rows.get(one.name);
  if (one.kind === 'install') {
    if (row === undefined) rows.set(one.name, { ...one, isActive: false, isDegraded: false });
    return;
  }
  if (row === undefined) return;
  const active = [...rows.values()].filter(({ isActive }) => isActive);
  if (one.kind === 'activate') {
    if (row.isActive || !passes(() => requireDependencies(row, [...rows.values()])))
      return void seen.add('refused to start');
    row.isActive = true;
    row.isDegraded = false;
    seen.add('activated');
  } else if (one.kind === 'deactivate') {
    if (row.isActive) deactivate(rows, row, one.policy);
  } else if (one.kind === 'uninstall') {
    if (!row.isActive) rows.delete(row.name);
  } else {
    const isFitting =
      !row.isActive || leftBehindBy({ name: row.name, version: one.version }, active, isInRange).length === 0;
    if (isFitting) row.version = one.version;
    seen.add(isFitting ? 'updated' : 'refused to update');
  }
}

function deactivate(rows: Map<string, Row>, row: Row, policy: DependentsPolicy): void {
  const active = [...rows.values()].filter(({ isActive }) => isActive);
  const stopped = passes(() => {
    for (const name of requireNoDependents(row.name, active, policy)) {
      const other = rows.get(name);
      if (other !== undefined) other.isActive = false;
      seen.add('cascaded');
    }
  });
  if (!stopped) return void seen.add('refused to stop');
  row.isActive = false;
  seen.add('stopped');
  if (policy === 'ignore') for (const other of active) if (!isMet(other, rows)) other.isDegraded = true;
}

/** The rule itself, and nothing of how it is kept. */
function isMet({ depends }: Row, rows: ReadonlyMap<string, Row>): boolean {
  return depends.every(({ name, version, optional }) => {
    const other = rows.get(name);
    return optional === true || (other !== undefined && other.isActive && satisfies(other.version, version));
  });
}

/** For the ranges that are used here. */
function satisfies(version: string, range: string): boolean {
  return range === '*' || version.startsWith(range.slice(1, 2));
}

function passes(action: () => void): boolean {
  try {
    action();
    return true;
  } catch {
    return false;
  }
}

function operation(): fc.Arbitrary<Operation> {
  const name = fc.constantFrom(...NAMES);
  const version = fc.constantFrom(...VERSIONS);
  const dependency = fc.record({ name, version: fc.constantFrom('*', '^1.0.0', '^2.0.0'), optional: fc.boolean() });
  const depends = fc.uniqueArray(dependency, { maxLength: 2, selector: (one) => one.name });
  const kind = <K extends string>(...kinds: readonly K[]): fc.Arbitrary<K> => fc.constantFrom(...kinds);
  return fc
    .oneof(
      fc.record({ kind: kind('install' as const), name, version, depends }),
      { weight: 3, arbitrary: fc.record({ kind: kind('activate' as const), name }) },
      fc.record({ kind: kind('uninstall' as const), name }),
      fc.record({
        kind: kind('deactivate' as const),
        name,
        policy: kind<DependentsPolicy>('refuse', 'cascade', 'ignore'),
      }),
      fc.record({ kind: kind('update' as const), name, version }),
    )
    .filter((one) => one.kind !== 'install' || one.depends.every((other) => other.name !== one.name));
}
