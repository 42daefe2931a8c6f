import { describe, expect, it } from 'vitest';
import { checkManifest } from '../../src/host/manifest/index.ts';
import {
  coversPermission,
  decideConsent,
  diffPermissions,
  isSensitive,
  parsePermission,
  permissionsOf,
} from '../../src/policy/index.ts';

describe('permissionsOf', () => {
  it('has all 12 kinds of a manifest, sorted, each text once', () => {
    const manifest = parsed({
      kinds: ['events'],
      permissions: {
        events: { emit: ['order.*', 'order.*'], subscribe: ['stock.**'] },
        net: ['example.org:443'],
        fs: { read: ['data'], write: ['/var/shop'] },
        env: ['SHOP_*'],
        secrets: ['token'],
        capabilities: ['kv.read'],
        services: ['mail'],
        childProcess: true,
        worker: true,
        addons: true,
      },
      requires: [{ service: 'mail' }, { service: 'bank' }],
    });

    expect(permissionsOf(manifest)).toEqual([
      'addons',
      'capability:kv.read',
      'childProcess',
      'env:SHOP_*',
      'events.emit:order.*',
      'events.subscribe:stock.**',
      'fs.read:data',
      'fs.write:/var/shop',
      'net:example.org:443',
      'secret:token',
      'service:bank',
      'service:mail',
      'worker',
    ]);
  });

  it('is empty for a manifest without any', () => {
    expect(permissionsOf(parsed({}))).toEqual([]);
  });

  it('takes the 2 short forms of events for permissions', () => {
    const manifest = parsed({ kinds: ['events'], events: { subscribe: ['a.*'], emit: ['b.c'] } });

    expect(permissionsOf(manifest)).toEqual(['events.emit:b.c', 'events.subscribe:a.*']);
  });
});

describe('coversPermission', () => {
  it.each<[string, string]>([
    ['events.emit:order.*', 'events.emit:order.paid'],
    ['events.emit:order.**', 'events.emit:order.*'],
    ['events.emit:*', 'events.emit:**'],
    ['events.subscribe:*.**', 'events.subscribe:order.**'],
    ['net:*', 'net:example.org:443'],
    ['net:Example.org', 'net:example.ORG:443'],
    ['net:[::1]', 'net:[::1]:80'],
    ['fs.read:/data', 'fs.read:/data/a/../b'],
    ['fs.read:/', 'fs.read:/a..b'],
    ['fs.read:.', 'fs.read:./data'],
    ['fs.write:data/', 'fs.write:data/x'],
    ['fs.read:..', 'fs.read:../x'],
    ['env:SHOP_*', 'env:SHOP_KEY'],
    ['env:*', 'env:PATH'],
    ['worker', 'worker'],
    ['capability:x', 'capability:x'],
  ])('lets %s cover %s', (outer, inner) => {
    expect(coversPermission(['net:other', outer], inner)).toBe(true);
  });

  it.each<[string, string]>([
    ['events.emit:order.*', 'events.emit:order.a.b'],
    ['events.emit:order.*', 'events.emit:order.**'],
    ['events.emit:order.*', 'events.subscribe:order.paid'],
    ['events.emit:order.paid', 'events.emit:order.*'],
    ['events.emit:order.**', 'events.emit:*'],
    ['events.emit:a.*.**', 'events.emit:a.**'],
    ['events.emit:order.**', 'events.emit:order'],
    ['net:example.org:443', 'net:example.org'],
    ['net:example.org:443', 'net:example.org:80'],
    ['net:example.org', 'net:evil.example.org'],
    ['net:::1', 'net:::1:80'],
    ['fs.read:/data', 'fs.read:/database'],
    ['fs.read:/data', 'fs.read:/data/../etc'],
    ['fs.read:.', 'fs.read:/data'],
    ['fs.read:.', 'fs.read:../x'],
    ['fs.read:data', 'fs.read:data/../../x'],
    ['fs.read:..', 'fs.read:../..'],
    ['fs.read:/data', 'fs.write:/data'],
    ['env:SHOP', 'env:SHOP_KEY'],
    ['env:SHOP_KEY', 'env:SHOP_*'],
    ['worker', 'addons'],
    ['capability:x.*', 'capability:x.y'],
    ['secret:*', 'secret:token'],
    ['unknown:*', 'unknown:a'],
  ])('does not let %s cover %s', (outer, inner) => {
    expect(coversPermission([outer], inner)).toBe(false);
  });

  it('covers nothing with an empty list', () => {
    expect(coversPermission([], 'worker')).toBe(false);
  });
});

describe('isSensitive', () => {
  it.each([
    'events.emit:*',
    'events.subscribe:**',
    'net:example.org',
    'fs.read:/etc',
    'events.subscribe:*.*',
    'events.subscribe:*.**',
    'events.emit:*.paid',
    'fs.read:../other',
    'fs.read:~/.ssh',
    'fs.read:C:\\data',
    'fs.write:data',
    'env:SHOP_KEY',
    'secret:token',
    'childProcess',
    'addons',
    'capability:posts.write',
    'teleport:moon',
    '',
  ])('asks for consent to %j', (permission) => {
    expect(isSensitive(permission)).toBe(true);
  });

  it.each([
    'events.emit:order.*',
    'events.subscribe:order.**',
    'fs.read:data',
    'fs.read:./a/../b',
    'service:mail',
    'worker',
  ])('asks for none to %j', (permission) => {
    expect(isSensitive(permission)).toBe(false);
  });

  it('asks the registry about a capability', () => {
    expect(isSensitive('capability:kv.read', (name) => name !== 'kv.read')).toBe(false);
  });
});

describe('diffPermissions', () => {
  it.each<[string, readonly string[], readonly string[], readonly string[], readonly string[]]>([
    ['the first list', [], ['worker', 'net:a', 'net:a'], ['net:a', 'worker'], []],
    ['no change', ['net:a', 'worker'], ['worker', 'net:a'], [], []],
    ['a turnover', ['net:a'], ['net:b'], ['net:b'], ['net:a']],
    ['both empty', [], [], [], []],
    ['a right that grows', ['events.emit:order.paid'], ['events.emit:order.*'], ['events.emit:order.*'], []],
    ['a right that shrinks', ['events.emit:order.*'], ['events.emit:order.paid'], [], ['events.emit:order.*']],
    ['the same, written shorter', ['net:*', 'net:a'], ['net:*'], [], []],
  ])('tells %s', (_, before, after, added, removed) => {
    expect(diffPermissions(before, after)).toMatchObject({ added, removed });
  });

  it('names the 1 sensitive permission of 2 that are added', () => {
    expect(diffPermissions([], ['worker', 'net:a']).sensitive).toEqual(['net:a']);
  });
});

describe('decideConsent (G-15)', () => {
  it('waits with all 2 sensitive permissions that are new', () => {
    const decision = decideConsent({ before: ['net:a'], after: ['net:b', 'net:a', 'secret:t', 'worker'], consent: [] });

    expect(decision).toMatchObject({ kind: 'waits', awaiting: ['net:b', 'secret:t'] });
  });

  it('waits with the 1 that the consent does not cover', () => {
    const decision = decideConsent({ before: [], after: ['net:b', 'secret:t'], consent: ['net:*'] });

    expect(decision).toMatchObject({ kind: 'waits', awaiting: ['secret:t'] });
  });

  it('grants what is asked for, and not what was consented to besides', () => {
    const decision = decideConsent({ before: ['net:old'], after: ['worker', 'net:b'], consent: ['net:b', 'addons'] });

    expect(decision).toMatchObject({ kind: 'granted', permissions: ['net:b', 'worker'], consented: ['net:b'] });
  });

  it('grants without consent when nothing sensitive is new', () => {
    const decision = decideConsent({ before: ['net:*'], after: ['net:a', 'worker'], consent: [] });

    expect(decision).toMatchObject({ kind: 'granted', permissions: ['net:a', 'worker'], consented: [] });
  });

  it('grants everything for all', () => {
    const decision = decideConsent({ before: [], after: ['addons', 'teleport'], consent: 'all' });

    expect(decision).toMatchObject({ kind: 'granted', consented: ['addons', 'teleport'] });
  });

  it('takes harmless capabilities without consent', () => {
    const isSensitiveCapability = (name: string): boolean => name !== 'kv.read';
    const after = ['capability:kv.read'];

    expect(decideConsent({ before: [], after, consent: [], isSensitiveCapability }).kind).toBe('granted');
    expect(decideConsent({ before: [], after, consent: [] }).kind).toBe('waits');
  });
});

describe('parsePermission', () => {
  it('splits at the first of 2 colons', () => {
    expect(parsePermission('net:example.org:443')).toEqual({ kind: 'net', target: 'example.org:443' });
    expect(parsePermission('worker')).toEqual({ kind: 'worker', target: '' });
  });
});

// Helpers

function parsed(keys: object): Parameters<typeof permissionsOf>[0] {
  const base = { apiVersion: 'troupe.plugin/v1', name: 'shop', version: '1.0.0', kinds: ['operations'] };
  const text = JSON.stringify({ ...base, run: { command: './shop' }, ...keys });
  const checked = checkManifest(text, 'json', '/');
  if (!('manifest' in checked)) throw new Error(JSON.stringify(checked.problems));
  return checked.manifest;
}
