import { describe, expect, it } from 'vitest';
import { RuntimeError } from '../../../src/errors/index.ts';
import { countTrip } from '../../../src/host/lifecycle/trips.ts';
import { createRig, createWorld, refusal, until } from './rig.ts';
import type { Rig } from './rig.ts';

const POLICY = { limit: 5, windowMs: 600_000 };

describe('the breaker', () => {
  it('lets 4 crashes within 10 min be followed by a restart, and quarantines with the fifth', async () => {
    const rig = await active();

    const verdicts = await crashes(rig, 5);
    await rig.pass(0);

    expect(verdicts).toEqual(['restart', 'restart', 'restart', 'restart', 'quarantine']);
    expect(await rig.store.get('kv')).toMatchObject({
      state: 'quarantined',
      failure: { code: 'PLUGIN_CRASHED', from: 'active' },
    });
    expect([rig.plugins.live().length, (await rig.events()).slice(-3)]).toEqual([
      0,
      ['plugin.crashed', 'plugin.breaker.tripped', 'plugin.quarantined'],
    ]);
  });

  it('forgets crashes that are 10 min old', async () => {
    const rig = await active();
    await crashes(rig, 4);

    await rig.pass(600_000);

    expect(await crashes(rig, 1)).toEqual(['restart']);
    expect((await rig.store.get('kv'))?.trips).toHaveLength(1);
  });

  it('counts each plugin for itself', async () => {
    const rig = await active();
    await rig.install({ name: 'other' }, true);
    await crashes(rig, 4);

    expect(await rig.crash('other')).toBe('restart');
  });

  it('stays open across a restart of the host (G-10)', async () => {
    const world = createWorld();
    const first = await active({ world });
    await crashes(first, 5);
    await until(world.environment, first.lifecycle.stop());

    const second = createRig({ world });
    await second.lifecycle.boot();

    expect([await second.state(), second.plugins.processes.length]).toEqual(['quarantined', 0]);
    expect(await refusal(second.lifecycle.activate('kv'))).toMatchObject({
      code: 'INVALID_TRANSITION',
      actual: 'quarantined',
    });
  });

  it('never closes by itself, and does with a reset that is audited', async () => {
    const rig = await active();
    await crashes(rig, 5);
    await rig.pass(86_400_000);
    expect(await rig.state()).toBe('quarantined');

    await rig.lifecycle.reset('kv');
    const row = await rig.lifecycle.activate('kv');

    expect([row.state, row.trips, await crashes(rig, 1)]).toEqual(['active', [], ['restart']]);
    expect(await rig.events()).toContain('plugin.reset');
  });

  it('tries a plugin once after 60 s when that is wanted, and one crash brings it back', async () => {
    const rig = await active({ crashBudget: { probeAfterMs: 60_000 } });
    await crashes(rig, 5);

    await rig.pass(60_000);
    expect([await rig.state(), rig.plugins.live('kv').length]).toEqual(['active', 1]);
    const verdicts = await crashes(rig, 1);
    await rig.pass(0);

    expect([verdicts, await rig.state()]).toEqual([['quarantine'], 'quarantined']);
  });

  it('tries a plugin once, however many hosts wait for that', async () => {
    const world = createWorld();
    const crashBudget = { probeAfterMs: 60_000 };
    const first = createRig({ world, owner: 'host-0', crashBudget });
    await first.install({}, true);
    const others = [1, 2, 3].map((number) => createRig({ world, owner: `host-${number}`, crashBudget }));
    for (const { lifecycle } of [first, ...others]) await until(world.environment, lifecycle.boot());
    await crashes(first, 5);
    for (const { plugins } of [first, ...others])
      plugins.script.launchError = new RuntimeError('PROBE_FAILED', 'no answer');

    await first.pass(70_000);

    const tries = (await first.events()).filter((event) => event === 'plugin.activating');
    expect([tries.length, await first.state()]).toEqual([2, 'quarantined']);
  });

  it('keeps a plugin in quarantine that does not start when it is tried', async () => {
    const rig = await active({ crashBudget: { probeAfterMs: 60_000 } });
    await crashes(rig, 5);
    rig.plugins.script.launchError = new RuntimeError('PROBE_FAILED', 'no answer');

    await rig.pass(60_000);

    expect(await rig.store.get('kv')).toMatchObject({ state: 'quarantined', failure: { code: 'PROBE_FAILED' } });
  });

  it('answers 16 crashes that come at once, and opens once', async () => {
    const rig = await active();

    const verdicts = await crashes(rig, 16);

    expect(verdicts.filter((verdict) => verdict === 'restart')).toHaveLength(4);
    expect((await rig.events()).filter((event) => event === 'plugin.breaker.tripped')).toHaveLength(1);
  });

  it('counts in memory for plugins that the lifecycle does not run', async () => {
    const rig = createRig();

    const verdicts = [];
    for (let count = 0; count < 5; count++) verdicts.push(await rig.crash('by-hand'));

    expect(verdicts.at(-1)).toBe('quarantine');
  });
});

describe('quarantine', () => {
  it('ends the instance, with the reason in the row', async () => {
    const rig = await active();

    const row = await rig.lifecycle.quarantine('kv', { reason: 'it mines coins' });

    expect(row).toMatchObject({ state: 'quarantined', failure: { message: 'it mines coins', from: 'active' } });
    expect(rig.plugins.live()).toEqual([]);
  });

  it.each(['before', 'after', 'silent'] as const)(
    'is not refused for 2 answers about the lock of the dependencies that are lost %s it was taken',
    async (how) => {
      const rig = await active({ times: { leaseTtlMs: 60_000 } });
      rig.store.failNext({ operation: 'acquire', how, times: 2 });

      const row = await until(rig.environment, rig.lifecycle.quarantine('kv', { reason: 'it mines coins' }));

      expect([row.state, rig.plugins.live()]).toEqual(['quarantined', []]);
    },
  );
});

describe('countTrip', () => {
  it('counts what seems to be yet to come as now, so that a clock that was set back keeps nothing for ever (race 19)', () => {
    const { window } = countTrip([5_000_000, 5_000_001], 1_000, POLICY);

    expect(window).toEqual([1_000, 1_000, 1_000]);
    expect(countTrip(window, 601_000, POLICY).window).toEqual([601_000]);
  });
});

// Helpers

async function active(options: Parameters<typeof createRig>[0] = {}): Promise<Rig> {
  const rig = createRig(options);
  await rig.install({}, true);
  return rig;
}

async function crashes(rig: Rig, count: number): Promise<readonly string[]> {
  return until(rig.environment, Promise.all(Array.from({ length: count }, () => rig.crash())));
}
