import { describe, expect, it } from 'vitest';
import { PermissionDeniedError } from '../../../src/errors/index.ts';
import {
  BUILT_IN_CAPABILITIES,
  createCapabilityRegistry,
  createPermissionChecker,
} from '../../../src/host/permissions/index.ts';
import { createRecordingLogger } from '../../../src/ports/index.ts';
import type { Denial } from '../../../src/ports/index.ts';

describe('createCapabilityRegistry (B4)', () => {
  it('has the 2 built-in capabilities, which are not sensitive', () => {
    const registry = createCapabilityRegistry();

    expect(registry.list().map(({ name }) => name)).toEqual(BUILT_IN_CAPABILITIES.map(({ name }) => name));
    expect(registry.list().map(({ isSensitive }) => isSensitive)).toEqual([false, false]);
  });

  it('lets the first of 2 registrations of a name stay', () => {
    const registry = createCapabilityRegistry();

    expect(registry.register({ name: 'posts.write', description: 'first' })).toBe(true);
    expect(registry.register({ name: 'posts.write', description: 'second', isSensitive: false })).toBe(false);
    expect(registry.get('posts.write')).toEqual({ name: 'posts.write', description: 'first', isSensitive: true });
  });

  it('takes a built-in one from nobody', () => {
    const registry = createCapabilityRegistry([{ name: 'kv.read', description: 'mine', isSensitive: true }]);

    expect(registry.isSensitive('kv.read')).toBe(false);
  });

  it('counts what is not registered as sensitive', () => {
    expect(createCapabilityRegistry().isSensitive('nothing')).toBe(true);
  });

  it('keeps a copy that 1 change from outside does not reach', () => {
    const given = { name: 'posts.write', description: 'first', isSensitive: true };
    const registry = createCapabilityRegistry([given]);
    given.isSensitive = false;

    expect(registry.isSensitive('posts.write')).toBe(true);
    expect(() => Object.assign(registry.get('posts.write') ?? {}, { isSensitive: false })).toThrow(TypeError);
  });

  it.each(['', 'a..b', 'a b', 'a.*', 'x'.repeat(257)])('refuses %j as a name', (name) => {
    expect(() => createCapabilityRegistry([{ name, description: '' }])).toThrow('[INVALID_OPTIONS]');
  });

  it('refuses a manifest with CAPABILITY_UNKNOWN that names all 2 it does not have, sorted (G-20)', () => {
    const manifest = { name: 'shop', permissions: { capabilities: ['z.last', 'kv.read', 'audit.emit', 'z.last'] } };

    expect(() => createCapabilityRegistry().requireKnown(manifest)).toThrow(
      expect.objectContaining({
        code: 'CAPABILITY_UNKNOWN',
        rawMessage: 'plugin "shop" asks for "audit.emit", "z.last", which this host does not have',
        details: { plugin: 'shop', capabilities: ['audit.emit', 'z.last'] },
      }),
    );
  });

  it('accepts a manifest whose 1 capability it has', () => {
    const manifest = { name: 'shop', permissions: { capabilities: ['kv.read'] } };

    expect(() => createCapabilityRegistry().requireKnown(manifest)).not.toThrow();
  });
});

describe('createPermissionChecker (B4)', () => {
  it('allows what is registered and granted', () => {
    const { checker, denials } = checkerWith({ shop: ['capability:kv.read', 'events.emit:order.*'] });

    expect(checker.allowed('shop', 'capability:kv.read')).toBe(true);
    expect(() => checker.require('shop', 'events.emit:order.paid')).not.toThrow();
    expect([checker.denied, denials]).toEqual([0, []]);
  });

  it('denies what is granted and not registered', () => {
    const { checker } = checkerWith({ shop: ['capability:posts.write'] });

    expect(checker.allowed('shop', 'capability:posts.write')).toBe(false);
  });

  it.each([
    ['no grants', 'shop'],
    ['a plugin that nobody knows', 'ghost'],
  ])('denies everything for %s', (_, plugin) => {
    const { checker } = checkerWith({ shop: [] });

    expect(['capability:kv.read', 'worker', ''].filter((one) => checker.allowed(plugin, one))).toEqual([]);
  });

  it('throws a PermissionDeniedError that names both, counts it and tells it once', () => {
    const { checker, denials } = checkerWith({ shop: [] });

    expect(() => checker.require('shop', 'capability:kv.read')).toThrow(PermissionDeniedError);
    expect(() => checker.require('shop', 'capability:kv.read')).toThrow(
      expect.objectContaining({ code: 'PERMISSION_DENIED', plugin: 'shop', permission: 'capability:kv.read' }),
    );
    expect(checker.denied).toBe(2);
    expect(denials).toEqual(Array(2).fill({ plugin: 'shop', permission: 'capability:kv.read' }));
  });

  it('counts and tells nothing for a question', () => {
    const { checker, denials } = checkerWith({});
    checker.allowed('shop', 'worker');

    expect([checker.denied, denials]).toEqual([0, []]);
  });

  it('stays a denial when the audit throws, and logs that once', () => {
    const log = createRecordingLogger();
    const checker = createPermissionChecker({
      registry: createCapabilityRegistry(),
      grantsOf: () => [],
      log,
      denials: () => {
        throw new TypeError('disk full');
      },
    });

    expect(() => checker.require('shop', 'worker')).toThrow(PermissionDeniedError);
    expect(log.entries.map(({ level, message }) => [level, message])).toEqual([
      ['error', 'a denial was not told: disk full'],
    ]);
  });

  it('works without anybody who hears of denials', () => {
    const checker = createPermissionChecker({ registry: createCapabilityRegistry(), grantsOf: () => [] });

    expect(() => checker.require('shop', 'worker')).toThrow(
      '[PERMISSION_DENIED] plugin "shop" lacks the permission worker',
    );
  });

  it('sees a grant that is taken away between 2 questions', () => {
    const grants: Record<string, readonly string[]> = { shop: ['worker'] };
    const { checker } = checkerWith(grants);
    const before = checker.allowed('shop', 'worker');
    grants['shop'] = [];

    expect([before, checker.allowed('shop', 'worker')]).toEqual([true, false]);
  });
});

// Helpers

function checkerWith(grants: Readonly<Record<string, readonly string[]>>): {
  readonly checker: ReturnType<typeof createPermissionChecker>;
  readonly denials: Denial[];
} {
  const denials: Denial[] = [];
  const checker = createPermissionChecker({
    registry: createCapabilityRegistry(),
    grantsOf: (plugin) => grants[plugin],
    denials: (denial) => denials.push(denial),
  });
  return { checker, denials };
}
