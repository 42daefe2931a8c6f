import { describe, expect, it } from 'vitest';
import { bundle } from './fakes.ts';
import { createRig, createWorld, refusal, until } from './rig.ts';

const never = (): Promise<never> => new Promise<never>(() => {});

describe('a version whose time is over, of a plugin that nobody touches', () => {
  it('is removed with its files within 2 minutes, while the plugin serves on (G-14)', async () => {
    const rig = createRig({ retention: { retainMs: 300_000 } });
    await rig.lifecycle.boot();
    await rig.install({}, true);
    await until(rig.environment, rig.lifecycle.update('kv', bundle({ version: '2.0.0' })));
    await rig.pass(240_000);
    expect(rig.artifacts.digests).toHaveLength(2);

    await rig.pass(180_000);

    expect((await rig.store.versions('kv')).map(({ version, role }) => `${version} ${role}`)).toEqual(['2.0.0 active']);
    expect([rig.artifacts.digests.length, rig.plugins.live('kv').length, rig.plugins.processes.length]).toEqual([
      1, 1, 2,
    ]);
    expect(await rig.events()).toContain('plugin.versions.removed');
  });

  it('goes although it is the highest, whose number alone is remembered', async () => {
    const rig = createRig({ retention: { retainMs: 60_000 } });
    await rig.lifecycle.boot();
    await rig.install();
    await rig.lifecycle.update('kv', bundle({ version: '2.0.0' }));
    await rig.lifecycle.rollback('kv');

    await rig.pass(180_000);
    const entries = await rig.events();
    await rig.pass(600_000);

    expect((await rig.store.versions('kv')).map(({ version, role }) => `${version} ${role}`).toSorted()).toEqual([
      '1.0.0 active',
      '2.0.0 retired',
    ]);
    expect(rig.artifacts.digests).toHaveLength(1);
    expect(await rig.events()).toEqual(entries);
    expect((await refusal(rig.lifecycle.update('kv', bundle({ version: '1.5.0' })))).code).toBe('DOWNGRADE_REFUSED');
  });

  it('whose files cannot be removed leaves the plugin as it is', async () => {
    const rig = createRig({ retention: { retainMs: 60_000 } });
    await rig.lifecycle.boot();
    await rig.install({}, true);
    await until(rig.environment, rig.lifecycle.update('kv', bundle({ version: '2.0.0' })));
    rig.artifacts.remove = never;

    await rig.pass(600_000);

    expect([rig.plugins.live('kv').length, rig.plugins.processes.length, await rig.state()]).toEqual([1, 2, 'active']);
  });
});

describe('files that no version is made of', () => {
  it('of a host that died before its first note go after 10 minutes, and no others (G-14)', async () => {
    const world = createWorld();
    await world.artifacts.stage(bundle({ name: 'lost' }));
    const rig = createRig({ world });
    await rig.lifecycle.boot();
    await rig.install();

    await rig.pass(600_000);
    const before = rig.artifacts.digests.length;
    await rig.pass(120_000);

    expect([before, rig.artifacts.digests.length]).toEqual([2, 1]);
    expect((await rig.lifecycle.activate('kv')).state).toBe('active');
  });

  it('stay for as long as anything is being staged', async () => {
    const world = createWorld();
    await world.artifacts.stage(bundle({ name: 'lost' }));
    const rig = createRig({ world, times: { workTimeoutMs: 3_600_000 } });
    await rig.lifecycle.boot();
    const { stage } = rig.artifacts;
    const { promise, resolve } = Promise.withResolvers<void>();
    rig.artifacts.stage = async (...given) => {
      await promise;
      return stage(...given);
    };
    await rig.pass(10_700_000);
    const install = rig.lifecycle.install(bundle({ name: 'lost' }));

    await rig.pass(600_000);
    expect(rig.artifacts.digests).toHaveLength(1);
    resolve();
    await rig.pass(1_000);

    expect((await install).state).toBe('installed');
    await rig.pass(120_000);
    expect(rig.artifacts.digests).toHaveLength(1);
  });

  it('begin their time anew when they are staged, or named for a while', async () => {
    const rig = createRig();
    await rig.lifecycle.boot();
    await rig.artifacts.stage(bundle());
    await rig.pass(540_000);
    await rig.install();
    await rig.pass(240_000);

    expect(rig.artifacts.digests).toHaveLength(1);
  });

  it('are swept at the boot where the store of files can do that, which holds up nothing', async () => {
    const rig = createRig();
    let sweeps = 0;
    rig.artifacts.sweep = () => {
      sweeps += 1;
      return never();
    };

    await rig.lifecycle.boot();
    await rig.install();

    expect(sweeps).toBe(1);
  });
});
