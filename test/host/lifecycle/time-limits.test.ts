import { describe, expect, it } from 'vitest';
import type { LifecycleState } from '../../../src/ports/lifecycle-store.ts';
import { bundle } from './fakes.ts';
import { createRig } from './rig.ts';
import type { Rig } from './rig.ts';

const never = (): Promise<never> => new Promise<never>(() => {});

/** A port that never answers, what is done with it, and the state that the plugin comes to. */
const SILENCES: readonly (readonly [string, (rig: Rig) => unknown, (rig: Rig) => Promise<unknown>, string])[] = [
  ['artifacts.open', (rig) => (rig.artifacts.open = never), (rig) => rig.lifecycle.activate('kv'), 'installed'],
  ['host.launch', (rig) => (rig.plugins.script.launchGate = never()), (rig) => rig.lifecycle.activate('kv'), 'errored'],
  ['data.prepare', (rig) => (rig.data.prepare = never), (rig) => rig.lifecycle.activate('kv'), 'errored'],
  [
    'artifacts.stage',
    (rig) => (rig.artifacts.stage = never),
    (rig) => rig.lifecycle.update('kv', bundle({ version: '2.0.0' })),
    'installed',
  ],
  ['data.remove', (rig) => (rig.data.remove = never), remove, 'pending_uninstall'],
  ['store.commit', (rig) => (rig.store.commit = never), (rig) => rig.lifecycle.activate('kv'), 'installed'],
];

/** The same, of a plugin that runs. */
const SILENT_PLUGINS: readonly (readonly [string, (rig: Rig) => Promise<unknown>, string])[] = [
  ['stop', (rig) => rig.lifecycle.deactivate('kv'), 'errored'],
  ['stop and kill', (rig) => rig.lifecycle.deactivate('kv'), 'errored'],
  ['stage', (rig) => rig.lifecycle.update('kv', bundle({ version: '2.0.0' })), 'active'],
];

describe('a port that never answers', () => {
  it.each(SILENCES)(
    '%s leaves the plugin in a state that lasts after 4 minutes (G-03)',
    async (_, silence, act, state) => {
      const rig = createRig();
      await rig.install();
      silence(rig);

      const { isOver, code } = await outcome(rig, act(rig), 240_000);

      expect([isOver, await rig.state()]).toEqual([true, state]);
      expect(code).toBe('OPERATION_TIMED_OUT');
    },
  );

  it.each(SILENCES)('%s holds up a stop of the lifecycle for 4 minutes at most (G-03)', async (_, silence, act) => {
    const rig = createRig();
    await rig.install();
    silence(rig);
    act(rig).catch(() => {});
    await rig.pass(10);

    const { isOver } = await outcome(rig, rig.lifecycle.stop(), 241_000);

    expect(isOver).toBe(true);
  });

  it('artifacts.open does not hold up a stop at all', async () => {
    const rig = createRig();
    await rig.install();
    rig.artifacts.open = never;
    rig.lifecycle.activate('kv').catch(() => {});
    await rig.pass(10);

    expect((await outcome(rig, rig.lifecycle.stop(), 100)).isOver).toBe(true);
    expect(await rig.state()).toBe('installed');
  });

  it('of an install gives it up after 120 s, and nothing is there', async () => {
    const rig = createRig();
    rig.artifacts.stage = never;

    expect(await outcome(rig, rig.lifecycle.install(bundle()), 120_000)).toEqual({
      isOver: true,
      code: 'OPERATION_TIMED_OUT',
    });
    expect(await rig.state()).toBe('absent');
  });
});

describe('a plugin that never answers', () => {
  it.each(SILENT_PLUGINS)(
    'its %s is waited for 120 s, and the row says what came of it (G-03)',
    async (what, act, state) => {
      const rig = createRig();
      await rig.install({}, true);
      const running = rig.lifecycle.plugin('kv');
      for (const method of what.split(' and ')) Object.assign(running ?? {}, { [method]: never });

      const { isOver, code } = await outcome(rig, act(rig), 480_000);

      expect([isOver, code, await rig.state()]).toEqual([true, 'OPERATION_TIMED_OUT', state]);
    },
  );

  it('its stop is ended by force after 120 s, and only then another one starts', async () => {
    const rig = createRig();
    await rig.install({}, true);
    Object.assign(rig.lifecycle.plugin('kv') ?? {}, { stop: never });
    await outcome(rig, rig.lifecycle.deactivate('kv'), 130_000);

    await rig.lifecycle.reset('kv');
    await rig.lifecycle.activate('kv');

    expect([rig.plugins.live('kv').length, rig.plugins.mostLive, await rig.state()]).toEqual([1, 1, 'active']);
  });

  it('no other one is started while it might still run', async () => {
    const rig = createRig();
    await rig.install({}, true);
    Object.assign(rig.lifecycle.plugin('kv') ?? {}, { stop: never, kill: never });
    await outcome(rig, rig.lifecycle.deactivate('kv'), 130_000);

    await rig.lifecycle.reset('kv');
    const { code } = await outcome(rig, rig.lifecycle.activate('kv'), 130_000);

    expect([code, rig.plugins.live('kv').length, await rig.state()]).toEqual(['OPERATION_TIMED_OUT', 1, 'errored']);
  });

  it('that may take 300 s to start has them, whatever the limit of a step is', async () => {
    const rig = createRig({ launch: () => ({ startTimeoutMs: 300_000 }) });
    await rig.install();
    const { promise, resolve } = Promise.withResolvers<void>();
    rig.plugins.script.launchGate = promise;
    const start = rig.lifecycle.activate('kv');
    start.catch(() => {});
    await rig.pass(299_000);
    const before: LifecycleState | undefined = (await rig.store.get('kv'))?.state;

    resolve();
    await rig.pass(100);

    expect([before, (await start).state]).toEqual(['activating', 'active']);
  });
});

// Helpers

async function remove(rig: Rig): Promise<void> {
  await rig.lifecycle.uninstall('kv', { removeData: true });
}

/** How it ended within a time, if it did. */
async function outcome(
  rig: Rig,
  promise: Promise<unknown>,
  limitMs: number,
): Promise<{ readonly isOver: boolean; readonly code: string | undefined }> {
  let result: { readonly isOver: boolean; readonly code: string | undefined } = { isOver: false, code: undefined };
  promise.then(
    () => (result = { isOver: true, code: undefined }),
    ({ code }: { readonly code?: string }) => (result = { isOver: true, code }),
  );
  for (let passed = 0; passed <= limitMs && !result.isOver; passed += 1_000) await rig.pass(1_000);
  return result;
}
