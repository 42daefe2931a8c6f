import { describe, expect, it } from 'vitest';
import { bundle } from './fakes.ts';
import { createRig, refusal, until } from './rig.ts';
import type { Rig } from './rig.ts';

describe('a plugin that has ended for good', () => {
  it('is handed out no more, and runs again after a reset and an activation', async () => {
    const rig = await ended();
    expect([await rig.state(), rig.lifecycle.plugin('kv')]).toEqual(['errored', undefined]);

    await rig.lifecycle.reset('kv');
    await rig.lifecycle.activate('kv');

    expect([await rig.state(), rig.plugins.live('kv').length, rig.plugins.mostLive]).toEqual(['active', 1, 1]);
    expect(rig.lifecycle.plugin('kv')).toBeDefined();
  });

  it('is updated at rest, and starts as the new version', async () => {
    const rig = await ended();
    await rig.lifecycle.reset('kv');

    await rig.lifecycle.update('kv', bundle({ version: '2.0.0' }));
    expect(rig.plugins.live('kv')).toEqual([]);
    const row = await rig.lifecycle.activate('kv');

    expect(row).toMatchObject({ state: 'active', version: '2.0.0' });
    expect(rig.plugins.live('kv')).toHaveLength(1);
  });

  it('is removed, and installed anew', async () => {
    const rig = await ended();

    await rig.lifecycle.uninstall('kv');
    await rig.install({}, true);

    expect([await rig.state(), rig.plugins.live('kv').length]).toEqual(['active', 1]);
  });

  it.each([
    ['while the new version is fetched', 0],
    ['after the new version took over', 2_000],
  ])('%s is errored, and not thought to run', async (_, afterMs) => {
    const rig = createRig();
    await rig.install({}, true);
    const update = rig.lifecycle.update('kv', bundle({ version: '2.0.0' }));
    update.catch(() => {});
    await rig.pass(afterMs);

    rig.plugins.end('kv');
    await refusal(until(rig.environment, update));
    await rig.pass(0);

    expect([await rig.state(), rig.plugins.live('kv').length, rig.lifecycle.plugin('kv')]).toEqual([
      'errored',
      0,
      undefined,
    ]);
  });
});

// Helpers

async function ended(): Promise<Rig> {
  const rig = createRig();
  await rig.install({}, true);
  rig.plugins.end('kv');
  await rig.pass(0);
  return rig;
}
