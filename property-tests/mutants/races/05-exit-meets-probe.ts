// A probe that was answered before the process exited, and is heard of afterwards. The wrong chart believes a good probe
// in every state.

import { equal } from 'node:assert/strict';
import { setup as machine } from 'xstate';
import { behavior } from '../../../src/actors/index.ts';
import type { ActorRef, ActorSystem } from '../../../src/actors/index.ts';
import { defineRace } from './race.ts';

type MonitorEvent = { readonly type: 'probe.passed' } | { readonly type: 'process.exited' };
type ProcessMessage = { readonly type: 'probe'; readonly prober: ActorRef<Answer> } | { readonly type: 'kill' };
interface Answer {
  readonly type: 'alive';
}

const { createMachine } = machine({ types: { events: {} as MonitorEvent } });
const right = createMachine({
  id: 'monitor',
  initial: 'starting',
  states: {
    starting: { on: { 'probe.passed': 'ready', 'process.exited': 'down' } },
    ready: { on: { 'process.exited': 'down' } },
    down: {},
  },
});
const wrong = createMachine({
  id: 'monitor',
  initial: 'starting',
  states: { starting: {}, ready: {}, down: {} },
  on: { 'probe.passed': '.ready', 'process.exited': '.down' },
});

function launch(system: ActorSystem, bug: boolean) {
  const monitor = system.spawn(bug ? wrong : right, { name: 'monitor' });
  const prober = system.spawn(
    behavior<Answer, undefined>({
      initial: undefined,
      receive: (_, __, actor) => actor.tell(monitor, { type: 'probe.passed' }) as undefined,
    }),
    { name: 'prober' },
  );
  const process = system.spawn(
    behavior<ProcessMessage, { readonly isUp: boolean }>({
      initial: { isUp: true },
      receive(state, message, actor) {
        if (message.type === 'kill') {
          actor.tell(monitor, { type: 'process.exited' });
          return { isUp: false };
        }
        if (state.isUp) actor.tell(message.prober, { type: 'alive' });
        return state;
      },
    }),
    { name: 'process' },
  );
  return { monitor, prober, process };
}

export const exitMeetsProbe = defineRace({
  name: 'exit-meets-probe',
  wrong: 'a good probe that comes after the exit makes a dead process ready',
  oracle: 'check',
  constraints: 2,
  shortest: 5,
  scenario: (bug) => ({
    setup({ system, client }) {
      const { monitor, prober, process } = launch(system, bug);
      client('timer', (timer) => timer.tell(process, { type: 'probe', prober }));
      client('operator', (operator) => operator.tell(process, { type: 'kill' }));
      return monitor;
    },
    check: (monitor) => monitor.snapshot().value === 'down',
  }),
  async unit({ system, settle }, bug) {
    const { monitor, prober, process } = launch(system, bug);

    process.tell({ type: 'probe', prober });
    await settle();
    equal(monitor.snapshot().value, 'ready');
    process.tell({ type: 'kill' });
    await settle();

    equal(monitor.snapshot().value, 'down');
  },
});
