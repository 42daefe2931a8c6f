import { fc, test } from '@fast-check/vitest';
import { afterAll, describe, expect } from 'vitest';
import type { EventObject } from 'xstate';
import { pluginProcessMachine } from '../src/machines/index.ts';
import type { PluginProcessContext } from '../src/machines/index.ts';
import { testScale } from '../test/setup/size.ts';
import { begin, essenceOf, possibleEvents, stateOf, step, travel } from '../test/machines/laws.ts';
import type { Journey } from '../test/machines/laws.ts';
import { EVENTS, OUTSIDE, pluginProcessInput } from '../test/machines/plugin-process.alphabet.ts';
import { choice, chosenEvent } from './arbitraries/plugin-process-choice.ts';
import type { Choice } from './arbitraries/plugin-process-choice.ts';

/** Transitions that the sequences must have taken, or else the properties below say little. */
const MUST_BE_TAKEN = [
  'spawning --spawned--> alive.starting.handshaking',
  'spawning --spawned--> alive.killing',
  'spawning --spawn failed--> reaping',
  'alive.starting.handshaking --handshaken--> alive.starting.connecting',
  'alive.starting.handshaking --start timeout--> alive.killing',
  'alive.starting.connecting --connect failed--> alive.killing',
  'alive.starting.probing --probed--> alive.ready.resting',
  'alive.starting.probing --exit 3--> reaping',
  'alive.ready.resting --health interval--> alive.ready.checking',
  'alive.ready.resting --exit 3--> reaping',
  'alive.ready.resting --stop--> alive.draining',
  'alive.ready.checking --health missed--> alive.ready.resting',
  'alive.ready.checking --min uptime--> alive.ready.checking',
  'alive.draining --drained--> alive.stopping.asking',
  'alive.stopping.asking --asked--> alive.stopping.awaitingExit',
  'alive.stopping.awaitingExit --grace--> alive.terminating',
  'alive.terminating --terminate timeout--> alive.killing',
  'alive.killing --kill timeout--> reaping',
  'alive.killing --exit 3--> reaping',
  'reaping --cleaned up--> dead',
  'reaping --cleaned up--> spawning',
  'reaping --cleaned up--> reporting',
  'reporting --restart verdict--> backingOff',
  'reporting --quarantine verdict--> quarantined',
  'backingOff --backoff--> spawning',
  'backingOff --reset--> spawning',
  'quarantined --reset--> spawning',
  'quarantined --stop--> dead',
];

const taken = new Set<string>();
const nameOf = new Map(Object.entries(EVENTS).map(([name, event]) => [event as EventObject, name]));

afterAll(() => {
  // A run that repeats one counterexample cannot take them all.
  if (testScale().runs >= 100) expect(MUST_BE_TAKEN.filter((transition) => !taken.has(transition))).toEqual([]);
});

describe('the plugin process, over any sequence of events', () => {
  test.prop([fc.array(choice(), { maxLength: 300, size: 'max' })])(
    'keeps the laws of all machines and its own invariants after each event',
    (choices) => {
      let journey = begin(pluginProcessMachine, pluginProcessInput());
      for (const chosen of choices) {
        const event = chosenEvent(journey, chosen);
        const next = step(journey, event);
        taken.add(`${stateOf(journey.snapshot)} --${nameOf.get(event)}--> ${stateOf(next.snapshot)}`);

        expectWatched(next);
        expectCounted(contextOf(journey), contextOf(next), event);
        expectBlamed(journey, next);
        // A new life, so that no step is wasted on the dead.
        journey = next.snapshot.status === 'done' ? begin(pluginProcessMachine, pluginProcessInput()) : next;
      }
    },
  );

  test.prop([fc.array(choice(), { maxLength: 80, size: 'max' })])('can be repeated exactly', (choices) => {
    const journey = live(choices);

    const again = travel(pluginProcessMachine, pluginProcessInput(), journey.path);

    expect(essenceOf(again.snapshot)).toEqual(essenceOf(journey.snapshot));
  });

  test.prop([
    fc.array(choice(), { maxLength: 60, size: 'max' }),
    fc.array(fc.nat(1_000), { minLength: 9, maxLength: 9 }),
  ])(
    'P5: is dead at most 9 steps of the outside world after a stop, and never starts or serves on the way',
    (choices, numbers) => {
      let journey = step(live(choices), EVENTS.stop);
      for (const number of numbers) {
        expect(stateOf(journey.snapshot)).not.toMatch(/starting|ready|backingOff|quarantined/);
        const possible = possibleEvents(journey, Object.values(OUTSIDE));
        const event = possible[number % possible.length];
        if (event !== undefined) journey = step(journey, event);
      }

      expect(stateOf(journey.snapshot)).toBe('dead');
    },
  );
});

// Helpers

/** The last of the lives that the choices lead through. */
function live(choices: readonly Choice[]): Journey {
  const birth = begin(pluginProcessMachine, pluginProcessInput());
  return choices.reduce((journey, chosen) => {
    const alive = journey.snapshot.status === 'done' ? birth : journey;
    return step(alive, chosenEvent(alive, chosen));
  }, birth);
}

function contextOf({ snapshot }: Journey): PluginProcessContext {
  return snapshot.context as PluginProcessContext;
}

/** P1, and that calls are admitted exactly while the plugin is ready. */
function expectWatched({ snapshot, children }: Journey): void {
  const state = stateOf(snapshot);
  expect(children.has('0.plugin-process.alive')).toBe(state.startsWith('alive'));
  expect(children.has('0.plugin-process.alive.ready')).toBe(state.startsWith('alive.ready'));
}

/** P4, and that launches, starts and misses are counted one by one. */
function expectCounted(before: PluginProcessContext, after: PluginProcessContext, { type }: EventObject): void {
  expect(after.launches - before.launches).toBeOneOf([0, 1]);
  expect(after.starts - before.starts).toBeOneOf([0, 1]);
  expect(after.starts).toBeLessThanOrEqual(after.launches);
  expect(after.missed).toBeLessThan(after.policy.health.misses);
  if (after.attempt < before.attempt) expect(type).toMatch(/^plugin\.reset$|^xstate\.after\.minUptime\./);
  else expect(after.attempt - before.attempt).toBeOneOf([0, 1]);
}

/** P2 and P3. */
function expectBlamed(before: Journey, after: Journey): void {
  const [old, now] = [contextOf(before), contextOf(after)];
  if (old.launches === now.launches && old.failure !== undefined && old.failure !== now.failure) {
    expect(now.failure?.code).toBeOneOf(['PLUGIN_EXITED_EARLY', 'KILL_TIMED_OUT']);
  }
  if (old.launches !== now.launches) {
    expect(now.failure).toBeUndefined();
    expect(old.failure?.code).not.toBe('KILL_TIMED_OUT');
    expect(old.starts > 0 || old.goal === 'restart').toBe(true);
  }
  if (now.failure === undefined && after.snapshot.status === 'done') expect(now.goal).toBe('stop');
}
