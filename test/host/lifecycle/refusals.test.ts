import { describe, expect, it } from 'vitest';
import { RuntimeError } from '../../../src/errors/index.ts';
import { createLifecycle } from '../../../src/host/lifecycle/index.ts';
import type { Lifecycle, LifecycleOptions } from '../../../src/host/lifecycle/index.ts';
import { resolveLifecycle } from '../../../src/host/lifecycle/lifecycle-options.ts';
import { createCapabilityRegistry } from '../../../src/host/permissions/index.ts';
import { bundle } from './fakes.ts';
import { createRig, createWorld, refusal } from './rig.ts';

describe('the options of a lifecycle', () => {
  it('have the documented defaults', () => {
    const parts = { host: {}, store: {}, artifacts: {}, dataRoot: '/data' };

    expect(resolveLifecycle(parts as unknown as LifecycleOptions)).toEqual({
      policy: {
        workTimeoutMs: 120_000,
        drainMs: 30_000,
        probationMs: 10_000,
        probeAfterMs: undefined,
        probeMs: 60_000,
        lease: { ttlMs: 15_000, renewMs: 5_000, retryMs: 1_000, marginMs: 3_000 },
        breaker: { limit: 5, windowMs: 600_000 },
      },
      storeTimeoutMs: 5_000,
      reconcileMs: 5_000,
      retainMs: 86_400_000,
      keptVersions: 5,
      cleanMs: 60_000,
      dependents: 'keep',
      atOnce: 4,
    });
  });

  it.each<[string, Partial<LifecycleOptions>]>([
    ['owner', { owner: '' }],
    ['owner', { owner: 'x'.repeat(257) }],
    ['owner', { owner: 'a\0b' }],
    ['formerOwners[1]', { formerOwners: ['host', 5 as never] }],
    ['formerOwners', { formerOwners: 'host' as never }],
    ['times', { times: null as never }],
    ['crashBudget', { crashBudget: 5 as never }],
    ['retention', { retention: [] as never }],
    ['breaker', { breaker: 'breaker' as never }],
    ['migrator', { migrator: (() => {}) as never }],
    ['capabilities', { capabilities: null as never }],
    ['config', { config: {} as never }],
    ['launch', { launch: 'quickly' as never }],
    ['times.leaseTtlMs', { times: { leaseTtlMs: 99 } }],
    ['times.leaseTtlMs', { times: { leaseTtlMs: 1000.5 } }],
    ['times.reconcileMs', { times: { reconcileMs: 0 } }],
    ['times.workTimeoutMs', { times: { workTimeoutMs: Number.NaN } }],
    ['times.storeTimeoutMs', { times: { storeTimeoutMs: 0 } }],
    ['times.drainMs', { times: { drainMs: -1 } }],
    ['times.probationMs', { times: { probationMs: -1 } }],
    ['crashBudget.probeAfterMs', { crashBudget: { probeAfterMs: 0 } }],
    ['crashBudget.probeMs', { crashBudget: { probeMs: 0 } }],
    ['crashBudget.limit', { crashBudget: { limit: 0 } }],
    ['retention.retainMs', { retention: { retainMs: -1 } }],
    ['retention.retainMs', { retention: { retainMs: 0.5 } }],
    ['retention.retainMs', { retention: { retainMs: Number.MAX_SAFE_INTEGER } }],
    ['retention.versions', { retention: { versions: -1 } }],
    ['atOnce', { atOnce: 0 }],
    ['times.cleanMs', { times: { cleanMs: 0 } }],
    ['dependents', { dependents: 'stop' as 'keep' }],
    ['host', { host: undefined as never }],
    ['store', { store: undefined as never }],
    ['artifacts', { artifacts: undefined as never }],
    ['dataRoot', { dataRoot: undefined as never }],
    ['dataRoot', { dataRoot: '' }],
  ])('are refused by "%s": %o', (field, options) => {
    const { store, artifacts, data } = createWorld();
    const host = { launch: async () => ({}), system: {} };
    const given = { host, store, artifacts, dataRoot: data, ...options };

    expect(() => createLifecycle(given as unknown as LifecycleOptions)).toThrow(
      expect.objectContaining({ code: 'INVALID_OPTIONS', field }),
    );
  });
});

describe('a lifecycle without a breaker', () => {
  it('leaves 5 crashes to the host, and writes none of them down', async () => {
    const rig = createRig({ breaker: undefined });
    await rig.install({}, true);

    const verdicts = [];
    for (let crash = 0; crash < 5; crash += 1) verdicts.push(await rig.crash());

    expect(verdicts.at(-1)).toBe('quarantine');
    expect(await rig.store.get('kv')).toMatchObject({ state: 'active', trips: [], rowVersion: 4 });
  });
});

describe('an operation on a plugin that nobody has', () => {
  it.each<[string, (lifecycle: Lifecycle) => Promise<unknown>]>([
    ['activate', (one) => one.activate('kv')],
    ['deactivate', (one) => one.deactivate('kv')],
    ['update', (one) => one.update('kv', bundle())],
    ['rollback', (one) => one.rollback('kv')],
    ['reset', (one) => one.reset('kv')],
    ['quarantine', (one) => one.quarantine('kv', { reason: 'no' })],
    ['uninstall', (one) => one.uninstall('kv')],
    ['consent', (one) => one.consent('kv', [])],
    ['get', (one) => one.get('kv')],
  ])('is PLUGIN_UNKNOWN for %s, which writes nothing and takes no lease', async (_, run) => {
    const rig = createRig();

    expect((await refusal(run(rig.lifecycle))).code).toBe('PLUGIN_UNKNOWN');

    expect([await rig.events(), rig.artifacts.digests]).toEqual([[], []]);
    expect(await rig.store.acquire('plugin/kv', 'somebody', 1_000)).toMatchObject({ token: 1 });
  });
});

describe('a plugin that waits for the rest of its uninstall', () => {
  it('is not activated, and is gone after a second uninstall', async () => {
    const rig = createRig();
    await rig.install();
    const { remove } = rig.artifacts;
    rig.artifacts.remove = () => new Promise(() => {});
    const first = refusal(rig.lifecycle.uninstall('kv'));
    await rig.pass(120_000);
    expect([(await first).code, await rig.state()]).toEqual(['OPERATION_TIMED_OUT', 'pending_uninstall']);
    rig.artifacts.remove = remove;

    const error = await refusal(rig.lifecycle.activate('kv'));
    await rig.lifecycle.uninstall('kv');

    expect(error).toMatchObject({ code: 'INVALID_TRANSITION', actual: 'pending_uninstall' });
    expect([await rig.state(), rig.plugins.processes]).toEqual(['absent', []]);
  });
});

describe('a capability that the host does not have', () => {
  const capabilities = createCapabilityRegistry();
  const asking = { permissions: { capabilities: ['audit.emit'] } };

  it('keeps a plugin from being installed, whoever consents, and nothing of it stays (G-20)', async () => {
    const rig = createRig({ capabilities });

    const error = await refusal(rig.lifecycle.install(bundle(asking), { consent: 'all' }));

    expect([error.code, error.details]).toEqual(['CAPABILITY_UNKNOWN', { plugin: 'kv', capabilities: ['audit.emit'] }]);
    expect([await rig.state(), await rig.events(), rig.artifacts.digests]).toEqual(['absent', [], []]);
  });

  it('keeps a plugin at its version (G-20)', async () => {
    const rig = createRig({ capabilities });
    await rig.install({}, true);

    const error = await refusal(
      rig.lifecycle.update('kv', bundle({ ...asking, version: '2.0.0' }), { consent: 'all' }),
    );

    expect(error.code).toBe('CAPABILITY_UNKNOWN');
    expect(await rig.store.get('kv')).toMatchObject({ state: 'active', version: '1.0.0' });
  });
});

describe('an update to a version that needs what is not there', () => {
  it('is refused with DEPENDENCY_MISSING, and the version before goes on (G-15)', async () => {
    const rig = createRig();
    await rig.install({}, true);

    const error = await refusal(
      rig.lifecycle.update('kv', bundle({ version: '2.0.0', depends: [{ name: 'disk', version: '^1.0.0' }] })),
    );

    expect([error.code, rig.plugins.live('kv').length]).toEqual(['DEPENDENCY_MISSING', 1]);
    expect(await rig.store.get('kv')).toMatchObject({ state: 'active', version: '1.0.0', failure: undefined });
  });
});

describe('a process that does not end', () => {
  it('keeps its plugin from being started a second time (G-07)', async () => {
    const rig = createRig();
    await rig.install({}, true);
    rig.plugins.script.resists = true;
    await refusal(rig.lifecycle.deactivate('kv'));

    const error = await refusal(rig.lifecycle.activate('kv'));

    expect(error).toMatchObject({ code: 'INVALID_TRANSITION', actual: 'errored' });
    expect(rig.plugins.processes).toHaveLength(1);
    expect(RuntimeError.from(error).code).toBe('INVALID_TRANSITION');
  });
});
