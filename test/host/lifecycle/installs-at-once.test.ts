import { describe, expect, it } from 'vitest';
import type { RuntimeError } from '../../../src/errors/index.ts';
import { PatientArtifacts } from '../../../src/host/lifecycle/patient-artifacts.ts';
import type { PluginRow } from '../../../src/ports/lifecycle-store.ts';
import { bundle } from './fakes.ts';
import { createRig, createWorld, refusal, until } from './rig.ts';

describe('installs of the same files at once', () => {
  it.each([1, 4, 10])('leave 1 plugin with its files, with a store that takes %i ms', async (delayMs) => {
    const world = createWorld();
    const { clock } = world.environment;
    for (const method of ['get', 'versions', 'commit', 'acquire'] as const) slow(method);
    const rig = createRig({ world });

    const installs = Array.from({ length: 4 }, () => rig.lifecycle.install(bundle()).then(stateOf, codeOf));
    const outcomes = await until(rig.environment, Promise.all(installs), 1);

    expect([
      outcomes.filter((one) => one === 'installed').length,
      await until(rig.environment, rig.state(), 1),
    ]).toEqual([1, 'installed']);
    expect(new Set(outcomes)).toEqual(new Set(['installed', 'INVALID_TRANSITION']));
    expect(rig.artifacts.digests).toHaveLength(1);
    expect(await until(rig.environment, rig.lifecycle.activate('kv'))).toHaveProperty('state', 'active');

    function slow(method: 'get' | 'versions' | 'commit' | 'acquire'): void {
      const { store } = world;
      const original = store[method].bind(store) as (...given: unknown[]) => Promise<unknown>;
      const delayed = async (...given: unknown[]): Promise<unknown> => {
        await new Promise<void>((resolve) => clock.setTimeout(resolve, delayMs));
        return original(...given);
      };
      Object.assign(store, { [method]: delayed });
    }
  });
});

describe('an install that is refused', () => {
  it('leaves no files when nobody else installs the same', async () => {
    const rig = createRig();
    await rig.install({ version: '2.0.0' });

    expect((await refusal(rig.lifecycle.install(bundle({ version: '3.0.0' })))).code).toBe('NAME_TAKEN');

    expect(rig.artifacts.digests).toHaveLength(1);
  });

  it('leaves the files alone that an update under way has fetched', async () => {
    const rig = createRig();
    await rig.install({}, true);
    const update = rig.lifecycle.update('kv', bundle({ version: '2.0.0' }));
    update.catch(() => {});
    await rig.pass(1_000);

    const { code: busy } = await refusal(rig.lifecycle.install(bundle({ version: '2.0.0' })));
    const row = await until(rig.environment, update);

    expect([busy, row.version]).toEqual(['INVALID_TRANSITION', '2.0.0']);
    expect(rig.artifacts.digests).toContain(row.digest);
  });
});

describe('an install whose files go with an uninstall of the same', () => {
  it('fetches them again, and leaves a plugin that starts', async () => {
    const rig = createRig();
    await rig.install();
    const { promise: isGone, resolve } = Promise.withResolvers<void>();
    // The files are found where they are, and it takes until after the uninstall to say so.
    const { stage } = rig.artifacts;
    const found = await stage(bundle());
    Object.assign(rig.artifacts, { stage: () => isGone.then(() => found) });
    const install = rig.lifecycle.install(bundle());
    await until(rig.environment, rig.lifecycle.uninstall('kv'));
    Object.assign(rig.artifacts, { stage });
    resolve();

    const row = await until(rig.environment, install);

    expect([row.state, rig.artifacts.digests]).toEqual(['installed', [row.digest]]);
    expect(await until(rig.environment, rig.lifecycle.activate('kv'))).toHaveProperty('state', 'active');
  });
});

describe('files that a refused install has fetched', () => {
  it('stay while another install holds them, or while something is staged', async () => {
    const { environment, artifacts } = createWorld();
    const stopping = new AbortController().signal;
    const patient = new PatientArtifacts(artifacts, { clock: environment.clock, timeoutMs: 1_000, stopping });
    const { digest } = await patient.stageHeld(bundle(), {});
    await patient.stageHeld(bundle(), {});

    patient.release(digest);
    await patient.removeUnheld(digest);
    expect(artifacts.digests).toEqual([digest]);
    patient.release(digest);
    const staging = patient.stage(bundle());
    await patient.removeUnheld(digest);
    expect(artifacts.digests).toEqual([digest]);

    await staging;
    await patient.removeUnheld(digest);
    expect(artifacts.digests).toEqual([]);
  });
});

// Helpers

function stateOf({ state }: PluginRow): string {
  return state;
}

function codeOf({ code }: RuntimeError): string {
  return code;
}
