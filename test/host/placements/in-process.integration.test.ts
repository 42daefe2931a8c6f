// What is special about a plugin beside the host's own code.

import { describe, expect, it } from 'vitest';
import { definePlugin, operation, servePlugin } from '../../../src/sdk/index.ts';
import type { DefinedPlugin } from '../../../src/sdk/index.ts';
import { withSeat } from '../../../src/transport/in-process/seat-context.ts';
import { factOf, failureOf, hostForTest } from '../support.ts';

const SHORT = { backoff: { initialMs: 10, jitter: 'none' } } as const;

describe('a definition that is given to the host', () => {
  it('is a plugin by the name that it has, and is stopped with the host', async () => {
    const { host } = hostForTest();

    const plugin = await host.launch({ definition: counting() });

    expect(plugin.status()).toMatchObject({ name: 'counting', state: 'ready', pid: 0 });
    expect(await plugin.operations().execute('count')).toBe(1);
    expect(await host.stop()).toEqual({ stopped: ['counting'], forced: [] });
  });

  it('keeps its state over a restart, and has a new one when a function makes it', async () => {
    const test = hostForTest();
    const [kept, fresh] = await Promise.all([
      test.host.launch({ name: 'kept', definition: counting(), ...SHORT }),
      test.host.launch({ name: 'fresh', definition: async () => counting(), ...SHORT }),
    ]);
    const counts = () => Promise.all([kept, fresh].map((plugin) => plugin.operations().execute('count')));
    const before = await counts();

    kept.restart();
    fresh.restart();
    await factOf(test, 'plugin.ready', 4);

    expect([before, await counts()]).toEqual([
      [1, 1],
      [2, 1],
    ]);
  });

  it('is refused when it is none: INVALID_OPTIONS at once, or as the failure of what should make it', async () => {
    const { host } = hostForTest();
    const wrong = { services: [] } as unknown as DefinedPlugin;

    await expect(host.launch({ name: 'x', definition: wrong })).rejects.toMatchObject({
      code: 'INVALID_OPTIONS',
      field: 'definition',
    });
    const failure = await failureOf(host.launch({ name: 'y', definition: () => wrong }));
    expect(failure.rawMessage).toContain('what makes the definition of plugin "y" returned none');
  });

  it('that fails to be made fails the launch with its error', async () => {
    const { host } = hostForTest();

    const failure = await failureOf(
      host.launch({
        name: 'x',
        definition: () => {
          throw new RangeError('no more definitions');
        },
      }),
    );

    expect(failure).toMatchObject({ code: 'PLUGIN_EXITED_EARLY' });
    expect(failure.rawMessage).toBe('plugin "x" failed: RangeError: no more definitions');
  });

  it('emits until it is stopped; then its handle is refused with UNAVAILABLE', async () => {
    const { host } = hostForTest();
    const heard: unknown[] = [];
    host.bus.on('life.*', ({ payload }) => void heard.push(payload));
    const definition = counting();
    const plugin = await host.launch({ definition, events: { emit: ['life.*'] } });

    await definition.emit({ type: 'life.sign', payload: 1 });
    await plugin.stop();

    await expect(definition.emit({ type: 'life.sign', payload: 2 })).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect(heard).toEqual([1]);
  });
});

describe('a definition that is served twice', () => {
  it('emits for the version that works when the one beside it was discarded', async () => {
    const { host } = hostForTest();
    const heard: unknown[] = [];
    host.bus.on('life.*', ({ payload }) => void heard.push(payload));
    const definition = counting();
    const options = { definition, events: { emit: ['life.*'] } };
    const plugin = await host.launch(options);
    const staged = await plugin.stage(options);

    await definition.emit({ type: 'life.sign', payload: 'two versions' });
    await staged.discard();
    await definition.emit({ type: 'life.sign', payload: 'one version' });

    expect(heard).toEqual(['two versions', 'one version']);
  });
});

describe('code that was loaded for a seat', () => {
  it('cannot take it again when its instance has ended, and does not end the host', async () => {
    const again = withSeat({ seat: undefined }, () => servePlugin({ services: [] }));

    await expect(again).rejects.toMatchObject({ code: 'FAILED_PRECONDITION' });
  });

  it('cannot take it twice', async () => {
    const { host } = hostForTest();
    let second: Promise<unknown> | undefined;
    const twice: DefinedPlugin = {
      ...counting(),
      async serveIn(seat) {
        await counting().serveIn(seat);
        second = counting().serveIn(seat);
        second.catch(() => {});
      },
    };

    await host.launch({ name: 'twice', definition: twice });

    await expect(second).rejects.toMatchObject({ code: 'FAILED_PRECONDITION' });
  });
});

// Helpers

function counting(): DefinedPlugin {
  let count = 0;
  return definePlugin({ name: 'counting', operations: { count: operation({ execute: () => ++count }) } });
}
