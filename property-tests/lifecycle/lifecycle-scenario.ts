// Lifecycles under the race kernel: the chart, its work and the store in memory are the real ones, processes are not.

import type { LifecycleOptions } from '../../src/host/lifecycle/index.ts';
import { createBreaker, createLifecycle } from '../../src/host/lifecycle/index.ts';
import type { Breaker, Lifecycle } from '../../src/host/lifecycle/index.ts';
import type { LaunchOptions } from '../../src/host/launch-options.ts';
import type { RunningPlugin } from '../../src/host/lifecycle/plugin-instance.ts';
import { LASTING_STATES } from '../../src/ports/lifecycle-store.ts';
import type { PluginRow } from '../../src/ports/lifecycle-store.ts';
import { createMemoryStore } from '../../src/stores/index.ts';
import type { MemoryStore } from '../../src/stores/index.ts';
import { defineScenario } from '../../src/testing/index.ts';
import type { Scenario, ScheduleContext, Verdict } from '../../src/testing/index.ts';
import { createFakeArtifacts, createFakeData, createFakePlugins } from '../../test/host/lifecycle/fakes.ts';
import type { FakeArtifacts, FakePlugins } from '../../test/host/lifecycle/fakes.ts';
import { auditProblem } from './audit-of-states.ts';
import type { AuditRecord } from './audit-of-states.ts';

/** One host on the store. */
export interface HostUnderRace {
  readonly lifecycle: Lifecycle;
  readonly breaker: Breaker;
  readonly plugins: FakePlugins;
  /** Ends it as SIGKILL does: from now on nothing that it does has an effect. */
  die(): void;
  readonly isDead: boolean;
}

/** A store with hosts. */
export interface StoreUnderRace {
  readonly store: MemoryStore;
  readonly artifacts: FakeArtifacts;
  /** Rows as the last commits left them. */
  readonly rows: ReadonlyMap<string, PluginRow>;
  readonly hosts: readonly HostUnderRace[];
  /** What clients were told, in order. */
  readonly outcomes: string[];
  /** Adds one, which boots at once. */
  host(options?: Partial<LifecycleOptions>): HostUnderRace;
  /** What was written of each plugin, and what the commits have left of it. */
  readonly audit: AuditRecord;
}

/** What a scenario does, and expects. */
export interface LifecycleRace {
  readonly name: string;
  readonly races: (context: ScheduleContext, world: StoreUnderRace) => void;
  readonly check?: (world: StoreUnderRace) => Verdict;
  /** What holds after every step. */
  readonly invariant?: (world: StoreUnderRace) => Verdict;
  /** Whether one version may run beside another. */
  readonly isUpdating?: boolean;
}

/** A scenario in which every answer of store and host comes whenever the schedule chooses. */
export function lifecycleScenario(race: LifecycleRace): Scenario<StoreUnderRace> {
  return defineScenario<StoreUnderRace>({
    name: race.name,
    setup(context) {
      const world = createWorld(context);
      race.races(context, world);
      return world;
    },
    invariant: (world) => {
      if (mostLive(world.hosts) > (race.isUpdating === true ? 2 : 1)) return 'too many instances of one plugin run';
      return race.invariant?.(world);
    },
    check: (world) => {
      const verdict = isSettled(world);
      return verdict === true ? race.check?.(world) : verdict;
    },
  });
}

/** Does an operation and notes how it went; what is refused is fine. */
export async function attempt(world: StoreUnderRace, name: string, operation: () => Promise<unknown>): Promise<void> {
  try {
    await operation();
    world.outcomes.push(`${name} done`);
  } catch (error) {
    world.outcomes.push(`${name} ${String((error as { code?: string }).code)}`);
  }
}

function createWorld({ environment, system, port }: ScheduleContext): StoreUnderRace {
  const rows = new Map<string, PluginRow>();
  const audit: AuditRecord = { entries: new Map(), commits: [] };
  const hosts: HostUnderRace[] = [];
  const store = observed(createMemoryStore({ clock: environment.clock }), rows, audit);
  const artifacts = createFakeArtifacts();
  const data = createFakeData();
  return {
    store,
    artifacts,
    rows,
    hosts,
    audit,
    outcomes: [],
    host(options = {}) {
      const number = hosts.length + 1;
      let isDead = false;
      const plugins = createFakePlugins();
      const mortal = <Port extends object>(name: string, one: Port): Port =>
        port(
          name,
          gated(one, () => isDead),
        );
      const launch = async (given: LaunchOptions): Promise<RunningPlugin> => {
        // A host ends what it starts as soon as nobody wants it any more, and not when it has told so.
        const giveUp = (): void => {
          for (const one of plugins.live(given.name)) one.isLive = false;
        };
        given.signal?.addEventListener('abort', giveUp);
        try {
          return mortal(`plugin-${number}`, await held.launch(given));
        } catch (error) {
          // What could not be launched does not run either.
          giveUp();
          throw error;
        } finally {
          given.signal?.removeEventListener('abort', giveUp);
        }
      };
      // A plugin ends when the schedule lets it, and its host hears of it later.
      const ends = mortal(`end-${number}`, { wait: async () => {} });
      plugins.script.stopGate = () => ends.wait();
      const held = mortal(`host-${number}`, { launch: (given: LaunchOptions) => plugins.launch(given) });
      const breaker = createBreaker(environment.clock);
      const lifecycle = createLifecycle({
        host: { system, launch: launch as never },
        store: mortal(`store-${number}`, store),
        artifacts,
        dataRoot: data,
        breaker,
        owner: `host-${number}`,
        ...options,
      });
      const host = {
        lifecycle,
        breaker,
        plugins,
        die() {
          isDead = true;
          for (const one of plugins.live()) one.isLive = false;
        },
        get isDead() {
          return isDead;
        },
      };
      hosts.push(host);
      lifecycle.boot().catch(() => {});
      return host;
    },
  };
}

/** Every plugin rests where it may: active with one instance, or in another lasting state with none. */
export function isSettled({ rows, hosts, audit }: StoreUnderRace): Verdict {
  for (const [slug, row] of rows) {
    const live = hosts.reduce((sum, { plugins }) => sum + plugins.live(slug).length, 0);
    if (!(LASTING_STATES as readonly string[]).includes(row.state)) return `"${slug}" is left ${row.state}`;
    if (live !== (row.state === 'active' ? 1 : 0)) return `"${slug}" is ${row.state} with ${live} instances`;
  }
  const gone = hosts.flatMap(({ plugins }) => plugins.live()).filter(({ plugin }) => !rows.has(plugin));
  if (gone.length > 0) return `${gone.length} instances of plugins that are not there run`;
  // P13.
  return auditProblem(audit) ?? true;
}

function mostLive(hosts: readonly HostUnderRace[]): number {
  const counts = new Map<string, number>();
  for (const { plugin } of hosts.flatMap(({ plugins }) => plugins.live()))
    counts.set(plugin, (counts.get(plugin) ?? 0) + 1);
  return Math.max(0, ...counts.values());
}

/** Keeps what commits leave, for checks that cannot wait. */
function observed(store: MemoryStore, rows: Map<string, PluginRow>, audit: AuditRecord): MemoryStore {
  const commit = store.commit.bind(store);
  store.commit = async (given) => {
    const outcome = await commit(given);
    if (outcome.kind !== 'committed') return outcome;
    const { row } = given;
    if (row?.kind === 'delete') rows.delete(row.of.slug);
    else if (outcome.row !== undefined) rows.set(outcome.row.slug, outcome.row);
    for (const plugin of new Set([...given.audit.map((draft) => draft.plugin), ...rows.keys()])) {
      audit.commits.push({ id: given.id, plugin, row: rows.get(plugin) });
    }
    for (const { plugin } of given.audit) audit.entries.set(plugin, await store.auditEntries(plugin, 0, 10_000));
    return outcome;
  };
  return store;
}

/** Whatever is asked of the dead is never answered, and has no effect. */
function gated<Port extends object>(port: Port, isDead: () => boolean): Port {
  return new Proxy(port, {
    get(target, property) {
      const value: unknown = Reflect.get(target, property, target);
      if (typeof value !== 'function') return value;
      return (...args: unknown[]): unknown => {
        if (isDead()) return new Promise(() => {});
        return Reflect.apply(value as () => unknown, target, args);
      };
    },
  });
}
