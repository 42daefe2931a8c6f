import { describe, expect, it } from 'vitest';
import { bundle } from './fakes.ts';
import { createRig, until } from './rig.ts';
import type { Rig } from './rig.ts';

const ENDS: readonly (readonly [string, (rig: Rig) => Promise<unknown>, string])[] = [
  ['a trip of the breaker', trip, 'quarantined'],
  ['a quarantine', (rig) => rig.lifecycle.quarantine('kv', { reason: 'no' }), 'quarantined'],
  ['an end for good', async (rig) => rig.plugins.end('kv'), 'errored'],
  ['a deactivation that ignores them', (rig) => rig.lifecycle.deactivate('kv', { dependents: 'ignore' }), 'inactive'],
];

describe('plugins that need one which ends', () => {
  it.each(ENDS)('by %s run on, and each has 1 entry that says what is missing (G-17)', async (_, end, state) => {
    const rig = createRig();
    await installAll(rig);

    await end(rig);
    await rig.pass(100);

    expect([await rig.state('kv'), await rig.state('app'), await rig.state('top')]).toEqual([
      state,
      'active',
      'active',
    ]);
    const told = (await rig.store.auditEntries('app', 0, 100)).filter(({ event }) => event === 'plugin.degraded');
    expect(told.map(({ severity, data }) => ({ severity, data }))).toEqual([
      { severity: 'warning', data: { missing: 'kv', version: '1.0.0', state } },
    ]);
    for (const other of ['top', 'loose', 'idle', 'kv'])
      expect(await rig.events(other)).not.toContain('plugin.degraded');
  });

  it('are deactivated after a trip when that is wanted, the last of a chain first (G-17)', async () => {
    const rig = createRig({ dependents: 'deactivate' });
    await installAll(rig);

    await trip(rig);
    await rig.pass(100);

    expect([await rig.state('app'), await rig.state('top'), await rig.state('loose')]).toEqual([
      'inactive',
      'inactive',
      'active',
    ]);
    expect(rig.facts.filter(({ to }) => to === 'inactive').map(({ plugin }) => plugin)).toEqual(['top', 'app']);
  });

  it.each([
    [
      'is being updated',
      (rig: Rig) => rig.lifecycle.update('app', bundle({ name: 'app', version: '2.0.0', ...NEEDS })),
    ],
    ['is being started', (rig: Rig) => rig.lifecycle.activate('app')],
    ['does what changes nothing', (rig: Rig) => rig.lifecycle.consent('app', [])],
  ])('are deactivated once they can be when one of them %s', async (what, begin) => {
    const rig = createRig({ dependents: 'deactivate' });
    await rig.install({}, true);
    await rig.install({ name: 'app', ...NEEDS }, !what.endsWith('started'));
    const { promise: isOpen, resolve } = Promise.withResolvers<void>();
    rig.plugins.script.launchGate = isOpen;
    const { store } = rig;
    const versions = store.versions.bind(store);
    store.versions = (plugin) => isOpen.then(() => versions(plugin));
    const begun = begin(rig).catch(() => {});
    await rig.pass(100);

    await rig.lifecycle.quarantine('kv', { reason: 'no' });
    await rig.pass(100);
    resolve();
    await until(rig.environment, begun);
    await rig.pass(1_000);

    expect([await rig.state('kv'), await rig.state('app')]).toEqual(['quarantined', 'inactive']);
    expect(rig.plugins.live()).toEqual([]);
  });

  it('are deactivated after one that needs them and is busy for 10 s, with 0 warnings meanwhile', async () => {
    const rig = createRig({ dependents: 'deactivate' });
    await installAll(rig);
    const { promise: isOpen, resolve } = Promise.withResolvers<void>();
    rig.plugins.script.launchGate = isOpen;
    const update = rig.lifecycle.update('top', bundle({ name: 'top', version: '2.0.0', depends: [{ name: 'app' }] }));
    const begun = update.catch(() => {});
    await rig.pass(100);

    await rig.lifecycle.quarantine('kv', { reason: 'no' });
    await rig.pass(10_000);
    expect([await rig.state('app'), await rig.state('top')]).toEqual(['active', 'updating']);
    const told = rig.environment.log.entries.filter(({ message }) => message.includes('was not deactivated'));
    expect([told.length > 0, told.filter(({ level }) => level === 'warn')]).toEqual([true, []]);
    resolve();
    await until(rig.environment, begun);
    await rig.pass(2_000);

    expect([await rig.state('app'), await rig.state('top')]).toEqual(['inactive', 'inactive']);
  });
});

// Helpers

const NEEDS = { depends: [{ name: 'kv' }] };

async function installAll(rig: Rig): Promise<void> {
  await rig.install({}, true);
  await rig.install({ name: 'app', depends: [{ name: 'kv' }] }, true);
  await rig.install({ name: 'top', depends: [{ name: 'app' }] }, true);
  await rig.install({ name: 'loose', depends: [{ name: 'kv', optional: true }] }, true);
  await rig.install({ name: 'idle', depends: [{ name: 'kv' }] });
}

async function trip(rig: Rig): Promise<void> {
  for (let crash = 0; crash < 5; crash += 1) await rig.crash();
}
