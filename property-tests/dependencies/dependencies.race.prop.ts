import { fc, test } from '@fast-check/vitest';
import { afterAll, describe, expect } from 'vitest';
import type { PluginSource } from '../../src/host/lifecycle/index.ts';
import type { DependentsPolicy } from '../../src/policy/index.ts';
import type { PluginRow } from '../../src/ports/lifecycle-store.ts';
import { explore } from '../../src/testing/index.ts';
import type { Scenario } from '../../src/testing/index.ts';
import { bundle } from '../../test/host/lifecycle/fakes.ts';
import { testScale } from '../../test/setup/size.ts';
import { attempt, lifecycleScenario } from '../lifecycle/lifecycle-scenario.ts';
import type { StoreUnderRace } from '../lifecycle/lifecycle-scenario.ts';

const NAMES = ['base', 'mail', 'shop'];
const VERSIONS = ['1.0.0', '2.0.0'];
/** Nothing but the probation of a version is a matter of time here. */
const TIMES = {
  leaseTtlMs: 1_000_000,
  storeTimeoutMs: 1_000_000,
  workTimeoutMs: 1_000_000,
  reconcileMs: 1_000_000,
  drainMs: 1,
  probationMs: 1,
};
const seen = new Set<string>();

afterAll(() => {
  if (testScale().runs >= 100) {
    const refusals = ['DEPENDENCY_MISSING', 'DEPENDENCY_INACTIVE', 'DEPENDENCY_INCOMPATIBLE', 'DEPENDENTS_ACTIVE'];
    const done = ['activate', 'deactivate', 'update', 'quarantine', 'uninstall'].map((name) => `${name} done`);
    expect([...seen]).toEqual(expect.arrayContaining([...done, ...refusals, 'degraded']));
  }
});

interface Need {
  readonly name: string;
  readonly version: string;
  readonly optional: boolean;
}

/** What each version of each plugin needs. */
type Graph = Readonly<Record<string, Readonly<Record<string, readonly Need[]>>>>;

interface Wish {
  readonly operation:
    | 'install'
    | 'activate'
    | 'deactivate'
    | 'update'
    | 'rollback'
    | 'quarantine'
    | 'reset'
    | 'uninstall';
  readonly plugin: string;
  readonly version: string;
  readonly dependents: DependentsPolicy;
}

interface Program {
  /** Of the schedules. */
  readonly seed: number;
  readonly hosts: number;
  readonly graph: Graph;
  readonly policy: 'keep' | 'deactivate';
  readonly clients: readonly (readonly Wish[])[];
}

describe('plugins that need each other, in any order of what happens', () => {
  test.prop([program()])(
    'P15: are never active without what they need, unless the audit says that somebody chose that',
    async (given) => {
      const result = await explore(scenarioOf(given), {
        schedules: 1,
        seed: given.seed,
        limitMs: 30_000,
        maxSteps: 50_000,
        earlyTimers: 1,
        shrinkTries: 20,
      });

      expect(result.schedules).toBe(1);
    },
  );
});

// Helpers

function scenarioOf({ hosts, graph, policy, clients }: Program): Scenario<StoreUnderRace> {
  const isIgnored = ({ operation, dependents }: Wish): boolean => operation === 'deactivate' && dependents === 'ignore';
  const ignored = new Set(clients.flat().flatMap((wish) => (isIgnored(wish) ? [wish.plugin] : [])));
  return lifecycleScenario({
    name: 'plugins that need each other',
    isUpdating: true,
    races({ client }, world) {
      const all = Array.from({ length: hosts }, () => world.host({ dependents: policy, times: TIMES }));
      const { promise: isReady, resolve } = Promise.withResolvers<void>();
      client('owner', async () => {
        for (const plugin of NAMES) {
          const source = filesOf(graph, plugin, '1.0.0');
          await attempt(world, 'begin', () => all[0]?.lifecycle.install(source, { activate: true }) ?? isReady);
        }
        resolve();
      });
      for (const [index, wishes] of clients.entries()) {
        const { lifecycle } = all[index % hosts] ?? {};
        if (lifecycle === undefined) continue;
        const steps = wishes.map(({ operation, plugin, version, dependents }) => (): Promise<void> => {
          const run = (): Promise<unknown> => {
            switch (operation) {
              case 'install':
                return lifecycle.install(filesOf(graph, plugin, version), { allowDowngrade: true });
              case 'update':
                return lifecycle.update(plugin, filesOf(graph, plugin, version), { allowDowngrade: true });
              case 'deactivate':
              case 'uninstall':
                return lifecycle[operation](plugin, { dependents });
              case 'quarantine':
                return lifecycle.quarantine(plugin, { reason: 'no' });
              default:
                return lifecycle[operation](plugin);
            }
          };
          return attempt(world, operation, run);
        });
        client(`client-${index}`, () => isReady, ...steps);
      }
    },
    invariant: (world) => unmetProblem(world, ignored) ?? true,
    check: (world) => {
      for (const outcome of world.outcomes) seen.add(outcome).add(outcome.split(' ')[1] ?? '');
      // What another host runs is that one's business.
      const isToEnd = policy === 'deactivate' && hosts === 1;
      return unmetProblem(world, new Set()) ?? (isToEnd ? leftProblem(world) : undefined) ?? true;
    },
  });
}

/** A plugin that is active without what it needs, and of which nothing says that it knows. */
function unmetProblem({ rows, audit }: StoreUnderRace, ignored: ReadonlySet<string>): string | undefined {
  for (const row of rows.values()) {
    if (!isActive(row)) continue;
    for (const { name, version, optional } of needsOf(row)) {
      const other = rows.get(name);
      if (optional || (other !== undefined && isActive(other) && satisfies(other.version, version))) continue;
      // The entry comes with the commit that ends the deactivation.
      if (other?.state === 'deactivating' && ignored.has(name)) continue;
      const entries = audit.entries.get(row.slug) ?? [];
      const began = entries.findLastIndex(({ event }) => event === 'plugin.activating');
      const isKnown = entries
        .slice(began)
        .some(({ event, data }) => event === 'plugin.degraded' && data['missing'] === name);
      if (isKnown) seen.add('degraded');
      else return `"${row.slug}" is active without "${name}", which is ${other?.state ?? 'absent'}`;
    }
  }
  return undefined;
}

/** A plugin that is active although one that it needs has failed, and it was to be deactivated. */
function leftProblem({ rows }: StoreUnderRace): string | undefined {
  for (const row of rows.values()) {
    const failed = needsOf(row).find(({ name, optional }) => !optional && rows.get(name)?.state === 'quarantined');
    if (isActive(row) && failed !== undefined) return `"${row.slug}" was to be deactivated, as "${failed.name}" was`;
  }
  return undefined;
}

/** Whether it serves: also while another version of it is being prepared. */
function isActive({ state, failure }: PluginRow): boolean {
  return state === 'active' || (state === 'updating' && failure?.from === 'active');
}

function needsOf({ manifest }: PluginRow): readonly Need[] {
  return (JSON.parse(manifest) as { readonly depends?: readonly Need[] }).depends ?? [];
}

/** For the ranges that are used here. */
function satisfies(version: string, range: string): boolean {
  return range === '*' || version.startsWith(range.slice(1, 2));
}

function filesOf(graph: Graph, name: string, version: string): PluginSource {
  return bundle({ name, version, depends: graph[name]?.[version] ?? [] });
}

function program(): fc.Arbitrary<Program> {
  const plugin = fc.constantFrom(...NAMES);
  // Those before it, so that much can be started; the first needs the last, in a cycle, now and then.
  const needsOfPlugin = (index: number): fc.Arbitrary<readonly Need[]> => {
    const need = fc.record({
      name: index === 0 ? fc.constant('shop') : fc.constantFrom(...NAMES.slice(0, index)),
      version: fc.constantFrom('^1.0.0', '^1.0.0', '*', '^2.0.0'),
      optional: fc.constantFrom(false, false, false, true),
    });
    const needs = fc.uniqueArray(need, { minLength: 1, maxLength: 2, selector: ({ name }) => name });
    return index === 0 ? fc.oneof({ weight: 9, arbitrary: fc.constant([]) }, needs) : needs;
  };
  const graph = fc.record(
    Object.fromEntries(
      NAMES.map((name, index) => [
        name,
        fc.record(Object.fromEntries(VERSIONS.map((version) => [version, needsOfPlugin(index)]))),
      ]),
    ),
  );
  const wish = fc.record({
    operation: fc.constantFrom<Wish['operation'][]>(
      'install',
      'activate',
      'activate',
      'deactivate',
      'deactivate',
      'update',
      'update',
      'update',
      'rollback',
      'quarantine',
      'reset',
      'uninstall',
    ),
    plugin,
    version: fc.constantFrom('2.0.0', '2.0.0', '1.0.0'),
    dependents: fc.constantFrom<DependentsPolicy[]>('refuse', 'cascade', 'ignore'),
  });
  return fc.record({
    seed: fc.nat(),
    hosts: fc.constantFrom(1, 1, 2),
    graph,
    policy: fc.constantFrom('keep' as const, 'deactivate' as const),
    clients: fc.array(fc.array(wish, { minLength: 2, maxLength: 3, size: 'max' }), {
      minLength: 2,
      maxLength: 3,
      size: 'max',
    }),
  });
}
