import { describe, expect, it } from 'vitest';
import { RuntimeError } from '../../../src/errors/index.ts';
import type { RunningPlugin } from '../../../src/host/lifecycle/plugin-instance.ts';
import { bundle } from './fakes.ts';
import { createRig, createWorld, refusal, until } from './rig.ts';
import type { Rig, World } from './rig.ts';

const TTL = 15_000;

describe('an update whose host died, and that cannot be undone', () => {
  it.each([new RuntimeError('INTERNAL', 'no way back'), new Error('no way back')])(
    'is parked in errored, and a reset leads on (G-03, %s)',
    async (error) => {
      const world = createWorld();
      await leaveUpdating(world);
      const rig = createRig({ world, migrator: failing(error) });

      const report = await until(world.environment, rig.lifecycle.boot());

      expect(report.failed).toMatchObject([{ plugin: 'kv', message: 'no way back' }]);
      expect(await rig.store.get('kv')).toMatchObject({
        state: 'errored',
        failure: { phase: 'updating', from: 'active' },
      });
      expect((await rig.events()).at(-1)).toBe('plugin.errored');
      expect(await rig.lifecycle.reset('kv')).toMatchObject({ state: 'inactive', version: '1.0.0' });
    },
  );

  it('is tried again 5 s later when that may help', async () => {
    const world = createWorld();
    await leaveUpdating(world);
    const errors = [new RuntimeError('UNAVAILABLE', 'the data is away')];
    const rig = createRig({ world, migrator: { async up() {}, down: () => rejectOnce(errors) } });

    await until(world.environment, rig.lifecycle.boot());
    expect(await rig.state()).toBe('updating');
    await rig.pass(5_000);

    expect([await rig.state(), rig.plugins.live('kv').length]).toEqual(['active', 1]);
  });
});

describe('a tombstone', () => {
  it.each(['half a \ud800 character', 'the \0 character'])('is left whatever a migration says: %j', async (text) => {
    const rig = createRig({ migrator: failing(new RuntimeError('INTERNAL', text)) });
    await rig.install();

    await rig.lifecycle.uninstall('kv', { removeData: true });

    expect(await rig.state()).toBe('absent');
    const [tombstone] = await rig.store.tombstones();
    expect(tombstone?.left).toEqual([expect.stringContaining('migrations')]);
  });
});

describe('a plugin that ends', () => {
  it('before anybody has heard that it runs is errored', async () => {
    const rig = createRig();
    await rig.install();
    const { launch } = rig.plugins;
    const endsAtOnce = async (options: Parameters<typeof launch>[0]): Promise<RunningPlugin> => {
      const plugin = await launch(options);
      rig.plugins.end('kv');
      return plugin;
    };
    Object.assign(rig.plugins, { launch: endsAtOnce });

    const error = await refusal(rig.lifecycle.activate('kv'));

    expect([error.code, await rig.state(), rig.lifecycle.plugin('kv')]).toEqual([
      'PLUGIN_CRASHED',
      'errored',
      undefined,
    ]);
  });

  it('as a new version in the moment in which it has taken over leaves the old one in the row', async () => {
    const rig = createRig();
    await rig.install({}, true);
    failAtSwap(rig);

    const error = await refusal(until(rig.environment, rig.lifecycle.update('kv', bundle({ version: '2.0.0' }))));

    expect(error.code).toBe('PROBATION_FAILED');
    expect(await rig.store.get('kv')).toMatchObject({ state: 'active', version: '1.0.0' });
    expect(rig.plugins.live('kv')).toHaveLength(1);
  });
});

describe('a new version that fails while the commit that names it is made', () => {
  it('is started again in place of the old one, and the update says so', async () => {
    const rig = createRig({ times: { probationMs: 1_000 } });
    await rig.install({}, true);
    const update = refusal(rig.lifecycle.update('kv', bundle({ version: '2.0.0' })));
    await rig.pass(500);
    const commit = rig.store.commit.bind(rig.store);
    rig.store.commit = (given) => {
      rig.plugins.failNext('kv');
      return commit(given);
    };
    await rig.pass(1_000);

    expect((await update).code).toBe('INTERNAL');
    const row = await rig.store.get('kv');
    expect(row).toMatchObject({ state: 'active', version: '2.0.0' });
    expect(rig.plugins.live('kv').map(({ cwd }) => cwd)).toEqual([expect.stringContaining(row?.digest ?? '?')]);
  });
});

describe('a commit that the store refuses although it was made', () => {
  const refusing = (rig: Rig, ...names: readonly ('commit' | 'committed')[]): void => {
    for (const name of names) {
      const real = rig.store[name].bind(rig.store) as (given: never) => Promise<unknown>;
      const once = async (given: never): Promise<never> => {
        Object.assign(rig.store, { [name]: real });
        await real(given);
        throw new RuntimeError('STORE_CORRUPTED', 'the row cannot be read');
      };
      Object.assign(rig.store, { [name]: once });
    }
  };

  it('is a commit: the operation goes on', async () => {
    const rig = createRig();
    await rig.install({}, true);
    refusing(rig, 'commit');

    expect(await rig.lifecycle.deactivate('kv')).toHaveProperty('state', 'inactive');
    expect(rig.plugins.live('kv')).toEqual([]);
  });

  it('is no refusal when the store does not say what became of it: the row is read again', async () => {
    const rig = createRig();
    await rig.install({}, true);
    refusing(rig, 'commit', 'committed');

    expect((await refusal(rig.lifecycle.quarantine('kv', { reason: 'odd' }))).code).toBe('STORE_CORRUPTED');
    await rig.pass(0);

    expect([await rig.state(), rig.plugins.live('kv').length]).toEqual(['quarantined', 0]);
  });
});

describe('a commit that is 12 s late', () => {
  it('outlives the lock of the dependencies: it is looked again, and the plugin is not ended', async () => {
    const rig = createRig({ times: { leaseTtlMs: 60_000 } });
    await rig.install({}, true);
    await rig.install({ name: 'app', depends: [{ name: 'kv' }] });
    const commit = rig.store.commit.bind(rig.store);
    rig.store.commit = () => new Promise(() => {});
    const activation = rig.lifecycle.activate('app');
    await rig.pass(12_000);
    rig.store.commit = commit;

    expect(await until(rig.environment, activation)).toHaveProperty('state', 'active');
    expect(rig.plugins.processes.map(({ plugin, isLive }) => [plugin, isLive])).toEqual([
      ['kv', true],
      ['app', true],
    ]);
  });
});

describe('a lease that was lost', () => {
  it('is given back once the instance has ended, so that another host need not wait for its end', async () => {
    const rig = createRig();
    await rig.install({}, true);
    rig.store.failNext({ operation: 'renew', how: 'after', times: 1000 });

    await rig.pass(12_100);

    expect(rig.plugins.live('kv')).toHaveLength(0);
    expect(await rig.store.acquire('plugin/kv', 'somebody', TTL)).toBeDefined();
  });

  it('has another token when it is asked for again, though the store never said that it took it back', async () => {
    const rig = createRig();
    await rig.install();
    const lost: unknown[] = [];
    const release = rig.store.release.bind(rig.store);
    rig.store.release = (lease) => (lost.push(lease), new Promise(() => {}));
    await until(rig.environment, rig.lifecycle.activate('kv'));
    await until(rig.environment, rig.lifecycle.deactivate('kv'));
    await rig.pass(6_000);
    rig.store.release = release;

    await until(rig.environment, rig.lifecycle.activate('kv'));
    for (const lease of lost) await release(lease as Parameters<typeof release>[0]);

    expect(await rig.store.acquire('plugin/kv', 'somebody', TTL)).toBeUndefined();
  });
});

describe('a plugin in quarantine', () => {
  it('is tried once more by the next host, too', async () => {
    const world = createWorld();
    const crashBudget = { limit: 1, probeAfterMs: 60_000 };
    const first = createRig({ world, crashBudget });
    await first.install({}, true);
    await first.crash();
    await first.pass(10);
    await first.lifecycle.stop();

    const second = createRig({ world, crashBudget });
    await second.lifecycle.boot();
    await second.pass(60_000);
    expect(await second.state()).toBe('quarantined');
    await second.pass(6_000);

    expect(await second.state()).toBe('active');
  });
});

describe('a listener for the progress', () => {
  it('that throws keeps nothing from being installed, activated or updated', async () => {
    const rig = createRig();
    const stage = rig.artifacts.stage.bind(rig.artifacts);
    rig.artifacts.stage = (source, options) => {
      options?.onProgress?.({ step: 'reading' });
      return stage(source, options);
    };
    const steps: string[] = [];
    const onProgress = ({ step }: { readonly step: string }): never => {
      steps.push(step);
      throw new Error('the terminal is gone');
    };

    await rig.lifecycle.install(bundle(), { onProgress, activate: true });
    const row = await until(rig.environment, rig.lifecycle.update('kv', bundle({ version: '2.0.0' }), { onProgress }));

    expect(row).toMatchObject({ state: 'active', version: '2.0.0' });
    expect(steps.filter((step) => step === 'reading')).toHaveLength(2);
  });
});

describe('a cascade', () => {
  it('ends nobody when the plugin itself cannot be deactivated', async () => {
    const rig = createRig();
    await rig.install({}, true);
    await rig.install({ name: 'app', depends: [{ name: 'kv' }] }, true);
    rig.plugins.end('kv');
    await rig.pass(0);

    const error = await refusal(rig.lifecycle.deactivate('kv', { dependents: 'cascade' }));

    expect([error.code, await rig.state('app')]).toEqual(['INVALID_TRANSITION', 'active']);
  });
});

describe('a boot that failed', () => {
  it('can be made again', async () => {
    const world = createWorld();
    const first = createRig({ world });
    await first.install({}, true);
    await first.lifecycle.stop();
    const rig = createRig({ world });
    world.store.failNext({ operation: 'list', times: 6 });

    const booting = rig.lifecycle.boot();
    expect(rig.lifecycle.boot()).toBe(booting);
    expect((await until(world.environment, refusal(booting))).code).toBe('STORE_UNAVAILABLE');

    expect(await until(world.environment, rig.lifecycle.boot())).toHaveProperty('started', ['kv']);
  });
});

// Helpers

/** A migrator that never finds a way back. */
function failing(error: Error): { up(): Promise<void>; down(): Promise<void> } {
  return { async up() {}, down: () => Promise.reject(error) };
}

async function rejectOnce(errors: RuntimeError[]): Promise<void> {
  const error = errors.shift();
  if (error !== undefined) throw error;
}

/** Leaves a plugin in the middle of an update, after its version was staged. */
async function leaveUpdating(world: World): Promise<void> {
  const rig = createRig({ world });
  await rig.install({}, true);
  const commit = rig.store.commit.bind(rig.store);
  let commits = 0;
  rig.store.commit = (given) => (commits++ < 2 ? commit(given) : new Promise(() => {}));
  rig.lifecycle.update('kv', bundle({ version: '2.0.0' })).catch(() => {});
  await rig.pass(50);
  await rig.die();
  rig.store.commit = commit;
  await rig.pass(TTL);
}

function failAtSwap(rig: Rig): void {
  const running = rig.lifecycle.plugin('kv') as unknown as RunningPlugin;
  const stage = running.stage.bind(running);
  const stagesOne = async (...given: Parameters<typeof stage>): ReturnType<typeof stage> => {
    const staged = await stage(...given);
    const swap = staged.swap.bind(staged);
    const swapsOnce = async (): Promise<void> => {
      await swap();
      rig.plugins.failNext('kv');
    };
    return Object.assign(staged, { swap: swapsOnce });
  };
  Object.assign(running, { stage: stagesOne });
}
