import { describe, expect, it } from 'vitest';
import { bundle } from './fakes.ts';
import { createRig, refusal, until } from './rig.ts';

/** The end of an uninstall is within the 100 turns after this one. */
const FIRST_TURN = 60;

describe('a name that becomes free', () => {
  it('is taken or refused in each of the 100 turns around the end of its uninstall, and never lost (race 18)', async () => {
    const seen = new Set<string>();
    for (let turns = 0; turns < 100; turns += 1) {
      const rig = createRig();
      await rig.install();
      const gone = rig.lifecycle.uninstall('kv');

      for (let turn = 0; turn < turns + FIRST_TURN; turn += 1) await Promise.resolve();
      const taken = await until(
        rig.environment,
        rig.lifecycle.install(bundle()).then(
          ({ state }) => state,
          ({ code }: { code: string }) => code,
        ),
      );
      await gone;

      const state = await rig.state();
      const next = await rig.lifecycle.activate('kv').then(
        (row) => row.state,
        ({ code }: { code: string }) => code,
      );
      seen.add(`${taken}, then ${state}, then ${next}`);
    }

    expect([...seen].toSorted()).toEqual([
      'INVALID_TRANSITION, then absent, then PLUGIN_UNKNOWN',
      'installed, then installed, then active',
    ]);
  });
});

describe('a version whose time is over', () => {
  it('is removed with its files by the next update, which keeps the one before it (G-14)', async () => {
    const rig = createRig({ retention: { retainMs: 60_000 } });
    await rig.install({}, true);
    await until(rig.environment, rig.lifecycle.update('kv', bundle({ version: '2.0.0' })));
    await rig.pass(60_000);

    const row = await until(rig.environment, rig.lifecycle.update('kv', bundle({ version: '3.0.0' })));

    const versions = await rig.store.versions('kv');
    expect(versions.map(({ version, role }) => `${version} ${role}`)).toEqual(['3.0.0 active', '2.0.0 retained']);
    expect(rig.artifacts.digests).toEqual(versions.map(({ digest }) => digest).toSorted());
    expect(row.version).toBe('3.0.0');
    expect((await refusal(rig.lifecycle.rollback('kv', { version: '1.0.0' }))).code).toBe('ROLLBACK_UNAVAILABLE');
  });
});
