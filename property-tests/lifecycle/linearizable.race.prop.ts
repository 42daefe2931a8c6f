import { fc, test } from '@fast-check/vitest';
import { afterAll, describe, expect, it } from 'vitest';
import { isRuntimeError, RuntimeError } from '../../src/errors/index.ts';
import type { LifecycleState, PluginRow } from '../../src/ports/lifecycle-store.ts';
import { explore, recordHistory } from '../../src/testing/index.ts';
import type { Scenario } from '../../src/testing/index.ts';
import { bundle } from '../../test/host/lifecycle/fakes.ts';
import { testScale } from '../../test/setup/size.ts';
import { raceSize } from '../races/race-size.ts';
import { historyProblem, START_FAILED } from './lifecycle-history.ts';
import type { Answer, Operation } from './lifecycle-history.ts';
import { lifecycleScenario } from './lifecycle-scenario.ts';
import type { HostUnderRace, StoreUnderRace } from './lifecycle-scenario.ts';

const VERSIONS = ['1.0.0', '2.0.0', '3.0.0'];
/** Nothing but the probation of a version is a matter of time here. */
const TIMES = {
  leaseTtlMs: 1_000_000,
  storeTimeoutMs: 1_000_000,
  workTimeoutMs: 1_000_000,
  reconcileMs: 1_000_000,
  drainMs: 1,
  probationMs: 1,
};
/** Of each program. */
const SCHEDULES = 2;
const seen = new Set<string>();

afterAll(() => {
  if (testScale().runs >= 100) {
    const operations = ['install', 'activate', 'deactivate', 'quarantine', 'reset', 'uninstall', 'update', 'rollback'];
    const refusals = ['NAME_TAKEN', 'PLUGIN_UNKNOWN', 'PLUGIN_ELSEWHERE', 'ROLLBACK_UNAVAILABLE', START_FAILED];
    const wanted = [...operations.map((name) => `${name} done`), ...refusals, 'under way', 'not allowed'];
    expect([...seen]).toEqual(expect.arrayContaining(wanted));
  }
});

/** One thing that a client does; `break` and `mend` decide whether the host can start anything. */
interface Wish {
  readonly operation: Operation | 'break' | 'mend';
  readonly version: string;
}

interface Program {
  /** Of the schedules. */
  readonly seed: number;
  readonly hosts: number;
  readonly begun: 'absent' | 'installed' | 'active';
  readonly clients: readonly { readonly host: number; readonly wishes: readonly Wish[] }[];
}

describe('the histories of clients that do things to one plugin', () => {
  test.prop([program()])(
    'P9: could have happened one after the other, and an active plugin has one instance',
    async (given) => {
      const result = await explore(scenarioOf(given), {
        schedules: SCHEDULES,
        seed: given.seed,
        limitMs: 60_000,
        maxSteps: 50_000,
        earlyTimers: 2,
        shrinkTries: 20,
      });

      expect(result.schedules).toBeGreaterThan(0);
    },
  );
});

/** Each begins whenever the schedule chooses, also in the middle of what puts the chart of the plugin away. */
const AROUND_AN_END: Program = {
  seed: 0,
  hosts: 1,
  begun: 'installed',
  clients: [
    ['uninstall', 'install'],
    ['install', 'activate'],
    ['activate', 'deactivate', 'uninstall'],
    ['install'],
  ].map((operations) => ({
    host: 0,
    wishes: (operations as Operation[]).map((operation) => ({ operation, version: '1.0.0' })),
  })),
};

describe('work for a plugin that is being put away', () => {
  it('is done, or refused for what was so, and never lost with its chart (race 18)', async () => {
    const result = await explore(scenarioOf(AROUND_AN_END), { ...raceSize(80), limitMs: 60_000, maxSteps: 50_000 });

    expect(result.distinct).toBeGreaterThan(40);
  });
});

// Helpers

function scenarioOf({ hosts, begun, clients }: Program): Scenario<StoreUnderRace> {
  let recorder = recordHistory({ outputOf: refusalOf });
  return lifecycleScenario({
    name: 'clients of one plugin',
    isUpdating: true,
    races({ client }, world) {
      recorder = recordHistory({ outputOf: refusalOf });
      const all = Array.from({ length: hosts }, () => world.host({ times: TIMES }));
      const { promise: isReady, resolve } = Promise.withResolvers<void>();
      const act = async (name: string, number: number, { operation, version }: Wish): Promise<void> => {
        const host = all[number];
        if (host === undefined) return;
        if (operation === 'break' || operation === 'mend') {
          const error = new RuntimeError(START_FAILED, 'no answer');
          host.plugins.script.launchError = operation === 'break' ? error : undefined;
          return;
        }
        const asked = { host: number, version };
        await recorder.call(name, operation, asked, () => run(host, operation, version)).catch(() => {});
      };
      const first = { version: '1.0.0' };
      client('owner', async () => {
        if (begun !== 'absent') await act('owner', 0, { operation: 'install', ...first });
        if (begun === 'active') await act('owner', 0, { operation: 'activate', ...first });
        resolve();
      });
      for (const [index, { host, wishes }] of clients.entries()) {
        const name = `client-${index}`;
        client(name, () => isReady, ...wishes.map((wish) => () => act(name, host % hosts, wish)));
      }
    },
    // Whenever nobody waits for anything, what runs is what the row says.
    invariant: ({ rows, hosts: all }) => {
      const row = rows.get('kv');
      const live = all.reduce((sum, { plugins }) => sum + plugins.live('kv').length, 0);
      if (row?.state === 'active' && live === 0) return 'it is active, and nothing runs';
      const isQuiet = recorder.history.every(({ returnedAt }) => returnedAt !== undefined);
      if (!isQuiet || live === (row?.state === 'active' ? 1 : 0)) return true;
      return `it is ${row?.state ?? 'absent'}, and ${live} instances run`;
    },
    check: ({ rows }) => {
      for (const { operation, output } of recorder.history) note(operation, output as Answer);
      const { state = 'absent', version } = rows.get('kv') ?? {};
      return historyProblem(recorder.history, { state, version }) ?? true;
    },
  });
}

async function run({ lifecycle }: HostUnderRace, operation: Operation, version: string): Promise<Answer> {
  const row = await ((): Promise<PluginRow | void> => {
    switch (operation) {
      case 'install':
        return lifecycle.install(bundle({ version }));
      case 'update':
        return lifecycle.update('kv', bundle({ version }));
      case 'quarantine':
        return lifecycle.quarantine('kv', { reason: 'no' });
      default:
        return lifecycle[operation]('kv');
    }
  })();
  return { kind: 'done', state: row?.state ?? 'absent', version: row?.version };
}

function refusalOf(error: unknown): Answer {
  if (!isRuntimeError(error)) return { kind: 'refused', code: String(error), actual: undefined, underWay: undefined };
  const { code, details } = error;
  const actual = (details['actual'] ?? details['state']) as LifecycleState | 'absent' | undefined;
  return { kind: 'refused', code, actual, underWay: details['underWay'] as string | undefined };
}

function note(operation: string, answer: Answer): void {
  if (answer.kind === 'done') seen.add(`${operation} done`);
  else if (answer.code !== 'INVALID_TRANSITION') seen.add(answer.code);
  else seen.add(answer.underWay === undefined ? 'not allowed' : 'under way');
}

function program(): fc.Arbitrary<Program> {
  const operation = fc.constantFrom<Wish['operation'][]>(
    'install',
    'activate',
    'activate',
    'deactivate',
    'quarantine',
    'reset',
    'uninstall',
    'update',
    'update',
    'rollback',
    'break',
    'mend',
  );
  const wish = fc.record({ operation, version: fc.constantFrom(...VERSIONS) });
  const client = fc.record({
    host: fc.constantFrom(0, 1),
    wishes: fc.array(wish, { minLength: 1, maxLength: 4, size: 'max' }),
  });
  return fc.record({
    seed: fc.nat(),
    hosts: fc.constantFrom(1, 1, 2),
    begun: fc.constantFrom<Program['begun'][]>('absent', 'installed', 'active'),
    clients: fc.array(client, { minLength: 2, maxLength: 4, size: 'max' }),
  });
}
