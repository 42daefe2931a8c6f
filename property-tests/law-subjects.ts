// What can happen to each statechart of src/machines, by the name of its file. A chart without an entry fails the laws.

import type { EventObject } from 'xstate';
import type { NamedMachine } from '../tools/diagrams.ts';
import {
  COMMANDS as STREAM_COMMANDS,
  EVENTS as STREAM_EVENTS,
  eventStreamInput,
  OUTSIDE as STREAM_OUTSIDE,
} from '../test/machines/event-stream.alphabet.ts';
import { EVENTS as HOST_CHANNEL_EVENTS } from '../test/machines/host-channel.alphabet.ts';
import { COMMANDS, EVENTS, OUTSIDE, pluginProcessInput } from '../test/machines/plugin-process.alphabet.ts';
import { EVENTS as SUBSCRIPTION_EVENTS } from '../test/machines/subscription.alphabet.ts';
import { EVENTS as SUPERVISOR_EVENTS, supervisorInput } from '../test/machines/supervisor.alphabet.ts';
import type { LawSubject } from './laws.ts';

const NOISE: EventObject = { type: 'noise' };

const host = {
  stop: { type: 'host.stop', deadlineMs: 100 } as EventObject,
  outside: [
    { type: 'xstate.done.actor.0.host.stopping' },
    { type: 'xstate.error.actor.0.host.stopping', error: new Error('no') } as EventObject,
    { type: 'xstate.after.stopDeadline.host.stopping' },
    { type: 'xstate.done.actor.0.host.forcing', output: ['kv'] } as EventObject,
    { type: 'xstate.error.actor.0.host.forcing', error: new Error('no') } as EventObject,
  ],
};

const SUBJECTS: Readonly<Record<string, Omit<LawSubject, 'machine'>>> = {
  'event-stream': {
    inputs: [
      eventStreamInput(),
      eventStreamInput(['stream', 'unary']),
      eventStreamInput(['unary'], { sendTimeouts: 1 }),
    ],
    events: Object.values(STREAM_EVENTS),
    outside: Object.values(STREAM_OUTSIDE),
    stop: STREAM_COMMANDS.stop,
  },
  host: { inputs: [{}], stop: host.stop, outside: host.outside, events: [host.stop, ...host.outside, NOISE] },
  'host-channel': {
    inputs: [{}, { random: 0, dialTimeoutMs: 100 }],
    events: Object.values(HOST_CHANNEL_EVENTS),
    outside: Object.values<EventObject>(HOST_CHANNEL_EVENTS).filter(({ type }) => type.startsWith('xstate.')),
    stop: HOST_CHANNEL_EVENTS.stop,
  },
  'plugin-process': {
    inputs: [pluginProcessInput(), pluginProcessInput({ restart: 'never' })],
    events: Object.values(EVENTS),
    outside: Object.values(OUTSIDE),
    stop: COMMANDS.stop,
  },
  subscription: {
    inputs: [{ name: 'audit' }],
    events: Object.values(SUBSCRIPTION_EVENTS),
    outside: Object.values<EventObject>(SUBSCRIPTION_EVENTS).filter(({ type }) => type.startsWith('xstate.')),
    stop: SUBSCRIPTION_EVENTS.stop,
  },
  supervisor: {
    inputs: [
      supervisorInput('oneForOne'),
      supervisorInput('oneForAll', { maxRestarts: 2 }),
      supervisorInput('restForOne', { stableMs: 1_000 }),
    ],
    events: Object.values(SUPERVISOR_EVENTS),
    outside: Object.values<EventObject>(SUPERVISOR_EVENTS).filter(({ type }) => type.startsWith('xstate.')),
    stop: SUPERVISOR_EVENTS.stop,
  },
};

/** The chart with all that can happen to it. Throws when nobody has said what that is. */
export function lawSubject({ fileName, machine }: NamedMachine): LawSubject {
  const subject = SUBJECTS[fileName];
  if (subject === undefined) throw new Error(`property-tests/law-subjects.ts has no entry for "${fileName}"`);
  return { machine, ...subject };
}
