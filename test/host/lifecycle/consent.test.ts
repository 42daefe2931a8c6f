import { describe, expect, it } from 'vitest';
import { bundle } from './fakes.ts';
import { createRig, refusal, until } from './rig.ts';
import type { Rig } from './rig.ts';

const SECRET = { net: ['example.org'] };
const NET = ['net:example.org'];

describe('a rollback', () => {
  it('to a version that nobody ever consented to is refused with CONSENT_REQUIRED', async () => {
    const rig = createRig();
    await rig.lifecycle.install(bundle({ permissions: SECRET }));
    await rig.lifecycle.update('kv', bundle({ version: '2.0.0' }));
    await rig.lifecycle.activate('kv');

    const error = await refusal(until(rig.environment, rig.lifecycle.rollback('kv')));

    expect([error.code, error.details]).toEqual(['CONSENT_REQUIRED', { plugin: 'kv', permissions: NET }]);
    expect(await rig.store.get('kv')).toMatchObject({ state: 'active', version: '2.0.0', permissions: [] });
    expect(await roles(rig)).toEqual(['2.0.0 active', '1.0.0 retained']);
  });

  it('to a version that was consented to after its install brings its permissions back', async () => {
    const rig = createRig();
    await rig.lifecycle.install(bundle({ permissions: SECRET }));
    await rig.lifecycle.consent('kv', NET);
    await rig.lifecycle.update('kv', bundle({ version: '2.0.0' }));

    const row = await rig.lifecycle.rollback('kv');

    expect(row).toMatchObject({ state: 'installed', version: '1.0.0', permissions: NET, awaitingConsent: [] });
    expect(await rig.lifecycle.activate('kv')).toHaveProperty('state', 'active');
  });

  it('forward to a version that was consented to while it waited brings its permissions back', async () => {
    const rig = createRig();
    await rig.install();
    await rig.lifecycle.update('kv', bundle({ version: '2.0.0', permissions: SECRET }));
    await rig.lifecycle.consent('kv', NET);
    await rig.lifecycle.rollback('kv');
    expect(await rig.store.get('kv')).toMatchObject({ version: '1.0.0', permissions: [] });

    const row = await rig.lifecycle.rollback('kv');

    expect(row).toMatchObject({ version: '2.0.0', permissions: NET });
  });

  it('takes consent to a later version for consent to less', async () => {
    const rig = createRig();
    await rig.lifecycle.install(bundle({ permissions: SECRET }));
    const wider = { net: ['example.org', 'example.com'] };
    await rig.lifecycle.update('kv', bundle({ version: '2.0.0', permissions: wider }), { consent: 'all' });

    expect(await rig.lifecycle.rollback('kv')).toMatchObject({ version: '1.0.0', permissions: NET });
  });
});

describe('an update to files that were never consented to', () => {
  it('waits again, although they were the plugin before', async () => {
    const rig = createRig();
    await rig.lifecycle.install(bundle({ permissions: SECRET }));
    await rig.lifecycle.update('kv', bundle({ version: '2.0.0' }));

    const row = await rig.lifecycle.update('kv', bundle({ permissions: SECRET }), { allowDowngrade: true });

    expect(row).toMatchObject({ version: '2.0.0', permissions: [], awaitingConsent: NET });
  });
});

describe('consent that is given with an update', () => {
  it('is written down, once', async () => {
    const rig = createRig();
    await rig.install();

    await rig.lifecycle.update('kv', bundle({ version: '2.0.0', permissions: SECRET }), { consent: NET });

    const given = (await rig.lifecycle.audit('kv')).filter(({ event }) => event === 'plugin.consent.given');
    expect(given.map(({ data }) => data)).toEqual([{ permissions: NET }]);
    const [newest] = await rig.store.versions('kv');
    expect(newest).toMatchObject({ version: '2.0.0', role: 'active', permissions: NET });
  });

  it('lets a version take over that waited for it', async () => {
    const rig = createRig();
    await rig.install();
    const next = bundle({ version: '2.0.0', permissions: SECRET });
    await rig.lifecycle.update('kv', next);

    const row = await rig.lifecycle.update('kv', next, { consent: 'all' });

    expect(row).toMatchObject({ version: '2.0.0', permissions: NET, awaitingConsent: [] });
    expect(await rig.store.versions('kv')).toMatchObject([{ permissions: NET }, { permissions: [] }]);
  });
});

// Helpers

async function roles(rig: Rig): Promise<readonly string[]> {
  return (await rig.store.versions('kv')).map(({ version, role }) => `${version} ${role}`);
}
