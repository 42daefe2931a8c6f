import { describe, expect, it } from 'vitest';
import { RuntimeError } from '../../../src/errors/index.ts';
import type { LifecycleState } from '../../../src/ports/lifecycle-store.ts';
import { bundle } from './fakes.ts';
import { createRig, createWorld, refusal, until } from './rig.ts';
import type { Rig, World } from './rig.ts';

const TTL = 15_000;

describe('boot', () => {
  it('starts what was active, in the order in which plugins need each other (G-04)', async () => {
    const world = createWorld();
    const first = createRig({ world });
    await first.install({ name: 'base' }, true);
    await first.install({ name: 'app', depends: [{ name: 'base' }] }, true);
    await first.install({ name: 'idle' });
    await first.lifecycle.stop();

    const second = createRig({ world });
    const report = await second.lifecycle.boot();

    expect(report).toEqual({ started: ['base', 'app'], recovered: [], failed: [], elsewhere: [] });
    expect(second.plugins.processes.map(({ plugin }) => plugin)).toEqual(['base', 'app']);
  });

  it.each<[LifecycleState, LifecycleState | 'absent', boolean]>([
    ['installing', 'installed', false],
    ['activating', 'inactive', false],
    ['deactivating', 'inactive', false],
    ['updating', 'active', true],
    ['uninstalling', 'absent', false],
    ['pending_uninstall', 'absent', false],
  ])('leads a plugin that was left %s to %s (G-03)', async (state, to, isStarted) => {
    const world = createWorld();
    await leave(world, state);
    const rig = createRig({ world });

    const report = await until(world.environment, rig.lifecycle.boot());

    expect([await rig.state(), report.recovered]).toEqual([to, [{ plugin: 'kv', from: state, to }]]);
    expect(report.started).toEqual(isStarted ? ['kv'] : []);
    expect((await rig.events()).includes('plugin.recovered')).toBe(true);
  });

  it('parks a plugin in errored that does not start, and boots the others', async () => {
    const world = createWorld();
    const first = createRig({ world });
    await first.install({}, true);
    await first.lifecycle.stop();
    const second = createRig({ world });
    second.plugins.script.launchError = new RuntimeError('PROBE_FAILED', 'no answer');

    const report = await second.lifecycle.boot();

    expect(report.failed).toEqual([{ plugin: 'kv', code: 'PROBE_FAILED', message: 'no answer' }]);
    expect(await second.state()).toBe('errored');
  });

  it('leaves to another host what that one runs, and takes it over when that one is gone', async () => {
    const world = createWorld();
    const first = createRig({ world });
    await first.install({}, true);
    const second = createRig({ world });

    expect(await second.lifecycle.boot()).toMatchObject({ started: [], elsewhere: ['kv'] });
    expect((await refusal(second.lifecycle.deactivate('kv'))).code).toBe('PLUGIN_ELSEWHERE');
    await first.die();
    await world.environment.clock.advanceAsync(TTL + 10_000, { turns: 8 });

    expect([second.plugins.live('kv').length, await second.state()]).toEqual([1, 'active']);
  });

  it('takes the leases of former owners that are known to be dead at once', async () => {
    const world = createWorld();
    const first = createRig({ world, owner: 'host-1' });
    await first.install({}, true);
    await first.die();

    const second = createRig({ world, owner: 'host-2', formerOwners: ['host-1'] });
    const report = await second.lifecycle.boot();

    expect(report).toMatchObject({ started: ['kv'], elsewhere: [] });
  });
});

describe('stop', () => {
  it('ends instances, lets go of leases and leaves rows as they are', async () => {
    const rig = createRig();
    await rig.install({}, true);

    await rig.lifecycle.stop();

    expect([rig.plugins.live().length, await rig.state()]).toEqual([0, 'active']);
    expect(await rig.store.acquire('plugin/kv', 'somebody', TTL)).toBeDefined();
    expect((await refusal(rig.lifecycle.activate('kv'))).code).toBe('HOST_STOPPED');
  });

  it('gives up a start that is under way, and undoes it', async () => {
    const rig = createRig();
    await rig.install();
    rig.plugins.script.launchGate = new Promise(() => {});
    const { promise, resolve } = Promise.withResolvers<void>();
    rig.plugins.script.launchGate = promise;
    const start = refusal(rig.lifecycle.activate('kv'));
    await rig.pass(0);

    const stop = rig.lifecycle.stop();
    resolve();
    await stop;

    expect([(await start).code, await rig.state(), rig.plugins.live().length]).toEqual([
      'HOST_STOPPED',
      'installed',
      0,
    ]);
  });
});

describe('a lease', () => {
  it('is renewed for as long as the plugin is active', async () => {
    const rig = createRig();
    await rig.install({}, true);

    await rig.pass(10 * TTL);

    expect([await rig.store.acquire('plugin/kv', 'somebody', TTL), rig.plugins.live('kv').length]).toEqual([
      undefined,
      1,
    ]);
  });

  it('that cannot be renewed ends the instance 12 s after the last renewal, and writes nothing', async () => {
    const rig = createRig();
    await rig.install({}, true);
    const before = await rig.store.get('kv');
    rig.store.failNext({ operation: 'renew', times: 1000 });

    await rig.pass(11_900);
    expect(rig.plugins.live('kv')).toHaveLength(1);
    await rig.pass(200);

    expect([rig.plugins.live('kv').length, await rig.store.get('kv')]).toEqual([0, before]);
  });

  it('that was taken by somebody else ends the instance and leaves the row to them', async () => {
    const rig = createRig({ owner: 'host-1' });
    await rig.install({}, true);
    const lease = await rig.store.acquire('plugin/kv', 'host-1', 1);
    await rig.pass(10);
    await rig.store.acquire('plugin/kv', 'host-2', 60_000);
    const before = await rig.store.get('kv');

    await rig.pass(6_000);

    expect(lease).toBeDefined();
    expect([rig.plugins.live('kv').length, await rig.store.get('kv')]).toEqual([0, before]);
  });
});

describe('a store that never answers', () => {
  it.each(['acquire', 'get', 'versions', 'release', 'renew', 'now', 'list'] as const)(
    'one call of %s holds up an operation for 5 s at most',
    async (operation) => {
      const rig = createRig();
      await rig.install({}, true);
      await rig.install({ name: 'app', depends: [{ name: 'kv' }] });
      rig.store.failNext({ operation, how: 'silent', times: 1 });
      const activation = rig.lifecycle.activate('app').then(
        ({ state }) => state,
        ({ code }: RuntimeError) => code,
      );

      await rig.pass(6_000);

      expect(['active', 'STORE_UNAVAILABLE']).toContain(await activation);
      rig.store.failNext({ operation: 'snapshots' });
      expect(await rig.state()).toBe('active');
    },
  );
});

describe('a commit whose answer is lost', () => {
  it.each(['before', 'after', 'silent'] as const)('%s it was made is made once all the same (race 20)', async (how) => {
    const rig = createRig();
    await rig.install();
    rig.store.failNext({ operation: 'commit', how, times: 1 });

    const row = await until(rig.environment, rig.lifecycle.activate('kv'));

    expect([row.state, row.rowVersion, rig.plugins.live('kv').length]).toEqual(['active', 4, 1]);
    expect((await rig.events()).slice(-2)).toEqual(['plugin.activating', 'plugin.activated']);
  });
});

describe('dependencies', () => {
  it('that are missing, inactive or of another version keep a plugin from starting, in this order', async () => {
    const rig = createRig();
    await rig.install({ name: 'app', depends: [{ name: 'kv', version: '^2.0.0' }] });
    const codes = [(await refusal(rig.lifecycle.activate('app'))).code];
    await rig.install();
    codes.push((await refusal(rig.lifecycle.activate('app'))).code);
    await rig.lifecycle.activate('kv');
    codes.push((await refusal(rig.lifecycle.activate('app'))).code);

    expect(codes).toEqual(['DEPENDENCY_MISSING', 'DEPENDENCY_INACTIVE', 'DEPENDENCY_INCOMPATIBLE']);
    expect(await rig.state('app')).toBe('installed');
  });

  it.each(['refuse', 'cascade', 'ignore'] as const)(
    'go by the policy %s when something others need stops (G-17)',
    async (dependents) => {
      const rig = createRig();
      await rig.install({}, true);
      await rig.install({ name: 'app', depends: [{ name: 'kv' }] }, true);

      const outcome = await rig.lifecycle.deactivate('kv', { dependents }).then(
        ({ state }) => state,
        (error: RuntimeError) => error.code,
      );

      expect([outcome, await rig.state('app')]).toEqual(
        { refuse: ['DEPENDENTS_ACTIVE', 'active'], cascade: ['inactive', 'inactive'], ignore: ['inactive', 'active'] }[
          dependents
        ],
      );
    },
  );
});

// Helpers

/** Leaves the plugin in a state, as a host that ended there does. */
async function leave(world: World, state: LifecycleState): Promise<void> {
  const rig: Rig = createRig({ world });
  const isActive =
    state === 'deactivating' || state === 'updating' || state === 'activating' || state === 'uninstalling';
  if (state !== 'installing') await rig.install({}, isActive);
  if (state === 'activating' || state === 'uninstalling') await rig.lifecycle.deactivate('kv');
  if (state === 'pending_uninstall') return pend(rig);
  // The first commit is made; whatever comes after it never is.
  const commit = rig.store.commit.bind(rig.store);
  let commits = 0;
  rig.store.commit = (given) => (commits++ === 0 ? commit(given) : new Promise(() => {}));
  const operations: Partial<Record<LifecycleState, () => Promise<unknown>>> = {
    installing: () => rig.lifecycle.install(bundle()),
    activating: () => rig.lifecycle.activate('kv'),
    deactivating: () => rig.lifecycle.deactivate('kv'),
    updating: () => rig.lifecycle.update('kv', bundle({ version: '2.0.0' })),
    uninstalling: () => rig.lifecycle.uninstall('kv'),
  };
  operations[state]?.().catch(() => {});
  await rig.pass(50);
  expect(await rig.state()).toBe(state);
  await rig.die();
  rig.store.commit = commit;
  await rig.pass(TTL);
}

async function pend(rig: Rig): Promise<void> {
  rig.artifacts.remove = () => new Promise(() => {});
  const removal = refusal(rig.lifecycle.uninstall('kv'));
  await rig.pass(120_000);
  expect([(await removal).code, await rig.state()]).toEqual(['OPERATION_TIMED_OUT', 'pending_uninstall']);
  rig.artifacts.remove = async () => {};
  await rig.lifecycle.stop();
}
