import { describe, expect, it } from 'vitest';
import { explore } from '../../src/testing/index.ts';
import type { Client, ScheduleContext } from '../../src/testing/index.ts';
import { createFakePlacement } from '../../test/actors/fake-placement.ts';
import { isGone, pluginScenario } from './plugin-scenario.ts';
import type { PluginRace, PluginUnderRace } from './plugin-scenario.ts';
import { raceSize } from './race-size.ts';

type Command = 'stop' | 'restart' | 'kill' | 'reset';

const RACES: readonly PluginRace[] = [
  {
    name: 'a stop that meets the start, step by step',
    races: (context, plugin) => tells(context, plugin, 'operator', 'stop'),
    check: isGone,
  },
  {
    name: 'an exit that meets the probe',
    races(context, plugin) {
      exits(context, plugin, 1);
      tells(context, plugin, 'operator', 'stop');
    },
    check: isGone,
  },
  {
    name: 'two stops, and a restart between them',
    races(context, plugin) {
      tells(context, plugin, 'one', 'stop');
      tells(context, plugin, 'other', 'restart', 'stop');
    },
    check: isGone,
  },
  {
    name: 'a crash that meets the timer of the restart before',
    crashes: { report: async () => 'restart', reset: async () => {} },
    races(context, plugin) {
      exits(context, plugin, 3);
      tells(context, plugin, 'operator', 'reset', 'restart', 'stop');
    },
    check: isGone,
  },
  {
    name: 'a kill that meets the clean-up',
    races(context, plugin) {
      tells(context, plugin, 'gentle', 'stop');
      tells(context, plugin, 'rough', 'kill', 'kill');
    },
    check: isGone,
  },
  {
    name: 'a stop that meets a spawn that fails',
    placement: () => createFakePlacement({ answers: { place: new Error('no such program') } }),
    races: (context, plugin) => tells(context, plugin, 'operator', 'stop'),
    check: isGone,
  },
  {
    name: 'a stop of a plugin that ends by force only',
    placement: () => createFakePlacement({ obeys: { shutdown: false, terminate: false } }),
    races: (context, plugin) => tells(context, plugin, 'operator', 'stop', 'restart'),
    check: (plugin) => plugin.placement.instances.length > 1 || isGone(plugin),
  },
];

describe('the plugin-process chart, against its placement', () => {
  it.each(RACES)('keeps its promises in $name', async (race) => {
    const result = await explore(pluginScenario(race), { ...raceSize(1200), limitMs: 120_000 });

    expect(result.distinct).toBeGreaterThan(20);
  });

  it('keeps them when any call of the placement fails', async () => {
    const [race] = RACES;
    if (race === undefined) throw new Error('no race');

    const scenario = pluginScenario({ ...race, name: 'a stop, and a call that fails' });
    const result = await explore(withFailures(scenario), { ...raceSize(1200), faults: { portFailure: 1 } });

    expect(result.distinct).toBeGreaterThan(100);
  });

  it('notices a process that outlives its kill', async () => {
    const placement = () => createFakePlacement({ obeys: { shutdown: false, terminate: false, kill: false } });
    const [race] = RACES;
    if (race === undefined) throw new Error('no race');

    const { failure } = await explore(pluginScenario({ ...race, placement }), { throws: false, limitMs: 120_000 });

    expect(failure).toMatchObject({ oracle: 'check', message: 'a process still runs' });
  });
});

// Helpers

/** Sends commands, each whenever the schedule chooses. */
function tells({ client }: ScheduleContext, { actor }: PluginUnderRace, name: string, ...commands: Command[]): void {
  const steps = commands.map((command) => (me: Client) => me.tell(actor, { type: `plugin.${command}` }));
  client(name, ...steps);
}

/** Lets the process that runs then exit, so many times. */
function exits({ client }: ScheduleContext, { placement }: PluginUnderRace, times: number): void {
  const step = (): void => placement.instances.at(-1)?.exit({ code: 1 });
  client('fate', ...Array.from({ length: times }, () => step));
}

/** The reply that is lost may be that of a step whose effect the chart cannot know of: only then is less left to ask. */
function withFailures(scenario: ReturnType<typeof pluginScenario>): ReturnType<typeof pluginScenario> {
  return { ...scenario, check: ({ actor }) => actor.snapshot().status === 'done' || 'the plugin is not dead' };
}
