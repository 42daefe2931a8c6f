// What can happen to each statechart of src/machines, by the name of its file. A chart without an entry fails the laws.

import type { EventObject } from 'xstate';
import type { NamedMachine } from '../tools/diagrams.ts';
import {
  COMMANDS as DEV_COMMANDS,
  EVENTS as DEV_EVENTS,
  INPUTS as DEV_INPUTS,
  OUTSIDE as DEV_OUTSIDE,
} from '../test/machines/dev-loop.alphabet.ts';
import { EVENTS as AUDIT_EVENTS } from '../test/machines/audit-relay.alphabet.ts';
import {
  COMMANDS as STREAM_COMMANDS,
  EVENTS as STREAM_EVENTS,
  eventStreamInput,
  OUTSIDE as STREAM_OUTSIDE,
} from '../test/machines/event-stream.alphabet.ts';
import { EVENTS as HOST_CHANNEL_EVENTS } from '../test/machines/host-channel.alphabet.ts';
import { EVENTS as LOG_TAIL_EVENTS } from '../test/machines/log-tail.alphabet.ts';
import {
  COMMANDS as LIFECYCLE_COMMANDS,
  EVENTS as LIFECYCLE_EVENTS,
  lifecycleInput,
  OUTSIDE as LIFECYCLE_OUTSIDE,
} from '../test/machines/plugin-lifecycle.alphabet.ts';
import { COMMANDS, EVENTS, OUTSIDE, pluginProcessInput } from '../test/machines/plugin-process.alphabet.ts';
import {
  COMMANDS as REPLACEMENT_COMMANDS,
  EVENTS as REPLACEMENT_EVENTS,
  OUTSIDE as REPLACEMENT_OUTSIDE,
} from '../test/machines/plugin-replacement.alphabet.ts';
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

const LEASE_EVENTS = {
  lost: { type: 'lease.lost' },
  renewed: {
    type: 'xstate.done.actor.0.plugin-lease.held.renewing',
    output: { kind: 'renewed', elapsedMs: 40 },
  } as EventObject,
  gone: { type: 'xstate.done.actor.0.plugin-lease.held.renewing', output: { kind: 'lost' } } as EventObject,
  failed: { type: 'xstate.error.actor.0.plugin-lease.held.renewing', error: new Error('no') } as EventObject,
  renewal: { type: 'xstate.after.renewal.plugin-lease.held.resting' },
  retry: { type: 'xstate.after.retry.plugin-lease.held.retrying' },
  deadline: { type: 'xstate.after.deadline.plugin-lease.held' },
};

const SUBJECTS: Readonly<Record<string, Omit<LawSubject, 'machine'>>> = {
  'audit-relay': {
    inputs: [{ sink: 'file' }, { sink: '', random: 0, stepMs: 10 }],
    events: Object.values(AUDIT_EVENTS),
    outside: Object.values<EventObject>(AUDIT_EVENTS).filter(({ type }) => type.startsWith('xstate.')),
    stop: AUDIT_EVENTS.stop,
  },
  'dev-loop': {
    inputs: DEV_INPUTS,
    events: Object.values<EventObject>(DEV_EVENTS),
    outside: Object.values<EventObject>(DEV_OUTSIDE),
    stop: DEV_COMMANDS.stop,
  },
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
  'log-tail': {
    inputs: [{ plugin: 'kv' }],
    events: Object.values<EventObject>(LOG_TAIL_EVENTS),
    outside: Object.values<EventObject>(LOG_TAIL_EVENTS).filter(({ type }) => type.startsWith('xstate.')),
    stop: LOG_TAIL_EVENTS.stop,
  },
  'plugin-lease': {
    inputs: [
      { policy: { ttlMs: 15_000, renewMs: 5_000, retryMs: 1_000, marginMs: 3_000 }, elapsedMs: 0 },
      { policy: { ttlMs: 100, renewMs: 33, retryMs: 7, marginMs: 20 }, elapsedMs: 90 },
    ],
    events: [...Object.values(LEASE_EVENTS), NOISE],
    outside: Object.values(LEASE_EVENTS),
    stop: LEASE_EVENTS.lost,
  },
  'plugin-lifecycle': {
    inputs: [lifecycleInput(), lifecycleInput({ probeAfterMs: 1_000 })],
    events: Object.values(LIFECYCLE_EVENTS),
    outside: Object.values(LIFECYCLE_OUTSIDE),
    stop: LIFECYCLE_COMMANDS['stop'],
  },
  'plugin-process': {
    inputs: [pluginProcessInput(), pluginProcessInput({ restart: 'never' })],
    events: Object.values(EVENTS),
    outside: Object.values(OUTSIDE),
    stop: COMMANDS.stop,
  },
  'plugin-replacement': {
    inputs: [{ plugin: 'kv' }],
    events: Object.values(REPLACEMENT_EVENTS),
    outside: Object.values(REPLACEMENT_OUTSIDE),
    stop: REPLACEMENT_COMMANDS.stop,
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
