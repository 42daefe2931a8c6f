import { describe, expect, it } from 'vitest';
import { createSystem } from '../../src/actors/index.ts';
import type { Host } from '../../src/host/index.ts';
import type { Lifecycle } from '../../src/host/lifecycle/index.ts';
import { LASTING_STATES } from '../../src/ports/lifecycle-store.ts';
import { bundle, createFakePlugins } from '../../test/host/lifecycle/fakes.ts';
import { createRig, createWorld, until } from '../../test/host/lifecycle/rig.ts';
import type { World } from '../../test/host/lifecycle/rig.ts';

type Moment = 'before' | 'after';

const OPERATIONS: Readonly<
  Record<string, { readonly prepare: boolean; readonly run: (one: Lifecycle) => Promise<unknown> }>
> = {
  install: { prepare: false, run: (one) => one.install(bundle(), { activate: true }) },
  activate: { prepare: true, run: async (one) => one.deactivate('kv').then(() => one.activate('kv')) },
  update: { prepare: true, run: (one) => one.update('kv', bundle({ version: '2.0.0' })) },
  rollback: {
    prepare: true,
    run: async (one) => one.update('kv', bundle({ version: '2.0.0' })).then(() => one.rollback('kv')),
  },
  quarantine: { prepare: true, run: async (one) => one.quarantine('kv', { reason: 'no' }).then(() => one.reset('kv')) },
  uninstall: {
    prepare: true,
    run: async (one) => one.deactivate('kv').then(() => one.uninstall('kv', { removeData: true })),
  },
};
const CASES = Object.keys(OPERATIONS).flatMap((name) =>
  (['before', 'after'] as const).map((moment) => [name, moment] as const),
);

describe('a host that ends at every single call to its store, its artifacts or its plugins (P10, race 12)', () => {
  it.each(CASES)(
    'during %s, %s the call has its effect, leaves what the next boot leads to a state that lasts',
    async (name, moment) => {
      const findings: string[] = [];
      let deaths = 0;
      for (let call = 1; ; call++) {
        const { died, verdict } = await dieAt(name, moment, call);
        if (!died) break;
        deaths++;
        if (verdict !== 'fine') findings.push(`call ${call}: ${verdict}`);
      }

      expect(findings).toEqual([]);
      expect(deaths).toBeGreaterThan(5);
    },
    60_000,
  );
});

// Helpers

async function dieAt(
  name: string,
  moment: Moment,
  call: number,
): Promise<{ readonly died: boolean; readonly verdict: string }> {
  const world = createWorld();
  const { prepare, run } = OPERATIONS[name] ?? { prepare: false, run: async () => {} };
  if (prepare) {
    const before = createRig({ world, owner: 'host-0' });
    await before.install({}, true);
    await before.lifecycle.stop();
  }
  const fate = createFate(moment, call);
  const plugins = createFakePlugins();
  fate.onDeath(() => {
    for (const one of plugins.live()) one.isLive = false;
  });
  const system = createSystem({ environment: world.environment });
  const host = fate.over({
    launch: async (options: never) => fate.over(await plugins.launch(options)),
  }) as unknown as Pick<Host, 'launch'>;
  const mortal = createRig({
    world,
    owner: 'host-1',
    host: { system, launch: host.launch },
    store: fate.over(world.store),
    artifacts: fate.over(world.artifacts),
    times: { probationMs: 100 },
  });
  await race(world, fate, mortal.lifecycle.boot());
  fate.start();
  await race(
    world,
    fate,
    run(mortal.lifecycle).catch(() => {}),
  );
  const died = fate.isOver;
  if (!died) fate.spare();
  await system.stop({ deadlineMs: 0 });
  if (!died) return { died, verdict: 'fine' };
  const heir = createRig({ world, owner: 'host-2', formerOwners: ['host-1'] });
  await until(world.environment, heir.lifecycle.boot());
  await heir.pass(20_000);
  const row = await world.store.get('kv');
  const live = heir.plugins.live('kv').length;
  const isLasting = row === undefined || (LASTING_STATES as readonly string[]).includes(row.state);
  const verdict =
    isLasting && live === (row?.state === 'active' ? 1 : 0) && plugins.live().length === 0
      ? 'fine'
      : `${row?.state} with ${live} instances`;
  await until(world.environment, heir.lifecycle.stop());
  return { died, verdict };
}

/** Waits until it is over, or the host is. */
async function race(world: World, fate: Fate, promise: Promise<unknown>): Promise<void> {
  await until(world.environment, Promise.race([promise, fate.death]));
}

interface Fate {
  readonly isOver: boolean;
  readonly death: Promise<void>;
  over<T extends object>(port: T): T;
  /** Calls count from now on. */
  start(): void;
  spare(): void;
  onDeath(callback: () => void): void;
}

/** Ends everything at one call: before it has an effect, or when its answer would come. */
function createFate(moment: Moment, call: number): Fate {
  let calls = Number.NEGATIVE_INFINITY;
  let isOver = false;
  let callback = (): void => {};
  const { promise: death, resolve } = Promise.withResolvers<void>();
  const die = (): void => {
    isOver = true;
    callback();
    resolve();
  };
  return {
    get isOver() {
      return isOver;
    },
    death,
    start: () => void (calls = 0),
    spare: () => void (calls = Number.NEGATIVE_INFINITY),
    onDeath: (given) => void (callback = given),
    over: (port) =>
      new Proxy(port, {
        get(target, property) {
          const value: unknown = Reflect.get(target, property, target);
          if (typeof value !== 'function') return value;
          return (...args: unknown[]): unknown => {
            if (isOver) return new Promise(() => {});
            const isTheOne = ++calls === call;
            if (isTheOne && moment === 'before') {
              die();
              return new Promise(() => {});
            }
            const result: unknown = Reflect.apply(value as () => unknown, target, args);
            if (!isTheOne) return result;
            void Promise.resolve(result).then(die, die);
            return new Promise(() => {});
          };
        },
      }),
  };
}
