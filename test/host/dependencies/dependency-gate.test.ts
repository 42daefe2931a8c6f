import { describe, expect, it } from 'vitest';
import { createDependencyGate } from '../../../src/host/dependencies/index.ts';
import type { DependencyGate } from '../../../src/host/dependencies/index.ts';
import type { LoadedManifest } from '../../../src/host/manifest/index.ts';

describe('createDependencyGate', () => {
  it('gives 3 plugins of a chain out one after the other, each when the one before it runs', async () => {
    const gate = gateOf({ shop: ['kv'], kv: ['disk'], disk: [] });

    const names = [await nameOf(gate)];
    for (const settled of ['disk', 'kv']) {
      const next = nameOf(gate);
      gate.settle(settled, {});
      names.push(await next);
    }

    expect(names).toEqual(['disk', 'kv', 'shop']);
    expect(await nameOf(gate)).toBeUndefined();
  });

  it('gives 2 plugins that need nobody out at once, by name', async () => {
    const gate = gateOf({ beta: [], alpha: [] });

    expect([await nameOf(gate), await nameOf(gate)]).toEqual(['alpha', 'beta']);
  });

  it('fails a plugin with DEPENDENCY_INACTIVE that names the one that has failed', async () => {
    const gate = gateOf({ shop: ['kv'], kv: [] });
    await gate.next();
    gate.settle('kv', undefined);

    expect(() => gate.require(manifestOf('shop', ['kv']).manifest)).toThrow(
      '[DEPENDENCY_INACTIVE] plugin "shop" needs "kv", which is not active',
    );
  });

  it('fails a plugin with DEPENDENCY_MISSING that needs one that is nowhere', () => {
    const gate = gateOf({ shop: ['kv'] });

    expect(() => gate.require(manifestOf('shop', ['kv']).manifest)).toThrow(
      '[DEPENDENCY_MISSING] plugin "shop" needs "kv", which is not there',
    );
  });

  it('fails a plugin with DEPENDENCY_INACTIVE that needs one that was found and is not to be started', () => {
    const found = [manifestOf('shop', ['kv']), manifestOf('kv', [])];
    const gate = createDependencyGate({ found, chosen: found.slice(0, 1), running: () => undefined });

    expect(() => gate.require(manifestOf('shop', ['kv']).manifest)).toThrow('[DEPENDENCY_INACTIVE]');
  });

  it('fails a plugin with DEPENDENCY_INCOMPATIBLE that needs another version than 1.0.0', () => {
    const running = {};
    const gate = gateOf({ kv: [] }, (name) => (name === 'kv' ? running : undefined));
    gate.settle('kv', running);

    expect(() => gate.require(manifestOf('shop', ['kv'], '^2.0.0').manifest)).toThrow(
      '[DEPENDENCY_INCOMPATIBLE] plugin "shop" needs "kv" in a version of ^2.0.0, which has 1.0.0',
    );
  });

  it('takes any version of a plugin that the program has launched itself', () => {
    const gate = gateOf({ shop: ['kv'] }, () => ({}));

    expect(() => gate.require(manifestOf('shop', ['kv'], '^9.0.0').manifest)).not.toThrow();
  });

  it('gives all 3 of a cycle and behind it out, and names the path of the cycle', async () => {
    const gate = gateOf({ a: ['b'], b: ['a'], c: ['a'] });

    const names = [await nameOf(gate), await nameOf(gate), await nameOf(gate), await nameOf(gate)];

    expect(names).toEqual(['a', 'b', 'c', undefined]);
    expect(() => gate.require(manifestOf('b', ['a']).manifest)).toThrow(
      '[DEPENDENCY_CYCLE] plugins need each other: "a" needs "b" needs "a"',
    );
    expect(() => gate.require(manifestOf('c', ['a']).manifest)).toThrow('[DEPENDENCY_INACTIVE]');
  });

  it('goes by name in a cycle of 2 plugins that can do without each other', async () => {
    const optional = (name: string, other: string): LoadedManifest => manifestOf(name, [other], '*', true);
    const chosen = [optional('a', 'b'), optional('b', 'a')];
    const gate = createDependencyGate({ found: chosen, chosen, running: () => undefined });

    const first = await nameOf(gate);
    gate.settle('a', undefined);

    expect([first, await nameOf(gate)]).toEqual(['a', 'b']);
  });
});

// Helpers

async function nameOf(gate: DependencyGate): Promise<string | undefined> {
  return (await gate.next())?.manifest.name;
}

function gateOf(
  graph: Readonly<Record<string, readonly string[]>>,
  running: (name: string) => object | undefined = () => undefined,
): DependencyGate {
  const chosen = Object.entries(graph).map(([name, depends]) => manifestOf(name, depends));
  return createDependencyGate({ found: chosen, chosen, running });
}

function manifestOf(name: string, depends: readonly string[], version = '*', optional = false): LoadedManifest {
  const manifest = { name, version: '1.0.0', depends: depends.map((other) => ({ name: other, version, optional })) };
  return { manifest, file: '', directory: '' } as unknown as LoadedManifest;
}
