import { describe, expect, it } from 'vitest';
import { InvalidTransitionError, RuntimeError } from '../../../src/errors/index.ts';
import { bundle } from './fakes.ts';
import { createRig, refusal } from './rig.ts';

const FAILED = new RuntimeError('PROBE_FAILED', 'it does not answer');

describe('install', () => {
  it('leads to installed with row version 2, its permissions sorted and an entry for each step', async () => {
    const rig = createRig();

    const row = await rig.lifecycle.install(bundle({ permissions: { worker: true, services: ['b.B', 'a.A'] } }));

    expect(row).toMatchObject({ state: 'installed', rowVersion: 2, version: '1.0.0', failure: undefined });
    expect(row.permissions).toEqual(['service:a.A', 'service:b.B', 'worker']);
    expect(await rig.events()).toEqual(['plugin.installing', 'plugin.installed']);
  });

  it('is refused with NAME_TAKEN when the plugin is there', async () => {
    const rig = createRig();
    await rig.install();

    const error = await refusal(rig.lifecycle.install(bundle({ version: '1.0.1' })));

    expect([error.code, error.rawMessage]).toEqual(['NAME_TAKEN', 'plugin "kv" is there already, and installed']);
    expect(rig.artifacts.digests).toHaveLength(1);
  });

  it('writes nothing when its files cannot be fetched', async () => {
    const rig = createRig();
    rig.artifacts.fail('stage', new RuntimeError('BUNDLE_INVALID', 'no bundle'));

    const error = await refusal(rig.lifecycle.install(bundle()));

    expect([error.code, await rig.state(), await rig.events()]).toEqual(['BUNDLE_INVALID', 'absent', []]);
  });

  it('parks the plugin in errored when its migration fails, with no entry that says installed', async () => {
    const up = async (): Promise<void> => Promise.reject(new RuntimeError('DATA_LOSS', 'no such table'));
    const rig = createRig({ migrator: { up, down: async () => {} } });

    const error = await refusal(rig.lifecycle.install(bundle()));

    expect(error.code).toBe('DATA_LOSS');
    expect(await rig.store.get('kv')).toMatchObject({
      state: 'errored',
      failure: { code: 'DATA_LOSS', message: 'no such table', phase: 'installing', from: undefined },
    });
    expect(await rig.events()).toEqual(['plugin.installing', 'plugin.errored']);
  });
});

describe('activate', () => {
  it.each(['installed', 'inactive'])('starts one instance of a plugin that is %s', async (state) => {
    const rig = createRig();
    await rig.install({}, state === 'inactive');
    if (state === 'inactive') await rig.lifecycle.deactivate('kv');

    const row = await rig.lifecycle.activate('kv');

    expect([row.state, rig.plugins.live('kv').length]).toEqual(['active', 1]);
    expect(row.activatedAt).toBeDefined();
    expect(rig.plugins.live('kv')[0]?.env['TROUPE_DATA_DIR']).toBe('/data/kv');
  });

  it('is refused for a plugin that is active, and says what would be needed', async () => {
    const rig = createRig();
    await rig.install({}, true);

    const error = await refusal(rig.lifecycle.activate('kv'));

    expect(error).toBeInstanceOf(InvalidTransitionError);
    expect(error).toMatchObject({
      code: 'INVALID_TRANSITION',
      plugin: 'kv',
      operation: 'activate',
      actual: 'active',
      expected: ['installed', 'inactive'],
      rawMessage: 'plugin "kv" is active; activate needs it to be installed or inactive',
    });
    expect(rig.plugins.live('kv')).toHaveLength(1);
  });

  it('is PLUGIN_UNKNOWN for a name that nobody has, and leaves nothing behind', async () => {
    const rig = createRig();

    const error = await refusal(rig.lifecycle.activate('nobody'));

    expect(error.code).toBe('PLUGIN_UNKNOWN');
  });

  it('parks the plugin in errored with phase and origin when it does not start', async () => {
    const rig = createRig();
    await rig.install();
    rig.plugins.script.launchError = FAILED;

    const error = await refusal(rig.lifecycle.activate('kv'));

    expect(error).toBe(FAILED);
    expect(await rig.store.get('kv')).toMatchObject({
      state: 'errored',
      failure: { code: 'PROBE_FAILED', message: 'it does not answer', phase: 'activating', from: 'installed' },
    });
    expect(rig.plugins.live()).toEqual([]);
  });

  it('has 1 winner and 63 refusals among 64 at once, with one live instance and row version 4 (G-01)', async () => {
    const rig = createRig();
    await rig.install();

    const outcomes = await Promise.allSettled(Array.from({ length: 64 }, () => rig.lifecycle.activate('kv')));

    const refused = outcomes.filter((one) => one.status === 'rejected').map((one) => (one.reason as RuntimeError).code);
    expect(refused).toEqual(Array.from({ length: 63 }, () => 'INVALID_TRANSITION'));
    expect([rig.plugins.live('kv').length, rig.plugins.processes.length]).toEqual([1, 1]);
    expect(await rig.store.get('kv')).toMatchObject({ state: 'active', rowVersion: 4 });
  });
});

describe('deactivate', () => {
  it('ends the instance and keeps when it was activated', async () => {
    const rig = createRig();
    await rig.install({}, true);

    const row = await rig.lifecycle.deactivate('kv');

    expect([row.state, rig.plugins.live().length]).toEqual(['inactive', 0]);
    expect(row.activatedAt).toBeDefined();
    expect((await rig.events()).slice(-2)).toEqual(['plugin.deactivating', 'plugin.deactivated']);
  });

  it('is refused for a plugin that is only installed', async () => {
    const rig = createRig();
    await rig.install();

    expect(await refusal(rig.lifecycle.deactivate('kv'))).toMatchObject({
      code: 'INVALID_TRANSITION',
      actual: 'installed',
      expected: ['active'],
    });
  });

  it('parks a plugin in errored whose process does not end', async () => {
    const rig = createRig();
    await rig.install({}, true);
    rig.plugins.script.resists = true;

    const error = await refusal(rig.lifecycle.deactivate('kv'));

    expect([error.code, await rig.state()]).toEqual(['KILL_TIMED_OUT', 'errored']);
  });
});

describe('uninstall', () => {
  it.each(['installed', 'inactive', 'errored', 'quarantined'])('removes a plugin that is %s (G-05)', async (state) => {
    const rig = createRig();
    await rig.install({}, state === 'inactive');
    if (state === 'inactive') await rig.lifecycle.deactivate('kv');
    if (state === 'quarantined') await rig.lifecycle.quarantine('kv', { reason: 'no' });
    if (state === 'errored') {
      rig.plugins.script.launchError = FAILED;
      await refusal(rig.lifecycle.activate('kv'));
    }
    expect(await rig.state()).toBe(state);

    await rig.lifecycle.uninstall('kv');

    expect([await rig.state(), rig.artifacts.digests, await rig.store.tombstones()]).toEqual(['absent', [], []]);
    expect((await rig.events()).at(-1)).toBe('plugin.uninstalled');
    expect([...rig.data.directories]).toEqual(['kv']);
  });

  it('is refused for a plugin that is active', async () => {
    const rig = createRig();
    await rig.install({}, true);

    expect(await refusal(rig.lifecycle.uninstall('kv'))).toMatchObject({
      code: 'INVALID_TRANSITION',
      actual: 'active',
    });
    expect(rig.plugins.live('kv')).toHaveLength(1);
  });

  it('undoes migrations and removes data when that is wanted', async () => {
    const calls: unknown[] = [];
    const down = async ({ from, to }: { from: unknown; to: unknown }): Promise<void> => void calls.push([from, to]);
    const rig = createRig({ migrator: { up: async () => {}, down } });
    await rig.install();

    await rig.lifecycle.uninstall('kv', { removeData: true });

    expect([calls, [...rig.data.directories]]).toEqual([[['1.0.0', undefined]], []]);
  });

  it('leaves a tombstone that lists what stayed when a migration cannot be undone (G-08)', async () => {
    const down = async (): Promise<void> => Promise.reject(new RuntimeError('INTERNAL', 'table kv_data is locked'));
    const rig = createRig({ migrator: { up: async () => {}, down } });
    await rig.install();

    await rig.lifecycle.uninstall('kv', { removeData: true });

    expect(await rig.store.tombstones()).toMatchObject([{ slug: 'kv', left: ['migrations: table kv_data is locked'] }]);
    expect(await rig.state()).toBe('absent');
  });

  it('makes way for another install with another identity', async () => {
    const rig = createRig();
    await rig.install();
    const before = await rig.store.get('kv');
    await rig.lifecycle.uninstall('kv');

    await rig.install();

    expect((await rig.store.get('kv'))?.incarnation).not.toBe(before?.incarnation);
  });
});

describe('reset', () => {
  it('leads from errored to inactive and forgets why', async () => {
    const rig = createRig();
    await rig.install();
    rig.plugins.script.launchError = FAILED;
    await refusal(rig.lifecycle.activate('kv'));

    const row = await rig.lifecycle.reset('kv');

    expect(row).toMatchObject({ state: 'inactive', failure: undefined, errorAt: undefined, trips: [] });
  });

  it('installs again a plugin whose first install failed (G-06)', async () => {
    let failures = 1;
    const up = async (): Promise<void> => {
      if (failures-- > 0) throw new RuntimeError('DATA_LOSS', 'no such table');
    };
    const rig = createRig({ migrator: { up, down: async () => {} } });
    await refusal(rig.lifecycle.install(bundle()));

    const row = await rig.lifecycle.reset('kv');

    expect(row).toMatchObject({ state: 'installed', failure: undefined });
    expect((await rig.events()).slice(-2)).toEqual(['plugin.reset', 'plugin.installed']);
  });

  it('is refused for a plugin that is active', async () => {
    const rig = createRig();
    await rig.install({}, true);

    expect(await refusal(rig.lifecycle.reset('kv'))).toMatchObject({
      actual: 'active',
      expected: ['errored', 'quarantined'],
    });
  });

  it('is PLUGIN_UNKNOWN for a name that nobody has', async () => {
    expect((await refusal(createRig().lifecycle.reset('nobody'))).code).toBe('PLUGIN_UNKNOWN');
  });

  it('is part of a way back: install, failed start, reset, start, with 7 entries in order', async () => {
    const rig = createRig();
    await rig.install();
    rig.plugins.script.launchError = FAILED;
    await refusal(rig.lifecycle.activate('kv'));
    rig.plugins.script.launchError = undefined;
    await rig.lifecycle.reset('kv');

    await rig.lifecycle.activate('kv');

    const entries = await rig.lifecycle.audit('kv');
    expect(entries.map(({ sequence }) => sequence)).toEqual([1, 2, 3, 4, 5, 6, 7]);
    expect(entries.map(({ event }) => event)).toEqual([
      'plugin.installing',
      'plugin.installed',
      'plugin.activating',
      'plugin.errored',
      'plugin.reset',
      'plugin.activating',
      'plugin.activated',
    ]);
  });
});

describe('get and list', () => {
  it('tell row, versions and process, by name', async () => {
    const rig = createRig();
    await rig.install({ name: 'zoo' });
    await rig.install({ name: 'ape' }, true);

    const list = await rig.lifecycle.list();

    expect(list.map(({ row }) => [row.slug, row.state])).toEqual([
      ['ape', 'active'],
      ['zoo', 'installed'],
    ]);
    expect((await rig.lifecycle.get('ape')).process).toMatchObject({ state: 'ready' });
    expect((await refusal(rig.lifecycle.get('bee'))).code).toBe('PLUGIN_UNKNOWN');
  });
});

describe('a plugin that ends for good by itself', () => {
  it('is errored, with the phase active', async () => {
    const rig = createRig();
    await rig.install({}, true);

    rig.plugins.end('kv');
    await rig.pass(100);

    expect(await rig.store.get('kv')).toMatchObject({
      state: 'errored',
      failure: { code: 'PLUGIN_CRASHED', phase: 'active', from: 'active' },
    });
    expect(rig.facts.at(-1)).toMatchObject({ from: 'active', to: 'errored', failure: { code: 'PLUGIN_CRASHED' } });
  });
});
