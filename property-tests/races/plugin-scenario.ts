import { createPluginProcessLogic } from '../../src/actors/index.ts';
import type { Actor, CallAdmission } from '../../src/actors/index.ts';
import { createMemoryCrashBudget } from '../../src/host/memory-crash-budget.ts';
import type { pluginProcessMachine, PluginProcessFact } from '../../src/machines/index.ts';
import { resolveProcessPolicy } from '../../src/policy/index.ts';
import type { ProcessPolicyOptions } from '../../src/policy/index.ts';
import type { CrashPort } from '../../src/ports/index.ts';
import { defineScenario } from '../../src/testing/index.ts';
import type { Scenario, ScheduleContext, Verdict } from '../../src/testing/index.ts';
import { createFakePlacement } from '../../test/actors/fake-placement.ts';
import type { FakePlacement } from '../../test/actors/fake-placement.ts';

/** A plugin in a schedule: the chart is the real one, the process behind it is not. */
export interface PluginUnderRace {
  readonly actor: Actor<typeof pluginProcessMachine>;
  readonly placement: FakePlacement;
  readonly admission: { readonly connected: boolean };
  readonly facts: readonly PluginProcessFact[];
}

/** What a scenario does to the plugin, and expects of it. */
export interface PluginRace {
  readonly name: string;
  readonly placement?: () => FakePlacement;
  readonly policy?: ProcessPolicyOptions;
  readonly crashes?: CrashPort;
  /** Adds the clients that race with the chart. */
  readonly races: (context: ScheduleContext, plugin: PluginUnderRace) => void;
  /** What must hold at the end, besides that nothing is left. */
  readonly check?: (plugin: PluginUnderRace) => Verdict;
}

/** A scenario in which every step of the placement is a port: its reply comes whenever the schedule chooses. */
export function pluginScenario(race: PluginRace): Scenario<PluginUnderRace> {
  return defineScenario<PluginUnderRace>({
    name: race.name,
    setup(context) {
      const { environment, port, system } = context;
      const placement = race.placement?.() ?? createFakePlacement();
      const admission = createAdmission();
      const logic = createPluginProcessLogic({
        admission,
        environment,
        crashes: port('crashes', race.crashes ?? createMemoryCrashBudget(environment.clock)),
        placement: port('placement', {
          place: async (launch: number) => port(`instance-${launch}`, await placement.place(launch)),
        }),
      });
      const policy = resolveProcessPolicy({ backoff: { jitter: 'none' }, ...race.policy });
      const actor = system.spawn(logic, { name: 'kv', input: { plugin: 'kv', policy } });
      const facts: PluginProcessFact[] = [];
      actor.onFact((fact) => facts.push(fact));
      const plugin = { actor, placement, admission, facts };
      race.races(context, plugin);
      return plugin;
    },
    // P1: no second process beside one that runs.
    invariant: ({ placement }) => placement.mostRunning <= 1 || 'two processes run at the same time',
    check: (plugin) => race.check?.(plugin),
  });
}

/** A plugin that was told to end has ended, was cleaned up once for each process, and takes no calls. */
export function isGone({ actor, placement, admission, facts }: PluginUnderRace): Verdict {
  const { status, value } = actor.snapshot();
  if (status !== 'done') return `the plugin is not dead but ${JSON.stringify(value)}`;
  if (placement.instances.some(({ running }) => running)) return 'a process still runs';
  if (admission.connected) return 'calls are still admitted';
  for (const { calls } of placement.instances) {
    const times = calls.filter((call) => call === 'cleanUp').length;
    if (times !== 1) return `a process was cleaned up ${times} times`;
  }
  const dead = facts.filter(({ type }) => type === 'plugin.dead').length;
  return dead === 1 || `it was said ${dead} times that the plugin is dead`;
}

function createAdmission(): CallAdmission & { readonly connected: boolean } {
  let connected = false;
  return {
    get connected() {
      return connected;
    },
    admit: () => void (connected = true),
    refuse: () => void (connected = false),
    drained: async () => {},
  };
}
