import { describe, expect, it } from 'vitest';
import {
  checkDependencies,
  isInRange,
  isVersionRange,
  requireDependencies,
  requireNoDependents,
} from '../../../src/host/dependencies/index.ts';
import { checkManifest } from '../../../src/host/manifest/index.ts';
import { DependencyError } from '../../../src/errors/index.ts';
import type { Dependency, Dependent, InstalledDependency } from '../../../src/policy/index.ts';

describe('checkDependencies (B3.3)', () => {
  it('reports nothing for a plugin that needs nobody', () => {
    expect(checkDependencies(shop(), [])).toEqual({ missing: [], inactive: [], incompatible: [], without: [] });
  });

  it('passes 2 plugins that are active and in their ranges', () => {
    const report = checkDependencies(shop({ name: 'kv' }, { name: 'mail', version: '~2.1.0' }), [
      installed('kv', '0.1.0'),
      installed('mail', '2.1.9'),
    ]);

    expect(report).toEqual({ missing: [], inactive: [], incompatible: [], without: [] });
  });

  it('reports all 3 kinds at once, sorted by name', () => {
    const needs = ['z', 'y', 'x', 'w', 'v', 'u'].map((name) => ({ name, version: '^1.0.0' }));
    const report = checkDependencies(shop(...needs), [
      installed('x', '1.0.0', false),
      installed('w', '1.2.0', false),
      installed('v', '2.0.0'),
      installed('u', '0.9.0'),
    ]);

    expect(report).toEqual({
      missing: ['y', 'z'],
      inactive: ['w', 'x'],
      incompatible: [
        { name: 'u', got: '0.9.0', want: '^1.0.0' },
        { name: 'v', got: '2.0.0', want: '^1.0.0' },
      ],
      without: [],
    });
  });

  it('tells both of a plugin that is inactive and has another version', () => {
    const report = checkDependencies(shop({ name: 'kv', version: '^2.0.0' }), [installed('kv', '1.0.0', false)]);

    expect(report).toMatchObject({ inactive: ['kv'], incompatible: [{ name: 'kv' }] });
  });

  it('never lets 3 optional plugins keep it from running, and says which it does without', () => {
    const needs = ['a', 'b', 'c', 'd'].map((name) => ({ name, version: '^1.0.0', optional: true }));
    const report = checkDependencies(shop(...needs), [
      installed('a', '1.0.0'),
      installed('b', '1.0.0', false),
      installed('c', '2.0.0'),
    ]);

    expect(report).toEqual({ missing: [], inactive: [], incompatible: [], without: ['b', 'c', 'd'] });
  });

  it('counts a range that is none as incompatible', () => {
    const report = checkDependencies(shop({ name: 'kv', version: 'newest' }), [installed('kv', '1.0.0')]);

    expect(report.incompatible).toEqual([{ name: 'kv', got: '1.0.0', want: 'newest' }]);
  });
});

describe('requireDependencies', () => {
  it.each<[string, string, readonly InstalledDependency[]]>([
    [
      'missing before inactive and incompatible',
      'DEPENDENCY_MISSING',
      [installed('b', '1.0.0', false), installed('c', '2.0.0')],
    ],
    [
      'inactive before incompatible',
      'DEPENDENCY_INACTIVE',
      [installed('a', '1.0.0'), installed('b', '1.0.0', false), installed('c', '2.0.0')],
    ],
    [
      'incompatible last',
      'DEPENDENCY_INCOMPATIBLE',
      [installed('a', '1.0.0'), installed('b', '1.0.0'), installed('c', '2.0.0')],
    ],
  ])('throws a DependencyError with 1 code for a report: %s', (_, code, there) => {
    const needs = ['a', 'b', 'c'].map((name) => ({ name, version: '^1.0.0' }));
    const attempt = (): void => requireDependencies(shop(...needs), there);

    expect(attempt).toThrow(DependencyError);
    expect(attempt).toThrow(expect.objectContaining({ code, plugin: 'shop', retryable: false }));
  });

  it('names all 3 problems in its text and has the report in its details', () => {
    const needs = ['a', 'b', 'c'].map((name) => ({ name, version: '^1.0.0' }));
    const there = [installed('b', '1.0.0', false), installed('c', '2.0.0')];

    expect(() => requireDependencies(shop(...needs), there)).toThrow(
      expect.objectContaining({
        rawMessage:
          'plugin "shop" needs "a", which is not there; "b", which is not active; "c" in a version of ^1.0.0, which has 2.0.0',
        details: expect.objectContaining({ report: expect.objectContaining({ missing: ['a'], inactive: ['b'] }) }),
      }),
    );
  });
});

describe('requireNoDependents (G-17)', () => {
  const active: readonly Dependent[] = [
    { name: 'kv', depends: [] },
    { name: 'shop', depends: [{ name: 'kv', version: '*' }] },
    { name: 'cart', depends: [{ name: 'shop', version: '*' }] },
    { name: 'stats', depends: [{ name: 'kv', version: '*', optional: true }] },
  ];

  it('refuses with DEPENDENTS_ACTIVE and names the 1 plugin that needs it directly', () => {
    expect(() => requireNoDependents('kv', active, 'refuse')).toThrow(
      '[DEPENDENTS_ACTIVE] plugin "kv" is needed by "shop"',
    );
  });

  it('gives the 2 plugins that stop first for cascade, those that need others before them', () => {
    expect(requireNoDependents('kv', active, 'cascade')).toEqual(['cart', 'shop']);
  });

  it('gives nobody for ignore, nor for a plugin that only others can do without', () => {
    expect(requireNoDependents('kv', active, 'ignore')).toEqual([]);
    expect(requireNoDependents('cart', active, 'refuse')).toEqual([]);
  });
});

describe('isInRange (row "Semver ranges")', () => {
  it.each<[string, readonly string[], readonly string[]]>([
    ['^1.2.3', ['1.2.3', '1.9.0'], ['1.2.2', '2.0.0', '0.9.0']],
    ['^0.2.3', ['0.2.3', '0.2.9'], ['0.3.0', '0.2.2', '1.0.0']],
    ['^0.0.3', ['0.0.3'], ['0.0.4', '0.1.0']],
    ['~1.2.3', ['1.2.3', '1.2.9'], ['1.3.0', '1.2.2']],
    ['~1', ['1.0.0', '1.9.9'], ['2.0.0']],
    ['>=1.2.0', ['1.2.0', '9.0.0'], ['1.1.9']],
    ['>1.2.0', ['1.2.1'], ['1.2.0']],
    ['<=1.2.0', ['1.2.0', '0.0.1'], ['1.2.1']],
    ['<1.2.0', ['1.1.9'], ['1.2.0']],
    ['=1.2.0', ['1.2.0'], ['1.2.1']],
    ['1.2.0', ['1.2.0', '1.2.0+build.7'], ['1.2.1']],
    ['*', ['0.0.1', '9.9.9', '1.0.0-rc.1'], []],
    ['1.x', ['1.0.0', '1.9.9'], ['2.0.0', '0.9.9']],
    ['>=1.2.0 <1.4.0', ['1.2.0', '1.3.9'], ['1.4.0', '1.1.0']],
    ['^1.0.0 || ^3.0.0', ['1.5.0', '3.1.0'], ['2.0.0', '4.0.0']],
    ['1.2.0 - 1.4.0', ['1.2.0', '1.3.0', '1.4.0'], ['1.4.1', '1.1.9']],
    // Pre-releases (R2).
    ['^1.2.0', ['1.3.0-rc.1'], ['1.2.0-rc.1', '2.0.0-rc.1']],
    ['>=1.3.0-rc.1', ['1.3.0-rc.2', '1.3.0'], ['1.3.0-alpha']],
    ['<2.0.0', ['2.0.0-rc.1'], ['2.0.0']],
    ['<2.0.0-0', ['1.9.9'], ['2.0.0-rc.1']],
  ])('knows for %s what is in it and what is not', (range, inside, outside) => {
    expect(inside.filter((version) => !isInRange(version, range))).toEqual([]);
    expect(outside.filter((version) => isInRange(version, range))).toEqual([]);
  });

  it.each(['', 'newest', '^', '>=', '1.2.3.4', '1 ||| 2', '^1.0.0 and more', 'x'.repeat(257)])(
    'has no version in %j, which is no range',
    (range) => {
      expect([isVersionRange(range), isInRange('1.0.0', range)]).toEqual([false, false]);
    },
  );

  it('has no version for a text that is none', () => {
    expect(isInRange('one', '*')).toBe(false);
  });

  it.each(['^1.0.0 || ^3.0.0', '1.2.0 - 1.4.0', '>=1 <2', '~1.2', 'newest', '^', '1 ||| 2', '=1.2.3 || x'])(
    'agrees with the schema of the manifest about %s (G-18)',
    (range) => {
      const manifest = {
        apiVersion: 'troupe.plugin/v1',
        name: 'shop',
        version: '1.0.0',
        kinds: ['operations'],
        run: { command: './shop' },
        depends: [{ name: 'kv', version: range }],
      };

      expect('manifest' in checkManifest(JSON.stringify(manifest), 'json', '/')).toBe(isVersionRange(range));
    },
  );
});

// Helpers

function shop(...depends: readonly (Omit<Dependency, 'version'> & { readonly version?: string })[]): Dependent {
  return { name: 'shop', depends: depends.map((one) => ({ version: '*', ...one })) };
}

function installed(name: string, version: string, isActive = true): InstalledDependency {
  return { name, version, isActive };
}
