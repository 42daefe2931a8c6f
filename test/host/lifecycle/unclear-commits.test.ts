import { describe, expect, it } from 'vitest';
import { RuntimeError } from '../../../src/errors/index.ts';
import type { CommitOutcome, LifecycleCommit } from '../../../src/ports/lifecycle-store.ts';
import { bundle } from './fakes.ts';
import { createRig, until } from './rig.ts';
import type { Rig } from './rig.ts';

describe('the last commit of an update that is made, and never answered', () => {
  it('is not undone by a stop: the data stays that of version 2.0.0, which the row names', async () => {
    const ways: string[] = [];
    const migrator = {
      up: async ({ to }: { to: string | undefined }) => void ways.push(`up to ${to}`),
      down: async ({ to }: { to: string | undefined }) => void ways.push(`down to ${to}`),
    };
    const rig = createRig({ migrator, times: { probationMs: 1_000 } });
    await rig.install({}, true);
    const update = rig.lifecycle.update('kv', bundle({ version: '2.0.0' })).catch(() => {});
    const { promise: isMade, resolve } = Promise.withResolvers<void>();
    replaceCommit(rig, async (commit, given) => {
      await commit(given);
      resolve();
      return new Promise(() => {});
    });
    await until(rig.environment, isMade);

    await until(rig.environment, rig.lifecycle.stop());
    await update;

    expect(await rig.store.get('kv')).toMatchObject({ state: 'active', version: '2.0.0' });
    expect(ways).toEqual(['up to 1.0.0', 'up to 2.0.0']);
    expect(rig.plugins.live()).toEqual([]);
  });
});

describe('a commit of the housekeeping', () => {
  it('of which the store does not say what became leaves the plugin 1 instance, the same as before', async () => {
    const rig = createRig({ retention: { retainMs: 1_000 }, times: { probationMs: 1_000 } });
    await rig.lifecycle.boot();
    await rig.install({}, true);
    await until(rig.environment, rig.lifecycle.update('kv', bundle({ version: '2.0.0' })));
    const before = rig.plugins.live('kv');
    let refused = 0;
    const refuse = async (): Promise<never> => {
      refused += 1;
      throw new RuntimeError('STORE_UNWRITABLE', 'the server only reads');
    };
    const { commit, committed } = rig.store;
    Object.assign(rig.store, { commit: refuse, committed: refuse });
    await rig.pass(70_000);
    Object.assign(rig.store, { commit, committed });

    expect(refused).toBeGreaterThanOrEqual(2);
    expect(rig.plugins.live('kv')).toEqual(before);
    await rig.pass(70_000);
    expect(await rig.events()).toContain('plugin.versions.removed');
  });
});

// Helpers

type Commit = (given: LifecycleCommit) => Promise<CommitOutcome>;

/** Replaces how the commit is made that names another version. */
function replaceCommit(rig: Rig, work: (commit: Commit, given: LifecycleCommit) => Promise<CommitOutcome>): void {
  const commit = rig.store.commit.bind(rig.store);
  rig.store.commit = (given) => {
    const isLast = given.row?.kind === 'update' && given.row.change.version !== undefined;
    return isLast ? work(commit, given) : commit(given);
  };
}
