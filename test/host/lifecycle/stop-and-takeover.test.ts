import { describe, expect, it } from 'vitest';
import { RuntimeError } from '../../../src/errors/index.ts';
import type { LaunchOptions } from '../../../src/host/launch-options.ts';
import type { RunningPlugin } from '../../../src/host/lifecycle/plugin-instance.ts';
import { bundle } from './fakes.ts';
import { createRig, createWorld, until } from './rig.ts';
import type { Rig, World } from './rig.ts';

const never = (): Promise<never> => new Promise<never>(() => {});

describe('a stop during the boot', () => {
  it('leaves 12 plugins active for the next host', async () => {
    const world = await hostOf(12);
    const rig = createRig({ world });
    const { promise, resolve } = Promise.withResolvers<void>();
    rig.plugins.script.launchGate = promise;
    const booting = rig.lifecycle.boot();
    await rig.pass(10);

    const stopping = rig.lifecycle.stop();
    await rig.pass(10);
    resolve();
    await until(rig.environment, Promise.all([stopping, booting.catch(() => {})]));

    const rows = await rig.store.list();
    expect(rows.map(({ state, failure }) => `${state} ${failure?.code}`)).toEqual(
      Array.from({ length: 12 }, () => 'active undefined'),
    );
    expect(rig.plugins.live()).toEqual([]);
  });
});

describe('a host that takes over from a dead one', () => {
  it('starts 4 plugins at once of 20', async () => {
    const world = createWorld();
    const dead = createRig({ world });
    for (let turn = 0; turn < 20; turn += 1) await dead.install({ name: `p${turn}` }, true);
    const rig = createRig({ world, atOnce: 4 });
    await until(world.environment, rig.lifecycle.boot());
    const { promise, resolve } = Promise.withResolvers<void>();
    const starts = counted(rig, promise);

    await dead.die();
    await rig.pass(40_000);
    expect([starts.most, rig.plugins.live().length]).toEqual([4, 0]);
    resolve();
    await rig.pass(20_000);

    expect([starts.most, rig.plugins.live().length]).toEqual([4, 20]);
  });

  it('starts what is needed before what needs it', async () => {
    const world = createWorld();
    const dead = createRig({ world });
    await dead.install({ name: 'store' }, true);
    await dead.install({ name: 'app', depends: [{ name: 'store', version: '^1.0.0' }] }, true);
    const rig = createRig({ world });
    await until(world.environment, rig.lifecycle.boot());

    await dead.die();
    await rig.pass(40_000);

    expect(rig.plugins.processes.map(({ plugin }) => plugin)).toEqual(['store', 'app']);
  });
});

describe('an update whose host died, taken over by a host that does not have the files of version 2.0.0', () => {
  it('is undone when there is nothing to migrate back: version 1.0.0 serves', async () => {
    const world = createWorld();
    const first = createRig({ world });
    await first.install({}, true);
    first.lifecycle.update('kv', bundle({ version: '2.0.0' })).catch(() => {});
    await first.pass(1_000);
    await first.die();
    await first.pass(15_000);
    const [staged] = (await world.store.versions('kv')).filter(({ role }) => role === 'staged');
    const open = world.artifacts.open.bind(world.artifacts);
    world.artifacts.open = async (digest) => {
      if (digest === staged?.digest) throw new RuntimeError('BUNDLE_UNKNOWN', 'there are no such files');
      return open(digest);
    };
    const rig = createRig({ world });

    await until(world.environment, rig.lifecycle.boot());

    expect(staged?.version).toBe('2.0.0');
    expect(await rig.store.get('kv')).toMatchObject({ state: 'active', version: '1.0.0' });
  });
});

describe('the report of a boot', () => {
  it('says that a plugin is elsewhere only when another host has it', async () => {
    const world = await hostOf(1);
    const rig = createRig({ world });
    const { acquire } = world.store;
    world.store.acquire = never;

    const report = await until(world.environment, rig.lifecycle.boot());
    world.store.acquire = acquire;

    expect(report).toMatchObject({ elsewhere: [], failed: [{ plugin: 'p0', code: 'STORE_UNAVAILABLE' }] });
  });
});

describe('a store that never answers', () => {
  it('holds up a stop for 15 s at most', async () => {
    const rig = createRig();
    await rig.lifecycle.boot();
    await rig.install({}, true);
    silence(rig);
    await rig.pass(5_000);

    expect(await secondsOf(rig, rig.lifecycle.stop())).toBeLessThanOrEqual(15);
    expect(rig.plugins.live()).toEqual([]);
  });

  it('holds up a stop in the middle of an activation for 15 s at most', async () => {
    const rig = createRig();
    await rig.install();
    const { promise, resolve } = Promise.withResolvers<void>();
    rig.plugins.script.launchGate = promise;
    rig.lifecycle.activate('kv').catch(() => {});
    await rig.pass(10);
    silence(rig);
    resolve();
    await rig.pass(10);

    expect(await secondsOf(rig, rig.lifecycle.stop())).toBeLessThanOrEqual(15);
    expect(rig.plugins.live()).toEqual([]);
  });
});

describe('a plugin that never stops', () => {
  it('holds up a stop of the lifecycle for 45 s at most', async () => {
    const rig = createRig();
    await rig.install({}, true);
    Object.assign(rig.lifecycle.plugin('kv') ?? {}, { stop: never });

    expect(await secondsOf(rig, rig.lifecycle.stop())).toBeLessThanOrEqual(45);
  });
});

describe('a host that has the dependencies for ever', () => {
  it('holds up a stop of another one for 1 s at most, and the plugin stays active', async () => {
    const rig = createRig();
    await rig.install({}, true);
    await rig.store.acquire('dependencies', 'another host', 1_000_000);
    const deactivation = rig.lifecycle.deactivate('kv').catch((error: RuntimeError) => error.code);
    await rig.pass(100);

    expect(await secondsOf(rig, rig.lifecycle.stop())).toBeLessThanOrEqual(1);
    expect([await deactivation, await rig.state()]).toEqual(['CANCELLED', 'active']);
    expect(rig.environment.clock.pending).toBe(0);
  });
});

// Helpers

/** What a host leaves that has stopped with so many active plugins. */
async function hostOf(count: number): Promise<World> {
  const world = createWorld();
  const rig = createRig({ world });
  for (let turn = 0; turn < count; turn += 1) await rig.install({ name: `p${turn}` }, true);
  await until(world.environment, rig.lifecycle.stop());
  return world;
}

/** Holds starts, and counts those under way. */
function counted(rig: Rig, gate: Promise<void>): { readonly most: number } {
  const starts = { now: 0, most: 0 };
  const { launch } = rig.plugins;
  const held = async (options: LaunchOptions): Promise<RunningPlugin> => {
    starts.now += 1;
    starts.most = Math.max(starts.most, starts.now);
    await gate;
    starts.now -= 1;
    return launch(options);
  };
  Object.assign(rig.plugins, { launch: held });
  return starts;
}

function silence({ store }: Rig): void {
  const names = ['now', 'get', 'list', 'versions', 'commit', 'committed', 'acquire', 'renew', 'release'] as const;
  for (const name of names) store[name] = never;
}

async function secondsOf(rig: Rig, promise: Promise<unknown>): Promise<number> {
  let isOver = false;
  void promise.then(() => (isOver = true));
  for (let passed = 0; passed < 300; passed += 1) {
    if (isOver) return passed;
    await rig.pass(1_000);
  }
  return 300;
}
