import { describe, expect, it } from 'vitest';
import { explore } from '../../src/testing/index.ts';
import { bundle } from '../../test/host/lifecycle/fakes.ts';
import { raceSize } from '../races/race-size.ts';
import { attempt, lifecycleScenario } from './lifecycle-scenario.ts';
import type { LifecycleRace, StoreUnderRace } from './lifecycle-scenario.ts';

const RACES: readonly LifecycleRace[] = [
  {
    name: '3 activations, 2 deactivations, a quarantine and an uninstall of one plugin (race 11)',
    races({ client }, world) {
      const { lifecycle } = world.host();
      client('owner', () => attempt(world, 'install', () => lifecycle.install(bundle())));
      for (const name of ['a', 'b', 'c'])
        client(name, () => attempt(world, 'activate', () => lifecycle.activate('kv')));
      for (const name of ['d', 'e']) client(name, () => attempt(world, 'deactivate', () => lifecycle.deactivate('kv')));
      client('guard', () => attempt(world, 'quarantine', () => lifecycle.quarantine('kv', { reason: 'no' })));
      client('end', () => attempt(world, 'uninstall', () => lifecycle.uninstall('kv')));
    },
  },
  {
    name: 'a reset that meets an activation, and crashes that meet an update (race 15)',
    isUpdating: true,
    races({ client }, world) {
      const { lifecycle, breaker } = world.host({ crashBudget: { limit: 2 }, times: { probationMs: 1_000 } });
      const crash = (): Promise<void> =>
        attempt(world, 'crash', () => breaker.report({ plugin: 'kv', code: 'PLUGIN_CRASHED', message: 'exited' }));
      client(
        'owner',
        () => attempt(world, 'install', () => lifecycle.install(bundle(), { activate: true })),
        () => attempt(world, 'update', () => lifecycle.update('kv', bundle({ version: '2.0.0' }))),
      );
      client('fate', crash, crash);
      client(
        'other',
        () => attempt(world, 'reset', () => lifecycle.reset('kv')),
        () => attempt(world, 'activate', () => lifecycle.activate('kv')),
      );
    },
  },
  {
    name: 'a dependency that stops while the plugin that needs it starts (race 13)',
    races({ client }, world) {
      const { lifecycle } = world.host();
      const { promise: isReady, resolve } = Promise.withResolvers<void>();
      client(
        'owner',
        () => attempt(world, 'base', () => lifecycle.install(bundle({ name: 'base' }), { activate: true })),
        () =>
          attempt(world, 'app', () => lifecycle.install(bundle({ name: 'app', depends: [{ name: 'base' }] }))).then(
            resolve,
          ),
        () => attempt(world, 'start', () => lifecycle.activate('app')),
      );
      client(
        'other',
        () => isReady,
        () => attempt(world, 'stop', () => lifecycle.deactivate('base')),
      );
    },
    check: ({ rows }) =>
      rows.get('app')?.state !== 'active' ||
      rows.get('base')?.state === 'active' ||
      'a plugin runs without what it needs',
  },
  {
    name: 'two hosts that both activate, and a stop of one of them (P9)',
    races({ client }, world) {
      const [one, other] = [world.host(), world.host()];
      client('owner', () => attempt(world, 'install', () => one.lifecycle.install(bundle())));
      for (const { lifecycle } of [one, other]) {
        client(
          `boot ${lifecycle === one.lifecycle}`,
          () => attempt(world, 'boot', () => lifecycle.boot()),
          () => attempt(world, 'activate', () => lifecycle.activate('kv')),
        );
      }
      client('end', () => one.lifecycle.stop());
    },
    // The host that is left takes over what was active.
    check: ({ rows, hosts }) =>
      rows.get('kv')?.state !== 'active' || hosts[1]?.plugins.live('kv').length === 1 || 'nobody took the plugin over',
  },
];

describe('the lifecycle of a plugin, in any order of what happens', () => {
  it.each(RACES)('says active exactly while one instance runs: $name', async (race) => {
    const result = await explore(lifecycleScenario(race), {
      ...raceSize(150),
      limitMs: 60_000,
      maxSteps: 50_000,
      earlyTimers: 2,
    });

    expect(result.distinct).toBeGreaterThan(50);
  });

  it.each(RACES.slice(0, 3))('says so although 2 answers of store or host are lost (race 20): $name', async (race) => {
    const faults = { portFailure: 2 };
    const result = await explore(lifecycleScenario(race), {
      ...raceSize(150),
      faults,
      limitMs: 90_000,
      maxSteps: 50_000,
      earlyTimers: 2,
    });

    expect(result.distinct).toBeGreaterThan(50);
  });
});

const OPERATIONS: Readonly<Record<string, (world: StoreUnderRace) => readonly (() => Promise<void>)[]>> = {
  install: (world) => [step(world, 'install', ({ install }) => install(bundle(), { activate: true }))],
  deactivate: (world) => [installed(world), step(world, 'deactivate', ({ deactivate }) => deactivate('kv'))],
  update: (world) => [
    installed(world),
    step(world, 'update', ({ update }) => update('kv', bundle({ version: '2.0.0' }))),
  ],
  rollback: (world) => [
    installed(world),
    step(world, 'update', ({ update }) => update('kv', bundle({ version: '2.0.0' }))),
    step(world, 'rollback', ({ rollback }) => rollback('kv')),
  ],
  uninstall: (world) => [
    step(world, 'install', ({ install }) => install(bundle())),
    step(world, 'uninstall', ({ uninstall }) => uninstall('kv', { removeData: true })),
  ],
};

describe('a host that ends at any await of an operation (P10, race 12)', () => {
  it.each(Object.keys(OPERATIONS))(
    'leaves a plugin in the middle of %s to the next host, which leads it to a state that lasts',
    async (name) => {
      const scenario = lifecycleScenario({
        name: `a death during ${name}`,
        isUpdating: true,
        races({ client }, world) {
          const first = world.host({ times: { probationMs: 500 } });
          for (const operation of OPERATIONS[name]?.(world) ?? []) client('owner', operation);
          client('fate', () => first.die());
          client('heir', () => {
            const second = world.host();
            return attempt(world, 'boot', () => second.lifecycle.boot());
          });
        },
      });

      const result = await explore(scenario, { ...raceSize(150), limitMs: 90_000, maxSteps: 50_000, earlyTimers: 2 });

      expect(result.distinct).toBeGreaterThan(30);
    },
  );
});

// Helpers

type Operations = StoreUnderRace['hosts'][number]['lifecycle'];

function step(
  world: StoreUnderRace,
  name: string,
  run: (lifecycle: Operations) => Promise<unknown>,
): () => Promise<void> {
  return () => {
    const [first] = world.hosts;
    if (first === undefined || first.isDead) return Promise.resolve();
    const bound = new Proxy(first.lifecycle, {
      get: (target, property) => (Reflect.get(target, property, target) as () => unknown).bind(target),
    });
    return attempt(world, name, () => run(bound));
  };
}

function installed(world: StoreUnderRace): () => Promise<void> {
  return step(world, 'install', ({ install }) => install(bundle(), { activate: true }));
}
