import type { Code } from '../../src/errors/index.ts';
import type { PluginProcessGoal } from '../../src/machines/index.ts';
import type { ProcessPolicyOptions } from '../../src/policy/index.ts';
import type { EventName } from './plugin-process.alphabet.ts';

const handshaking = ['spawned'] as const;
const connecting = [...handshaking, 'handshaken'] as const;
const probing = [...connecting, 'connected'] as const;
const ready = [...probing, 'probed'] as const;
const checking = [...ready, 'health interval'] as const;
const missed = ['health missed', 'health interval'] as const;
const draining = [...ready, 'stop'] as const;
const restarting = [...ready, 'restart'] as const;
const crashed = [...ready, 'exit 3', 'cleaned up'] as const;

/** Ways to the states from which other ways begin. */
export const PATHS = { handshaking, connecting, probing, ready, checking, missed, crashed };

/** What an event changes besides the state. */
export interface Change {
  /** Code of the failure afterwards; unchanged when left out. */
  readonly code?: Code | undefined;
  /** Goal afterwards; unchanged when left out. */
  readonly goal?: PluginProcessGoal;
}

/** A state and what led there. */
export interface Situation {
  readonly state: string;
  /** How to get there. */
  readonly after: readonly EventName[];
  readonly policy?: ProcessPolicyOptions;
  /** What each event leads to. Every other event of the alphabet must change nothing. */
  readonly on: Partial<Record<EventName, readonly [to: string, change?: Change]>>;
}

const STOP = { goal: 'stop' } as const;
const RESTART = { goal: 'restart' } as const;
const NEW_LAUNCH = { goal: 'run', code: undefined } as const;

const whileAlive = {
  kill: ['alive.killing', STOP],
  stop: ['alive.terminating', STOP],
  restart: ['alive.terminating', RESTART],
  'watch failed': ['alive.killing', { code: 'INTERNAL' }],
} as const;
const whileStarting = {
  ...whileAlive,
  'start timeout': ['alive.killing', { code: 'HANDSHAKE_TIMEOUT' }],
  'exit 3': ['reaping', { code: 'PLUGIN_EXITED_EARLY' }],
  'exit SIGKILL': ['reaping', { code: 'PLUGIN_EXITED_EARLY' }],
} as const;
const whileReady = {
  ...whileAlive,
  stop: ['alive.draining', STOP],
  restart: ['alive.draining', RESTART],
  'admission failed': ['alive.killing', { code: 'INTERNAL' }],
  'exit 3': ['reaping', { code: 'PLUGIN_CRASHED' }],
  'exit SIGKILL': ['reaping', { code: 'PLUGIN_CRASHED' }],
} as const;
const whileEnding = {
  kill: ['alive.killing', STOP],
  'watch failed': ['alive.killing', { code: 'INTERNAL' }],
  'exit 3': ['reaping'],
  'exit SIGKILL': ['reaping'],
} as const;
const asked = (state: string) => ({ stop: [state, STOP], kill: [state, STOP] }) as const;
const cleanedTo = (state: string, change: Change = {}) =>
  ({ ...asked('reaping'), 'cleaned up': [state, change], 'clean-up failed': [state, change] }) as const;
const killed = { ...asked('alive.killing'), 'kill timeout': ['reaping', { code: 'KILL_TIMED_OUT' }] } as const;

/** Every situation that differs from the others in what an event leads to. */
export const TABLE: Record<string, Situation> = {
  spawning: {
    state: 'spawning',
    after: [],
    on: {
      ...asked('spawning'),
      spawned: ['alive.starting.handshaking'],
      'spawn failed': ['reaping', { code: 'SPAWN_FAILED' }],
    },
  },
  'spawning, to be stopped': {
    state: 'spawning',
    after: ['stop'],
    on: { ...asked('spawning'), spawned: ['alive.killing'], 'spawn failed': ['reaping', { code: 'SPAWN_FAILED' }] },
  },
  handshaking: {
    state: 'alive.starting.handshaking',
    after: handshaking,
    on: {
      ...whileStarting,
      handshaken: ['alive.starting.connecting'],
      'handshake failed': ['alive.killing', { code: 'HANDSHAKE_MALFORMED' }],
    },
  },
  connecting: {
    state: 'alive.starting.connecting',
    after: connecting,
    on: {
      ...whileStarting,
      connected: ['alive.starting.probing'],
      'connect failed': ['alive.killing', { code: 'CONNECT_FAILED' }],
    },
  },
  probing: {
    state: 'alive.starting.probing',
    after: probing,
    on: {
      ...whileStarting,
      probed: ['alive.ready.resting'],
      'probe failed': ['alive.killing', { code: 'PROBE_FAILED' }],
    },
  },
  'ready between two checks': {
    state: 'alive.ready.resting',
    after: ready,
    on: { ...whileReady, 'health interval': ['alive.ready.checking'], 'min uptime': ['alive.ready.resting'] },
  },
  'ready during a check': {
    state: 'alive.ready.checking',
    after: checking,
    on: {
      ...whileReady,
      healthy: ['alive.ready.resting'],
      'health missed': ['alive.ready.resting'],
      'min uptime': ['alive.ready.checking'],
    },
  },
  'ready after 2 misses': {
    state: 'alive.ready.checking',
    after: [...checking, ...missed, ...missed],
    on: {
      ...whileReady,
      healthy: ['alive.ready.resting'],
      'health missed': ['alive.killing', { code: 'PLUGIN_UNRESPONSIVE' }],
      'min uptime': ['alive.ready.checking'],
    },
  },
  'draining to stop': {
    state: 'alive.draining',
    after: draining,
    on: {
      ...whileEnding,
      stop: ['alive.draining', STOP],
      drained: ['alive.stopping.asking'],
      'drain failed': ['alive.stopping.asking'],
      'drain timeout': ['alive.stopping.asking'],
    },
  },
  'draining to restart': {
    state: 'alive.draining',
    after: restarting,
    on: {
      ...whileEnding,
      stop: ['alive.draining', STOP],
      drained: ['alive.stopping.asking'],
      'drain failed': ['alive.stopping.asking'],
      'drain timeout': ['alive.stopping.asking'],
    },
  },
  'asking to exit': {
    state: 'alive.stopping.asking',
    after: [...restarting, 'drained'],
    on: {
      ...whileEnding,
      stop: ['alive.stopping.asking', STOP],
      asked: ['alive.stopping.awaitingExit'],
      'ask failed': ['alive.stopping.awaitingExit'],
      grace: ['alive.terminating'],
    },
  },
  'awaiting the exit': {
    state: 'alive.stopping.awaitingExit',
    after: [...restarting, 'drained', 'asked'],
    on: { ...whileEnding, stop: ['alive.stopping.awaitingExit', STOP], grace: ['alive.terminating'] },
  },
  terminating: {
    state: 'alive.terminating',
    after: [...restarting, 'drained', 'asked', 'grace'],
    on: {
      ...whileEnding,
      stop: ['alive.terminating', STOP],
      'terminate failed': ['alive.killing'],
      'terminate timeout': ['alive.killing'],
    },
  },
  'killing without a failure': {
    state: 'alive.killing',
    after: [...ready, 'kill'],
    on: {
      ...killed,
      'exit 3': ['reaping'],
      'exit SIGKILL': ['reaping'],
      'kill failed': ['alive.killing', { code: 'INTERNAL' }],
      'watch failed': ['alive.killing', { code: 'INTERNAL' }],
    },
  },
  'killing after a broken connection': {
    state: 'alive.killing',
    after: [...connecting, 'connect failed'],
    on: {
      ...killed,
      'exit 3': ['reaping', { code: 'PLUGIN_EXITED_EARLY' }],
      'exit SIGKILL': ['reaping'],
      'kill failed': ['alive.killing'],
      'watch failed': ['alive.killing'],
    },
  },
  'killing after a malformed handshake': {
    state: 'alive.killing',
    after: [...handshaking, 'handshake failed'],
    on: {
      ...killed,
      'exit 3': ['reaping'],
      'exit SIGKILL': ['reaping'],
      'kill failed': ['alive.killing'],
      'watch failed': ['alive.killing'],
    },
  },
  'reaping after a stop': { state: 'reaping', after: [...draining, 'exit 3'], on: cleanedTo('dead') },
  'reaping after a restart': {
    state: 'reaping',
    after: [...restarting, 'exit 3'],
    on: cleanedTo('spawning', NEW_LAUNCH),
  },
  'reaping after a first start that failed': {
    state: 'reaping',
    after: [...handshaking, 'exit 3'],
    on: cleanedTo('dead'),
  },
  'reaping after a crash': { state: 'reaping', after: [...ready, 'exit 3'], on: cleanedTo('reporting') },
  'reaping after a crash that is not followed by a restart': {
    state: 'reaping',
    after: [...ready, 'exit 3'],
    policy: { restart: 'never' },
    on: cleanedTo('dead'),
  },
  'reaping what could not be killed': {
    state: 'reaping',
    after: [...ready, 'kill', 'kill timeout'],
    on: cleanedTo('dead'),
  },
  reporting: {
    state: 'reporting',
    after: crashed,
    on: {
      ...asked('dead'),
      'restart verdict': ['backingOff'],
      'quarantine verdict': ['quarantined'],
      'budget failed': ['quarantined'],
    },
  },
  'backing off': {
    state: 'backingOff',
    after: [...crashed, 'restart verdict'],
    on: {
      ...asked('dead'),
      backoff: ['spawning', NEW_LAUNCH],
      restart: ['spawning', NEW_LAUNCH],
      reset: ['spawning', NEW_LAUNCH],
    },
  },
  quarantined: {
    state: 'quarantined',
    after: [...crashed, 'quarantine verdict'],
    on: { ...asked('dead'), reset: ['spawning', NEW_LAUNCH] },
  },
  dead: { state: 'dead', after: ['stop', 'spawn failed', 'cleaned up'], on: {} },
};
