// The life of one plugin: a process is spawned, becomes ready, is watched, dies or is stopped, and is started again.
//
// Invariants:
//   P1. A process that was spawned is followed until its exit is known or KILL_TIMED_OUT says that it is not; then what
//       it left behind is cleaned up. No state but `spawning`, `reaping` and the ones after it is without exit watch.
//   P2. The first failure of a process is the one that counts, with two exceptions: a process which ended by itself
//       during start explains more than the broken connection it leaves, and KILL_TIMED_OUT is graver than its cause.
//   P3. Only a plugin that was ready before is restarted; one that cannot start at all reports why and is `dead`, and so
//       does one whose process cannot be ended: no second process runs beside it.
//   P4. `attempt` goes back to 0 only after the plugin stayed ready for `minUptimeMs`, or when it is reset.
//   P5. A stop reaches `dead` from every state, within the sum of its time-outs. Placing a process and cleaning up after
//       it have none: whoever places bounds them.

import {
  crashOf,
  earlyExit,
  explainExit,
  failureOf,
  lateStart,
  outcomeOf,
  outlivedKill,
} from './plugin-process.failures.ts';
import { pluginProcessSetup } from './plugin-process.setup.ts';

/** Statechart of one plugin process; `actors/plugin-process.actor.ts` gives it its effects. */
export const pluginProcessMachine = pluginProcessSetup.createMachine({
  id: 'plugin-process',
  description: 'The life of one plugin, over all the processes that run it one after the other.',
  context: ({ input }) => ({
    plugin: input.plugin,
    policy: input.policy,
    goal: 'run',
    pid: undefined,
    version: undefined,
    step: 'handshaking',
    launches: 0,
    starts: 0,
    attempt: 0,
    missed: 0,
    random: 0,
    failure: undefined,
    exit: undefined,
    stderrTail: [],
  }),
  output: ({ context }) => outcomeOf(context),
  initial: 'spawning',
  states: {
    spawning: {
      description: 'The process is being started; this cannot be undone, so a stop waits for it.',
      tags: ['spawning'],
      entry: ['countLaunch', 'reportStarting'],
      on: {
        'plugin.stop': { actions: { type: 'setGoal', params: { goal: 'stop' } } },
        'plugin.kill': { actions: { type: 'setGoal', params: { goal: 'stop' } } },
      },
      invoke: {
        src: 'spawnProcess',
        input: ({ context }) => ({ launch: context.launches }),
        onDone: { target: 'alive', actions: { type: 'rememberPid', params: ({ event }) => event.output } },
        onError: {
          target: 'reaping',
          actions: { type: 'blame', params: ({ event }) => failureOf(event.error, 'spawning', 'SPAWN_FAILED') },
        },
      },
    },
    alive: {
      description: 'The process runs, and its exit is watched whatever else happens.',
      invoke: {
        src: 'watchExit',
        input: ({ context }) => ({ launch: context.launches }),
        onError: {
          target: '.killing',
          actions: { type: 'blame', params: ({ event }) => failureOf(event.error, 'killing', 'INTERNAL') },
        },
      },
      on: {
        'process.exited': {
          target: 'reaping',
          actions: [
            { type: 'rememberExit', params: ({ event }) => event },
            {
              type: 'blame',
              params: ({ context, event }) => crashOf(context.plugin, event.exit),
            },
          ],
        },
        'plugin.kill': {
          target: '.killing',
          actions: { type: 'setGoal', params: { goal: 'stop' } },
        },
        'plugin.stop': {
          target: '.terminating',
          actions: { type: 'setGoal', params: { goal: 'stop' } },
        },
        'plugin.restart': {
          target: '.terminating',
          actions: { type: 'setGoal', params: { goal: 'restart' } },
        },
      },
      initial: 'starting',
      states: {
        starting: {
          description: 'From the first byte to the first answer, all within the start timeout.',
          always: { target: 'killing', guard: 'isToEnd' },
          after: {
            startTimeout: {
              target: 'killing',
              actions: { type: 'blame', params: ({ context }) => lateStart(context) },
            },
          },
          on: {
            'process.exited': {
              target: '#plugin-process.reaping',
              actions: [
                { type: 'rememberExit', params: ({ event }) => event },
                { type: 'blame', params: ({ context, event }) => earlyExit(context, event.exit) },
              ],
            },
          },
          initial: 'handshaking',
          states: {
            handshaking: {
              description: 'Waits for the one line that says where the plugin listens.',
              tags: ['handshaking'],
              invoke: {
                src: 'readHandshake',
                onDone: {
                  target: 'connecting',
                  actions: [
                    { type: 'rememberVersion', params: ({ event }) => event.output },
                    { type: 'setStep', params: { step: 'connecting' } },
                  ],
                },
                onError: {
                  target: '#plugin-process.alive.killing',
                  actions: {
                    type: 'blame',
                    params: ({ event }) => failureOf(event.error, 'handshaking', 'HANDSHAKE_MALFORMED'),
                  },
                },
              },
            },
            connecting: {
              description: 'Opens the connection, the output stream and the broker.',
              tags: ['connecting'],
              invoke: {
                src: 'connectPlugin',
                onDone: { target: 'probing', actions: { type: 'setStep', params: { step: 'probing' } } },
                onError: {
                  target: '#plugin-process.alive.killing',
                  actions: {
                    type: 'blame',
                    params: ({ event }) => failureOf(event.error, 'connecting', 'CONNECT_FAILED'),
                  },
                },
              },
            },
            probing: {
              description: 'Asks for health and information, and gives the configuration.',
              tags: ['probing'],
              invoke: {
                src: 'probePlugin',
                onDone: '#plugin-process.alive.ready',
                onError: {
                  target: '#plugin-process.alive.killing',
                  actions: { type: 'blame', params: ({ event }) => failureOf(event.error, 'probing', 'PROBE_FAILED') },
                },
              },
            },
          },
        },
        ready: {
          description: 'Calls are taken.',
          tags: ['ready', 'connected'],
          entry: ['countStart', 'reportReady'],
          invoke: {
            src: 'admitCalls',
            onError: {
              target: 'killing',
              actions: { type: 'blame', params: ({ event }) => failureOf(event.error, 'ready', 'INTERNAL') },
            },
          },
          after: { minUptime: { actions: 'forgetFailures' } },
          on: {
            'plugin.stop': { target: 'draining', actions: { type: 'setGoal', params: { goal: 'stop' } } },
            'plugin.restart': { target: 'draining', actions: { type: 'setGoal', params: { goal: 'restart' } } },
          },
          initial: 'resting',
          states: {
            resting: { description: 'Between two health checks.', after: { healthInterval: 'checking' } },
            checking: {
              description: 'A health check is under way.',
              invoke: {
                src: 'checkHealth',
                onDone: { target: 'resting', actions: 'forgetMisses' },
                onError: [
                  {
                    guard: 'hasMissedTooMany',
                    target: '#plugin-process.alive.killing',
                    actions: [
                      { type: 'reportMiss', params: ({ event }) => ({ reason: event.error }) },
                      {
                        type: 'blame',
                        params: ({ context }) => ({
                          code: 'PLUGIN_UNRESPONSIVE' as const,
                          message: `plugin "${context.plugin}" missed ${context.missed + 1} health checks in a row`,
                          phase: 'ready' as const,
                        }),
                      },
                    ],
                  },
                  {
                    target: 'resting',
                    actions: [{ type: 'reportMiss', params: ({ event }) => ({ reason: event.error }) }, 'countMiss'],
                  },
                ],
              },
            },
          },
        },
        draining: {
          description: 'No new call is taken; those in flight may finish.',
          tags: ['draining'],
          invoke: { src: 'drainCalls', onDone: 'stopping', onError: 'stopping' },
          after: { drainTimeout: 'stopping' },
          on: {
            'plugin.stop': { actions: { type: 'setGoal', params: { goal: 'stop' } } },
            'plugin.restart': {},
            'process.exited': {
              target: '#plugin-process.reaping',
              actions: { type: 'rememberExit', params: ({ event }) => event },
            },
          },
        },
        stopping: {
          description: 'The process is asked to exit, and has a grace to do so.',
          tags: ['stopping'],
          after: { grace: 'terminating' },
          on: {
            'plugin.stop': { actions: { type: 'setGoal', params: { goal: 'stop' } } },
            'plugin.restart': {},
            'process.exited': {
              target: '#plugin-process.reaping',
              actions: { type: 'rememberExit', params: ({ event }) => event },
            },
          },
          initial: 'asking',
          states: {
            asking: {
              description: 'The Shutdown call is under way.',
              // A plugin that cannot be asked still has its grace: it may be on its way out.
              invoke: { src: 'requestShutdown', onDone: 'awaitingExit', onError: 'awaitingExit' },
            },
            awaitingExit: { description: 'The call was answered; the process is on its way out.' },
          },
        },
        terminating: {
          description: 'SIGTERM was sent.',
          tags: ['stopping'],
          invoke: { src: 'terminateProcess', onError: 'killing' },
          after: { terminateTimeout: 'killing' },
          on: {
            'plugin.stop': { actions: { type: 'setGoal', params: { goal: 'stop' } } },
            'plugin.restart': {},
            'process.exited': {
              target: '#plugin-process.reaping',
              actions: { type: 'rememberExit', params: ({ event }) => event },
            },
          },
        },
        killing: {
          description: 'SIGKILL was sent to the whole process group.',
          tags: ['killing'],
          invoke: {
            src: 'killProcess',
            // P1: the exit, or that there is none, is still to come.
            onError: {
              actions: { type: 'blame', params: ({ event }) => failureOf(event.error, 'killing', 'INTERNAL') },
            },
          },
          after: {
            killTimeout: {
              target: '#plugin-process.reaping',
              actions: { type: 'blameInstead', params: ({ context }) => ({ failure: outlivedKill(context) }) },
            },
          },
          on: {
            'plugin.stop': { actions: { type: 'setGoal', params: { goal: 'stop' } } },
            'plugin.restart': {},
            'plugin.kill': { actions: { type: 'setGoal', params: { goal: 'stop' } } },
            'process.exited': [
              {
                // P2: the connection broke because the process ended by itself; its exit says more.
                guard: { type: 'endedByItself', params: ({ event }) => event },
                target: '#plugin-process.reaping',
                actions: [
                  { type: 'rememberExit', params: ({ event }) => event },
                  {
                    type: 'blameInstead',
                    params: ({ context, event }) => ({ failure: explainExit(context, event.exit) }),
                  },
                ],
              },
              {
                target: '#plugin-process.reaping',
                actions: { type: 'rememberExit', params: ({ event }) => event },
              },
            ],
          },
        },
      },
    },
    reaping: {
      description: 'The process is gone; what it left behind is removed.',
      tags: ['killing'],
      on: {
        'plugin.stop': { actions: { type: 'setGoal', params: { goal: 'stop' } } },
        'plugin.kill': { actions: { type: 'setGoal', params: { goal: 'stop' } } },
      },
      invoke: {
        src: 'cleanUp',
        onDone: { target: 'deciding', actions: { type: 'rememberReport', params: ({ event }) => event.output } },
        onError: 'deciding',
      },
    },
    deciding: {
      description: 'What comes next follows from the goal and from how the process ended.',
      always: [
        { guard: 'hasOutlivedKill', target: 'dead', actions: 'reportFailed' },
        { guard: 'isToStop', target: 'dead' },
        { guard: 'isToRestart', target: 'spawning' },
        { guard: 'wasNeverReady', target: 'dead', actions: 'reportFailed' },
        { guard: 'isNotRestarted', target: 'dead', actions: 'reportFailed' },
        { target: 'reporting', actions: ['countFailure', 'reportFailed'] },
      ],
    },
    reporting: {
      description: 'The crash is counted by whoever keeps the budget.',
      tags: ['backingOff'],
      on: {
        'plugin.stop': { target: 'dead', actions: { type: 'setGoal', params: { goal: 'stop' } } },
        'plugin.kill': { target: 'dead', actions: { type: 'setGoal', params: { goal: 'stop' } } },
      },
      invoke: {
        src: 'reportCrash',
        input: ({ context }) => ({ plugin: context.plugin, failure: context.failure }),
        onDone: [
          {
            guard: { type: 'isQuarantine', params: ({ event }) => ({ verdict: event.output }) },
            target: 'quarantined',
          },
          {
            target: 'backingOff',
            actions: { type: 'rememberRandom', params: ({ event }) => ({ verdict: event.output }) },
          },
        ],
        // A budget that cannot be asked must not turn into restarts without end.
        onError: 'quarantined',
      },
    },
    backingOff: {
      description: 'Waits before the next start.',
      tags: ['backingOff'],
      entry: 'reportBackingOff',
      after: { backoff: 'spawning' },
      on: {
        'plugin.stop': { target: 'dead', actions: { type: 'setGoal', params: { goal: 'stop' } } },
        'plugin.kill': { target: 'dead', actions: { type: 'setGoal', params: { goal: 'stop' } } },
        'plugin.restart': 'spawning',
        'plugin.reset': { target: 'spawning', actions: 'forgetFailures' },
      },
    },
    quarantined: {
      description: 'Crashed too often; stays down until it is reset.',
      tags: ['quarantined'],
      entry: 'reportQuarantined',
      on: {
        'plugin.stop': { target: 'dead', actions: { type: 'setGoal', params: { goal: 'stop' } } },
        'plugin.kill': { target: 'dead', actions: { type: 'setGoal', params: { goal: 'stop' } } },
        'plugin.reset': { target: 'spawning', actions: 'forgetFailures' },
      },
    },
    dead: {
      description: 'Over for good.',
      type: 'final',
      tags: ['dead', 'terminal'],
      entry: 'reportDead',
    },
  },
});
