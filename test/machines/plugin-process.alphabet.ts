import type { EventObject } from 'xstate';
import { RuntimeError } from '../../src/errors/index.ts';
import type { PluginProcessInput } from '../../src/machines/index.ts';
import { resolveProcessPolicy } from '../../src/policy/index.ts';
import type { ProcessPolicyOptions } from '../../src/policy/index.ts';

const done = (state: string, output?: unknown): EventObject =>
  ({ type: `xstate.done.actor.0.plugin-process.${state}`, output }) as EventObject;
const error = (state: string, reason: unknown = new Error(`${state} went wrong`)): EventObject =>
  ({ type: `xstate.error.actor.0.plugin-process.${state}`, error: reason }) as EventObject;
const after = (delay: string, state: string): EventObject => ({
  type: `xstate.after.${delay}.plugin-process.${state}`,
});

/** What users of the chart send. */
export const COMMANDS = {
  stop: { type: 'plugin.stop' },
  restart: { type: 'plugin.restart' },
  kill: { type: 'plugin.kill' },
  reset: { type: 'plugin.reset' },
} as const satisfies Record<string, EventObject>;

/** What the outside world does: effects that settle, the process that ends, timers that fire. */
export const OUTSIDE = {
  'exit 3': { type: 'process.exited', exit: { code: 3, signal: null } } as EventObject,
  'exit SIGKILL': { type: 'process.exited', exit: { code: null, signal: 'SIGKILL' } } as EventObject,
  spawned: done('spawning', { pid: 7 }),
  'spawn failed': error('spawning'),
  'watch failed': error('alive'),
  handshaken: done('alive.starting.handshaking', { version: 2 }),
  'handshake failed': error('alive.starting.handshaking'),
  connected: done('alive.starting.connecting'),
  'connect failed': error('alive.starting.connecting'),
  probed: done('alive.starting.probing'),
  'probe failed': error('alive.starting.probing'),
  'admission failed': error('alive.ready'),
  healthy: done('alive.ready.checking'),
  'health missed': error('alive.ready.checking', new RuntimeError('DEADLINE_EXCEEDED', 'no answer within 3000 ms')),
  drained: done('alive.draining'),
  'drain failed': error('alive.draining'),
  asked: done('alive.stopping.asking'),
  'ask failed': error('alive.stopping.asking'),
  terminated: done('alive.terminating'),
  'terminate failed': error('alive.terminating'),
  killed: done('alive.killing'),
  'kill failed': error('alive.killing'),
  'cleaned up': done('reaping', { stderrTail: ['last words'] }),
  'clean-up failed': error('reaping'),
  'restart verdict': done('reporting', { decision: 'restart', random: 0.5 }),
  'quarantine verdict': done('reporting', { decision: 'quarantine', random: 0.5 }),
  'budget failed': error('reporting'),
  'start timeout': after('startTimeout', 'alive.starting'),
  'min uptime': after('minUptime', 'alive.ready'),
  'health interval': after('healthInterval', 'alive.ready.resting'),
  'drain timeout': after('drainTimeout', 'alive.draining'),
  grace: after('grace', 'alive.stopping'),
  'terminate timeout': after('terminateTimeout', 'alive.terminating'),
  'kill timeout': after('killTimeout', 'alive.killing'),
  backoff: after('backoff', 'backingOff'),
} as const satisfies Record<string, EventObject>;

/** The whole alphabet of the chart, an event that it does not know included. */
export const EVENTS = { ...COMMANDS, ...OUTSIDE, noise: { type: 'noise' } } as const;

/** The short name of an event. */
export type EventName = keyof typeof EVENTS;

/** All short names. */
export const EVENT_NAMES = Object.keys(EVENTS) as readonly EventName[];

/** The input of a chart for the plugin `kv`. */
export function pluginProcessInput(policy: ProcessPolicyOptions = {}): PluginProcessInput {
  return { plugin: 'kv', policy: resolveProcessPolicy({ backoff: { jitter: 'none' }, ...policy }) };
}

/** The events of the names. */
export function eventsOf(names: readonly EventName[]): readonly EventObject[] {
  return names.map((name) => EVENTS[name]);
}
