import { describe, expect, it } from 'vitest';
import { RuntimeError } from '../../../src/errors/index.ts';
import type { MigrationContext } from '../../../src/host/lifecycle/index.ts';
import { bundle } from './fakes.ts';
import { createRig, createWorld, refusal, until } from './rig.ts';
import type { Rig } from './rig.ts';

const SECRET = { net: ['example.org'] };

describe('update', () => {
  it('puts the new version in place of the old one, and keeps the old one for 24 h (G-11)', async () => {
    const rig = await active();

    const row = await until(rig.environment, rig.lifecycle.update('kv', bundle({ version: '2.0.0' })));

    expect(row).toMatchObject({ state: 'active', version: '2.0.0', failure: undefined });
    expect(await roles(rig)).toEqual(['2.0.0 active', '1.0.0 retained']);
    expect([running(rig), (await rig.events()).at(-1)]).toEqual([[row.digest], 'plugin.updated']);
    const [, old] = await rig.store.versions('kv');
    expect((old?.retainedUntil ?? 0) - (old?.retiredAt ?? 0)).toBe(86_400_000);
  });

  it('changes nothing, and says so, when the version is there already', async () => {
    const rig = await active();

    const row = await rig.lifecycle.update('kv', bundle());

    expect(row).toMatchObject({ state: 'active', version: '1.0.0' });
    expect([(await rig.events()).at(-1), rig.plugins.processes.length]).toEqual(['plugin.update.noop', 1]);
  });

  it('leaves the old version serving when the new one does not start', async () => {
    const rig = await active();
    const before = await rig.store.get('kv');
    rig.plugins.script.launchError = new RuntimeError('PROBE_FAILED', 'no answer');

    const error = await refusal(rig.lifecycle.update('kv', bundle({ version: '2.0.0' })));

    expect([error.code, running(rig)]).toEqual(['PROBE_FAILED', [before?.digest]]);
    expect(await rig.store.get('kv')).toMatchObject({ state: 'active', version: '1.0.0', failure: undefined });
    expect(await roles(rig)).toEqual(['2.0.0 retired', '1.0.0 active']);
  });

  it.each(['stage', 'verify'] as const)('leaves everything as it was when the step %s fails', async (step) => {
    const rig = await active();
    const error = new RuntimeError('BUNDLE_INVALID', 'no');
    if (step === 'stage') rig.artifacts.fail('stage', error);
    else rig.plugins.script.verifyError = error;

    expect(await refusal(rig.lifecycle.update('kv', bundle({ version: '2.0.0' })))).toBe(error);

    expect([await rig.state(), rig.plugins.live('kv').length]).toEqual(['active', 1]);
    expect((await rig.events()).at(-1)).toBe('plugin.update.failed');
  });

  it('goes back to the old version when the new one fails within its probation of 10 s', async () => {
    const rig = await active();
    const before = await rig.store.get('kv');
    const update = rig.lifecycle.update('kv', bundle({ version: '2.0.0' }));
    update.catch(() => {});
    await rig.pass(5_000);
    expect(rig.plugins.live('kv')).toHaveLength(2);

    rig.plugins.failNext('kv');
    const error = await refusal(until(rig.environment, update));

    expect([error.code, running(rig)]).toEqual(['PROBATION_FAILED', [before?.digest]]);
    expect(await rig.store.get('kv')).toMatchObject({ state: 'active', version: '1.0.0' });
  });

  it('changes the version of a plugin at rest without starting it', async () => {
    const rig = createRig();
    await rig.install();

    const row = await rig.lifecycle.update('kv', bundle({ version: '2.0.0' }));

    expect(row).toMatchObject({ state: 'installed', version: '2.0.0' });
    expect([rig.plugins.processes.length, await roles(rig)]).toEqual([0, ['2.0.0 active', '1.0.0 retained']]);
  });

  it('is refused for a version below the highest ever installed, unless that is allowed', async () => {
    const rig = createRig();
    await rig.install({ version: '2.0.0' });

    expect((await refusal(rig.lifecycle.update('kv', bundle({ version: '1.9.9' })))).code).toBe('DOWNGRADE_REFUSED');
    const row = await rig.lifecycle.update('kv', bundle({ version: '1.9.9' }), { allowDowngrade: true });
    await rig.lifecycle.uninstall('kv');

    expect(row.version).toBe('1.9.9');
    expect((await refusal(rig.lifecycle.install(bundle({ version: '1.9.9' })))).code).toBe('DOWNGRADE_REFUSED');
  });

  it('is refused when a plugin that runs needs a version that the new one is not (G-15)', async () => {
    const rig = await active();
    await rig.install({ name: 'app', depends: [{ name: 'kv', version: '^1.0.0' }] }, true);

    const error = await refusal(rig.lifecycle.update('kv', bundle({ version: '2.0.0' })));

    expect([error.code, error.rawMessage]).toEqual([
      'DEPENDENCY_INCOMPATIBLE',
      'version 2.0.0 of plugin "kv" does not fit "app"',
    ]);
    expect(await rig.store.get('kv')).toMatchObject({ state: 'active', version: '1.0.0' });
  });

  it('migrates before the new version starts, and back when it fails (G-15)', async () => {
    const calls: string[] = [];
    const migrator = {
      up: async ({ from, to }: { from: unknown; to: unknown }) => void calls.push(`up ${String(from)} ${String(to)}`),
      down: async ({ from, to }: { from: unknown; to: unknown }) =>
        void calls.push(`down ${String(from)} ${String(to)}`),
    };
    const rig = createRig({ migrator });
    await rig.install({}, true);
    rig.plugins.script.verifyError = new RuntimeError('PROBE_FAILED', 'no');

    await refusal(rig.lifecycle.update('kv', bundle({ version: '2.0.0' })));

    expect(calls).toEqual(['up undefined 1.0.0', 'up 1.0.0 2.0.0', 'down 2.0.0 1.0.0']);
  });
});

describe('migrations', () => {
  it('go down on a rollback, by the files of the newer version, and up again when that fails', async () => {
    const calls: string[] = [];
    const told = (way: string, { from, to, directory }: MigrationContext): void =>
      void calls.push(`${way} ${from} ${to} ${directories.get(directory) ?? directory}`);
    const directories = new Map<string, string>();
    const rig = createRig({
      migrator: { up: async (context) => told('up', context), down: async (context) => told('down', context) },
    });
    await rig.install({}, true);
    await until(rig.environment, rig.lifecycle.update('kv', bundle({ version: '2.0.0' })));
    for (const { version, digest } of await rig.store.versions('kv')) {
      directories.set((await rig.artifacts.open(digest)).directory, version);
    }
    calls.length = 0;

    rig.plugins.script.verifyError = new RuntimeError('PROBE_FAILED', 'no');
    await refusal(rig.lifecycle.rollback('kv'));
    rig.plugins.script.verifyError = undefined;
    await until(rig.environment, rig.lifecycle.rollback('kv'));

    expect(calls).toEqual(['down 2.0.0 1.0.0 2.0.0', 'up 1.0.0 2.0.0 2.0.0', 'down 2.0.0 1.0.0 2.0.0']);
  });
});

describe('consent', () => {
  it('is waited for when a version asks for more that is sensitive, and nothing changes until then', async () => {
    const rig = await active();

    const row = await rig.lifecycle.update('kv', bundle({ version: '2.0.0', permissions: SECRET }));

    expect(row).toMatchObject({
      state: 'active',
      version: '1.0.0',
      awaitingConsent: ['net:example.org'],
      permissions: [],
    });
    expect([rig.plugins.live('kv').length, await roles(rig)]).toEqual([1, ['2.0.0 staged', '1.0.0 active']]);
  });

  it('lets the version that waited take over', async () => {
    const rig = await active();
    await rig.lifecycle.update('kv', bundle({ version: '2.0.0', permissions: SECRET }));

    const row = await until(rig.environment, rig.lifecycle.consent('kv', ['net:example.org']));

    expect(row).toMatchObject({
      state: 'active',
      version: '2.0.0',
      awaitingConsent: [],
      permissions: ['net:example.org'],
    });
  });

  it('given to something else is refused with CONSENT_REQUIRED', async () => {
    const rig = await active();
    await rig.lifecycle.update('kv', bundle({ version: '2.0.0', permissions: SECRET }));

    expect((await refusal(rig.lifecycle.consent('kv', ['net:example.com']))).code).toBe('CONSENT_REQUIRED');
  });

  it('given to a version that was looked at is refused with CONSENT_OUTDATED when another one waits', async () => {
    const rig = await active();
    await rig.lifecycle.update('kv', bundle({ version: '2.0.0', permissions: SECRET }));
    const shown = (await rig.store.versions('kv'))[0]?.digest;
    await rig.lifecycle.update('kv', bundle({ version: '3.0.0', permissions: SECRET }));
    const waits = (await rig.store.versions('kv')).find(({ role }) => role === 'staged')?.digest;

    const refused = await refusal(rig.lifecycle.consent('kv', ['net:example.org'], { digest: shown }));
    const row = await until(rig.environment, rig.lifecycle.consent('kv', ['net:example.org'], { digest: waits }));

    expect(refused).toMatchObject({ code: 'CONSENT_OUTDATED', details: { version: '3.0.0', digest: waits } });
    expect(row).toMatchObject({ version: '3.0.0', permissions: ['net:example.org'] });
  });

  it('is not waited for any more when the next version asks for nothing (race 17)', async () => {
    const rig = await active();
    await rig.lifecycle.update('kv', bundle({ version: '2.0.0', permissions: SECRET }));

    await until(rig.environment, rig.lifecycle.update('kv', bundle({ version: '3.0.0' })));

    expect(await rig.store.get('kv')).toMatchObject({ version: '3.0.0', awaitingConsent: [] });
    expect((await refusal(rig.lifecycle.consent('kv', ['net:example.org']))).code).toBe('CONSENT_UNKNOWN');
    expect([await roles(rig), rig.artifacts.digests.length]).toEqual([['3.0.0 active', '1.0.0 retained'], 2]);
  });

  it('is needed before a plugin that was installed without it can start', async () => {
    const rig = createRig();
    const row = await rig.lifecycle.install(bundle({ permissions: SECRET }), { activate: true });

    expect(row).toMatchObject({ state: 'installed', awaitingConsent: ['net:example.org'], permissions: [] });
    expect((await refusal(rig.lifecycle.activate('kv'))).code).toBe('CONSENT_REQUIRED');
    await rig.lifecycle.consent('kv', ['net:example.org']);
    expect(await rig.lifecycle.activate('kv')).toMatchObject({ state: 'active', permissions: ['net:example.org'] });
  });
});

describe('rollback', () => {
  it('brings the version before back with its own manifest and permissions (G-13)', async () => {
    const rig = await active({ permissions: { worker: true } });
    const first = await rig.store.get('kv');
    await until(rig.environment, rig.lifecycle.update('kv', bundle({ version: '2.0.0' })));

    const row = await until(rig.environment, rig.lifecycle.rollback('kv'));

    const { version, manifest, digest, permissions } = row;
    expect({ version, manifest, digest, permissions }).toEqual({
      version: '1.0.0',
      manifest: first?.manifest,
      digest: first?.digest,
      permissions: ['worker'],
    });
    expect([running(rig), (await rig.events()).at(-1)]).toEqual([[row.digest], 'plugin.rollback']);
  });

  it('goes back and forward 20 times, each time with one instance (G-12, P12)', async () => {
    const rig = await active();
    await until(rig.environment, rig.lifecycle.update('kv', bundle({ version: '2.0.0' })));
    const seen: string[] = [];

    for (let round = 0; round < 20; round++) {
      const row = await until(rig.environment, rig.lifecycle.rollback('kv'));
      seen.push(`${row.version} ${row.state} ${rig.plugins.live('kv').length} ${running(rig)[0] === row.digest}`);
    }

    expect(seen).toEqual(
      Array.from({ length: 20 }, (_, round) => `${round % 2 === 0 ? '1.0.0' : '2.0.0'} active 1 true`),
    );
    expect(await rig.store.versions('kv')).toHaveLength(2);
  });

  it('leads to the version that served last, also after one to an older version has failed', async () => {
    const rig = await active();
    for (const version of ['2.0.0', '3.0.0']) {
      await until(rig.environment, rig.lifecycle.update('kv', bundle({ version })));
    }
    await rig.pass(1);
    rig.plugins.script.verifyError = new RuntimeError('PROBE_FAILED', 'no');
    await refusal(rig.lifecycle.rollback('kv', { version: '1.0.0' }));
    rig.plugins.script.verifyError = undefined;

    const row = await until(rig.environment, rig.lifecycle.rollback('kv'));

    expect(row).toMatchObject({ state: 'active', version: '2.0.0' });
  });

  it('is ROLLBACK_UNAVAILABLE when nothing, or not the named version, is kept', async () => {
    const rig = await active();

    expect((await refusal(rig.lifecycle.rollback('kv'))).code).toBe('ROLLBACK_UNAVAILABLE');
    await until(rig.environment, rig.lifecycle.update('kv', bundle({ version: '2.0.0' })));

    expect((await refusal(rig.lifecycle.rollback('kv', { version: '1.5.0' }))).rawMessage).toBe(
      'no version 1.5.0 of plugin "kv" is kept; kept are 1.0.0',
    );
    expect(await rig.state()).toBe('active');
  });

  it('is ROLLBACK_UNAVAILABLE when the time of the version before is over', async () => {
    const rig = await active({}, { retention: { retainMs: 60_000 } });
    await until(rig.environment, rig.lifecycle.update('kv', bundle({ version: '2.0.0' })));

    await rig.pass(60_000);

    expect((await refusal(rig.lifecycle.rollback('kv'))).code).toBe('ROLLBACK_UNAVAILABLE');
  });
});

describe('retention', () => {
  it('keeps 2 versions besides the present one when that is wanted, and removes the files of the others (G-14)', async () => {
    const rig = await active({}, { retention: { versions: 2 } });

    for (const version of ['2.0.0', '3.0.0', '4.0.0', '5.0.0']) {
      await until(rig.environment, rig.lifecycle.update('kv', bundle({ version })));
    }

    expect([await roles(rig), rig.artifacts.digests.length]).toEqual([
      ['5.0.0 active', '4.0.0 retained', '3.0.0 retained'],
      3,
    ]);
  });
});

describe('a host that ends in the middle of an update', () => {
  it('leaves the old version to the next one, which starts it', async () => {
    const world = createWorld();
    const first = createRig({ world });
    await first.install({}, true);
    const update = first.lifecycle.update('kv', bundle({ version: '2.0.0' }));
    update.catch(() => {});
    await first.pass(3_000);
    expect(await first.state()).toBe('updating');
    await first.die();
    await first.pass(20_000);

    const second = createRig({ world });
    const report = await until(world.environment, second.lifecycle.boot());

    expect(report).toMatchObject({ started: ['kv'], recovered: [{ plugin: 'kv', from: 'updating', to: 'active' }] });
    expect(await second.store.get('kv')).toMatchObject({ state: 'active', version: '1.0.0', failure: undefined });
    expect(await roles(second)).toEqual(['2.0.0 retired', '1.0.0 active']);
  });
});

// Helpers

async function active(parts = {}, options: Parameters<typeof createRig>[0] = {}): Promise<Rig> {
  const rig = createRig(options);
  await rig.install(parts, true);
  return rig;
}

/** Digests of the versions that run. */
function running(rig: Rig): readonly (string | undefined)[] {
  return rig.plugins.live('kv').map(({ cwd }) => /[0-9a-f]{64}/.exec(cwd)?.[0]);
}

async function roles(rig: Rig): Promise<readonly string[]> {
  return (await rig.store.versions('kv')).map(({ version, role }) => `${version} ${role}`);
}
