import { describe, expect, it } from 'vitest';
import type { StagedPlugin } from '../../src/host/staged-plugin.ts';
import { defineScenario, explore } from '../../src/testing/index.ts';
import type { Scenario, ScheduleContext, Verdict } from '../../src/testing/index.ts';
import { createRig, imbalance } from '../../test/host/replace/rig.ts';
import type { Rig, RigOptions } from '../../test/host/replace/rig.ts';
import { raceSize } from './race-size.ts';

/** A plugin in a schedule, and what its clients have seen. */
interface PluginUnderRace {
  readonly rig: Rig;
  /** Calls that were answered. */
  readonly answered: string[];
  /** Codes of what calls failed with. */
  readonly failed: string[];
  /** What the commands came to, in order: names, or codes of errors. */
  readonly outcomes: string[];
}

interface ReplacementRace {
  readonly name: string;
  readonly options?: Omit<RigOptions, 'system'>;
  readonly races: (race: RaceTools) => void;
  readonly check?: (plugin: PluginUnderRace) => Verdict;
  /** Whether time may pass while anything else can happen, so that time-outs come early. Default: it may not. */
  readonly isRough?: boolean;
}

interface RaceTools {
  readonly plugin: PluginUnderRace;
  readonly client: ScheduleContext['client'];
  /** Calls that are prepared in one step and begin in another. */
  calls(...keys: readonly string[]): void;
  publishes(...counts: readonly number[]): void;
  /** A new version, and what is done with it, one step after the other. */
  replaces(name: string, ...steps: readonly ((staged: StagedPlugin) => Promise<unknown>)[]): void;
  /** The newest process of a version exits. */
  exits(version: number): void;
  ends(how: 'stop' | 'kill'): void;
}

const swap = (staged: StagedPlugin): Promise<void> => staged.swap();
const provisional = (staged: StagedPlugin): Promise<void> => staged.swap({ revertOnCrash: true });
const keep = (staged: StagedPlugin): Promise<void> => staged.keep();
const revert = (staged: StagedPlugin): Promise<void> => staged.revert();
const verify = (staged: StagedPlugin): Promise<unknown> => staged.verify();
const discard = (staged: StagedPlugin): Promise<void> => staged.discard();

const RACES: readonly ReplacementRace[] = [
  {
    name: 'C4-14, G-16: calls that begin between the switch and the end of the old version',
    races({ calls, replaces }) {
      calls('a');
      calls('b');
      replaces('operator', swap, keep);
    },
    check: (plugin) => allExecuted(plugin, ['a', 'b']) ?? outcomesAre(plugin, 'swap', 'keep'),
  },
  {
    name: 'calls that begin around a switch and the way back',
    races({ calls, replaces }) {
      calls('a');
      calls('b');
      replaces('operator', swap, revert);
    },
    check: (plugin) => allExecuted(plugin, ['a', 'b']) ?? outcomesAre(plugin, 'swap', 'revert'),
  },
  {
    name: 'events that are published around a switch and the way back',
    races({ publishes, replaces }) {
      publishes(2, 1, 1);
      replaces('operator', swap, revert);
    },
    check: (plugin) => allHandled(plugin),
  },
  {
    name: 'a crash of the new version that meets its switch and is to be taken back',
    races({ exits, calls, publishes, replaces }) {
      exits(2);
      calls('a');
      publishes(2, 1);
      replaces('operator', provisional);
    },
    check: (plugin) => stateIs(plugin, 'ready') ?? allHandled(plugin),
  },
  {
    name: 'a crash of the version that stands by, and the way back',
    races({ exits, publishes, replaces }) {
      exits(1);
      publishes(1, 1);
      replaces('operator', swap, revert);
    },
    check: (plugin) => stateIs(plugin, 'ready') ?? allHandled(plugin),
  },
  {
    name: 'two who want different ends',
    races({ client, plugin, replaces }) {
      let staged: StagedPlugin | undefined;
      replaces('operator', (one) => ((staged = one), swap(one)), keep);
      client('other', () => note(plugin, 'discard', staged === undefined ? undefined : discard(staged)));
      client('another', () => note(plugin, 'revert', staged === undefined ? undefined : revert(staged)));
    },
    check: (plugin) => stateIs(plugin, 'ready'),
  },
  {
    name: 'a stop of the plugin in any phase',
    isRough: true,
    races({ ends, calls, publishes, replaces }) {
      ends('stop');
      calls('a');
      publishes(2);
      replaces('operator', verify, swap, revert);
    },
    check: ({ rig }) => rig.left().join(', ') || true,
  },
  {
    name: 'a kill of the plugin, and crashes, in any phase',
    isRough: true,
    races({ ends, exits, replaces }) {
      ends('kill');
      exits(1);
      exits(2);
      replaces('operator', provisional, keep);
    },
    check: ({ rig }) => rig.left().join(', ') || true,
  },
  {
    name: 'C4-15: a quarantine of the old version, and a reset, while the new one takes its place',
    options: { crashes: { report: async () => 'quarantine', reset: async () => {} } },
    races({ client, exits, plugin, replaces }) {
      exits(1);
      client('doctor', () => note(plugin, 'reset', plugin.rig.plugin.reset()));
      replaces('operator', swap, keep);
    },
    check: (plugin) => stateIs(plugin, 'ready') ?? outcomesAre(plugin, 'swap', 'keep'),
  },
];

describe('a replacement, against calls, events, crashes and ends', () => {
  it.each(RACES)('keeps its promises in $name', async (race) => {
    const earlyTimers = race.isRough === true ? 4 : 0;
    const result = await explore(scenarioOf(race), { ...raceSize(200), limitMs: 120_000, earlyTimers });

    expect(result.distinct).toBeGreaterThan(20);
  });
});

// Helpers

/** A scenario in which the steps of every placement are done when the schedule says so. */
function scenarioOf(race: ReplacementRace): Scenario<PluginUnderRace> {
  return defineScenario<PluginUnderRace>({
    name: race.name,
    setup(context) {
      // Nothing is to be learned from the start of the first version: `plugin-process.race.prop.ts` does that.
      const held: RigOptions['held'] = (name, placed) =>
        name === 'v1' && race.isRough !== true ? placed : context.port(`${name}-${placed.pid}`, placed);
      const { pause } = context.port('calls', { pause: async () => {} });
      const rig = createRig({ system: context.system, held, pause, ...race.options });
      const plugin: PluginUnderRace = { rig, answered: [], failed: [], outcomes: [] };
      race.races(toolsOf(context, plugin));
      return plugin;
    },
    completes: true,
    invariant: ({ rig }) => imbalance(rig.bus) === 0 || 'the books of the events do not balance',
    check: (plugin) => race.check?.(plugin),
  });
}

function toolsOf({ client }: ScheduleContext, plugin: PluginUnderRace): RaceTools {
  const { rig } = plugin;
  return {
    plugin,
    client,
    calls(...keys) {
      for (const key of keys) {
        let prepared: (() => Promise<unknown>) | undefined;
        const prepare = async (): Promise<void> => {
          await rig.plugin.ready().catch(() => {});
          prepared = rig.prepare(key);
        };
        const begin = async (): Promise<void> => {
          try {
            await prepared?.();
            plugin.answered.push(key);
          } catch (error) {
            plugin.failed.push((error as { readonly code: string }).code);
          }
        };
        client(`calls ${key}`, prepare, begin);
      }
    },
    publishes: (...counts) => client('publisher', ...counts.map((count) => () => rig.publish(count))),
    replaces(name, ...steps) {
      let staged: StagedPlugin | undefined;
      const stage = async (): Promise<void> => {
        await rig.plugin.ready().catch(() => {});
        staged = await rig.stage().catch(() => undefined);
      };
      const rest = steps.map((step) => () => {
        if (staged !== undefined) return note(plugin, step.name || 'swap', step(staged));
        return undefined;
      });
      client(name, stage, ...rest);
    },
    exits(version) {
      const exit = (): void => rig.versions[version - 1]?.placement.instances.at(-1)?.exit({ code: 1 });
      client(`fate ${version}`, () => rig.plugin.ready().catch(() => {}), exit);
    },
    ends: (how) => client('operator of the host', () => rig.plugin[how]()),
  };
}

async function note({ outcomes }: PluginUnderRace, name: string, work: Promise<unknown> | undefined): Promise<void> {
  try {
    await work;
    outcomes.push(name);
  } catch (error) {
    outcomes.push((error as { readonly code: string }).code);
  }
}

/** Each call began once, and was answered. */
function allExecuted({ rig, answered, failed }: PluginUnderRace, keys: readonly string[]): string | undefined {
  if (failed.length > 0) return `calls failed with ${failed.join()}`;
  const began = rig.began
    .map(({ key }) => key)
    .toSorted()
    .join();
  if (began !== keys.join() || answered.toSorted().join() !== began)
    return `began ${began}, answered ${answered.join()}`;
  return undefined;
}

/** Each event was handled, in order, and by no process twice. */
function allHandled({ rig }: PluginUnderRace): Verdict {
  const [subscription] = rig.bus.subscriptions();
  const { published = 0, delivered = 0, pending = 0, dropped = 0 } = subscription?.counters ?? {};
  if (delivered !== published) return `${delivered} of ${published} delivered, ${pending} pending, ${dropped} dropped`;
  for (const { number, peer } of rig.versions) {
    if (new Set(peer.handled).size !== peer.handled.length) return `version ${number} has handled an event twice`;
  }
  return true;
}

function stateIs({ rig }: PluginUnderRace, expected: string): string | undefined {
  const { state, replacement } = rig.plugin.status();
  return state === expected ? undefined : `the plugin is ${state}, its replacement ${replacement ?? 'over'}`;
}

function outcomesAre({ outcomes }: PluginUnderRace, ...expected: readonly string[]): Verdict {
  const known = outcomes.filter((outcome) => outcome !== 'reset');
  return known.join() === expected.join() || `the commands came to ${known.join()}`;
}
