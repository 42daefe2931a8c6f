// What operators ask of a lifecycle, and what they must not be able to break by asking.

import { describe, expect, it } from 'vitest';
import { RuntimeError } from '../../../src/errors/index.ts';
import type { LifecycleStore } from '../../../src/ports/lifecycle-store.ts';
import { bundle } from './fakes.ts';
import { createRig, createWorld, refusal, until } from './rig.ts';
import type { Rig, World } from './rig.ts';

describe('a list of all plugins', () => {
  it('asks the store 2 questions for 50 plugins, and 1 without their versions', async () => {
    const world = createWorld();
    const asked: string[] = [];
    const rig = createRig({ world: { ...world, store: counted(world.store, asked) } as World });
    for (let i = 0; i < 50; i++) await rig.install({ name: `p${i}` });

    asked.length = 0;
    const listed = await rig.lifecycle.list();
    const forList = asked.splice(0);
    const rows = await rig.lifecycle.rows();

    expect([forList.sort(), asked]).toEqual([['allVersions', 'list'], ['list']]);
    expect(listed.map(({ versions }) => versions.map(({ slug, role }) => `${slug} ${role}`))).toEqual(
      rows.map(({ row }) => [`${row.slug} active`]),
    );
  });
});

describe('a key that was revoked', () => {
  it('refuses an activation, and what was gone back to', async () => {
    const world = createWorld();
    const rig = createRig({ world });
    await rig.install({}, true);
    const old = (await rig.store.get('kv'))?.digest ?? '';
    await until(rig.environment, rig.lifecycle.update('kv', bundle({ version: '2.0.0' })));
    distrust(world, old, 'SIGNATURE_KEY_REVOKED');

    const back = await refusal(until(rig.environment, rig.lifecycle.rollback('kv')));
    await until(rig.environment, rig.lifecycle.deactivate('kv'));
    distrust(world, (await rig.store.get('kv'))?.digest ?? '', 'SIGNATURE_KEY_REVOKED');
    const again = await refusal(rig.lifecycle.activate('kv'));

    expect([back.code, again.code]).toEqual(['SIGNATURE_KEY_REVOKED', 'SIGNATURE_KEY_REVOKED']);
    expect([await rig.state(), rig.plugins.live('kv')]).toEqual(['inactive', []]);
  });

  it('keeps nothing from starting that was active, and is told in the audit once', async () => {
    const world = createWorld();
    const first = createRig({ world });
    await first.install({}, true);
    await until(first.environment, first.lifecycle.stop());
    const digest = (await first.store.get('kv'))?.digest ?? '';
    distrust(world, digest, 'SIGNATURE_KEY_REVOKED');

    const second = createRig({ world });
    const report = await until(second.environment, second.lifecycle.boot());

    expect(report.started).toEqual(['kv']);
    const told = (await second.store.auditEntries('kv', 0, 100)).filter(({ event }) => event.includes('signature'));
    expect(told).toMatchObject([
      { event: 'plugin.signature.distrusted', severity: 'warning', data: { code: 'SIGNATURE_KEY_REVOKED', digest } },
    ]);
  });

  it('is no reason when it is only past its time', async () => {
    const world = createWorld();
    const rig = createRig({ world });
    await rig.install();
    distrust(world, (await rig.store.get('kv'))?.digest ?? '', 'SIGNATURE_KEY_EXPIRED');

    expect(await rig.lifecycle.activate('kv')).toHaveProperty('state', 'active');
    expect(await rig.events()).toContain('plugin.signature.distrusted');
  });
});

describe('an uninstall of a plugin that an active one needs', () => {
  it('is refused, unless the other one is stopped first or may go on without it', async () => {
    const refused = await withDependent();
    const cascade = await withDependent();
    const ignored = await withDependent();

    const error = await refusal(refused.lifecycle.uninstall('kv'));
    await until(cascade.environment, cascade.lifecycle.uninstall('kv', { dependents: 'cascade' }));
    await until(ignored.environment, ignored.lifecycle.uninstall('kv', { dependents: 'ignore' }));

    expect([error.code, await refused.state(), await refused.state('b')]).toEqual([
      'DEPENDENTS_ACTIVE',
      'quarantined',
      'active',
    ]);
    expect([await cascade.state(), await cascade.state('b')]).toEqual(['absent', 'inactive']);
    expect([await ignored.state(), await ignored.state('b')]).toEqual(['absent', 'active']);
  });

  it('stops nobody when it is refused for another reason', async () => {
    const rig = createRig();
    await rig.install({}, true);
    await rig.install({ name: 'b', depends: [{ name: 'kv' }] }, true);

    const error = await refusal(rig.lifecycle.uninstall('kv', { dependents: 'cascade' }));

    expect([error.code, await rig.state('b')]).toEqual(['INVALID_TRANSITION', 'active']);
  });
});

// Helpers

/** `kv` is in quarantine, and `b`, which needs it, runs. */
async function withDependent(): Promise<Rig> {
  const rig = createRig();
  await rig.install({}, true);
  await rig.install({ name: 'b', depends: [{ name: 'kv' }] }, true);
  await until(rig.environment, rig.lifecycle.quarantine('kv', { reason: 'test' }));
  return rig;
}

/** From now on nobody may rely on the signature of the files. */
function distrust({ artifacts }: World, digest: string, code: 'SIGNATURE_KEY_REVOKED' | 'SIGNATURE_KEY_EXPIRED'): void {
  const open = artifacts.open.bind(artifacts);
  const error = new RuntimeError(code, 'the key is bad', { details: { key: 'k', signer: 'acme' } });
  artifacts.open = async (wanted) => ({ ...(await open(wanted)), ...(wanted === digest ? { distrust: error } : {}) });
}

/** The store, with the names of what it was asked. */
function counted(store: LifecycleStore, asked: string[]): LifecycleStore {
  return new Proxy(store, {
    get(target, name: keyof LifecycleStore) {
      const own = target[name];
      if (typeof own !== 'function') return own;
      return (...args: never[]): unknown => {
        asked.push(name);
        return (own as (...given: never[]) => unknown).apply(target, args);
      };
    },
  });
}
