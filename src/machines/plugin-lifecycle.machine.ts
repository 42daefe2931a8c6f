// The lifecycle of one plugin in one host: operations that others ask for, and what the host does by itself.
//
// Every operation goes the same way: the lease is acquired and the row is read under it; a first commit reserves the
// plugin, then the work is done, then a last commit says what it came to. Where the row is, is where the chart goes on.
//
// Invariants:
//   C1. Nothing is written, and no instance runs, outside of `owning`. Who loses the lease ends the instance and writes
//       nothing.
//   C2. One operation at a time. Another one is refused while somebody's is under way, and waits while the host's own is.
//   C3. The row says `active` only while an instance of this host runs, or while it is being started or found out how it
//       ended. An instance that runs when the row says anything but `active` or a passing state is ended.
//   C4. What fails is parked by a commit: in `errored` with its phase, or where it came from when that still holds.
//   C5. A row in a passing state is gone on with, or undone, by whoever gets the lease: no such state is for ever.
//   C6. Every crash that was reported gets a verdict, and every request an answer.
//   C7. A stop reaches `stopped` from every state once the effects under way have settled, or their time is over.
//   C8. No effect is waited for for ever: every state that has one has a time-out, and what it leads to needs no answer of it.

import { originOf } from './plugin-lifecycle.rules.ts';
import { restingState } from './plugin-lifecycle.resting.ts';
import { pluginLifecycleSetup } from './plugin-lifecycle.setup.ts';
import { updatingState } from './plugin-lifecycle.updating.ts';
import {
  activatingState,
  deactivatingState,
  installingState,
  startingState,
  uninstallingState,
} from './plugin-lifecycle.working.ts';

/** Statechart of a plugin's lifecycle; `actors/plugin-lifecycle.actor.ts` gives it its effects. */
export const pluginLifecycleMachine = pluginLifecycleSetup.createMachine({
  id: 'plugin-lifecycle',
  description: 'The lifecycle of one plugin in one host, over all its versions.',
  context: ({ input }) => ({
    plugin: input.plugin,
    policy: input.policy,
    row: undefined,
    request: undefined,
    error: undefined,
    outcome: undefined,
    isRunning: false,
    isSwapped: false,
    ended: undefined,
    crashes: [],
    isToStop: false,
    leaseElapsedMs: 0,
    limitMs: 0,
  }),
  initial: 'open',
  states: {
    open: {
      description: 'The lifecycle is looked after.',
      on: {
        'operation.request': [
          { guard: 'isBusy', actions: { type: 'refuse', params: ({ event }) => event } },
          { actions: 'stashRequest' },
        ],
        'process.crashed': { actions: { type: 'keepCrash', params: ({ event }) => event } },
        'process.ended': { actions: { type: 'noteEnd', params: ({ event }) => event } },
        'lifecycle.stop': { actions: 'rememberStop' },
      },
      initial: 'resting',
      states: {
        resting: restingState,
        acquiring: {
          description: 'Asks for the lease, and reads the row under it.',
          invoke: {
            src: 'acquireLease',
            onDone: [
              {
                guard: { type: 'isOutdatedProbe', params: ({ event }) => ({ claim: event.output }) },
                target: 'leaving',
                actions: { type: 'noteRow', params: ({ event }) => ({ row: event.output.row }) },
              },
              {
                guard: { type: 'isHeld', params: ({ event }) => ({ claim: event.output }) },
                target: 'owning',
                actions: [
                  { type: 'noteClaim', params: ({ event }) => ({ claim: event.output }) },
                  { type: 'noteRow', params: ({ event }) => ({ row: event.output.row }) },
                ],
              },
              {
                target: 'leaving',
                actions: [{ type: 'noteRow', params: ({ event }) => ({ row: event.output.row }) }, 'blameElsewhere'],
              },
            ],
            onError: {
              target: 'leaving',
              actions: { type: 'blame', params: ({ event }) => ({ reason: event.error }) },
            },
          },
          after: { workTimeout: { target: 'leaving', actions: 'blameTimeout' } },
        },
        owning: {
          description: 'The lease is held and kept; only here things are written and instances run.',
          tags: ['owning'],
          invoke: {
            src: 'keepLease',
            input: ({ context }) => ({ policy: context.policy.lease, elapsedMs: context.leaseElapsedMs }),
            onDone: { target: 'killing', actions: 'blameLease' },
            onError: { target: 'killing', actions: 'blameLease' },
          },
          initial: 'deciding',
          states: {
            deciding: {
              description: 'Whether what is asked for can be done as things are.',
              always: [
                { guard: 'isToStop', target: 'closing', actions: 'blameStop' },
                { guard: 'isRefused', target: 'finishing', actions: 'blameState' },
                { target: 'reserving' },
              ],
            },
            reserving: {
              description: 'Checks what has to be checked, and makes the first commit.',
              invoke: {
                src: 'reserve',
                input: ({ context }) => ({ request: context.request, row: context.row }),
                onDone: [
                  {
                    guard: { type: 'isWritten', params: ({ event }) => ({ report: event.output }) },
                    target: 'sorting',
                    actions: { type: 'noteReport', params: ({ event }) => ({ report: event.output }) },
                  },
                  {
                    guard: { type: 'isRefusal', params: ({ event }) => ({ report: event.output }) },
                    target: 'finishing',
                    actions: { type: 'blameReport', params: ({ event }) => ({ report: event.output }) },
                  },
                  {
                    guard: { type: 'isFenced', params: ({ event }) => ({ report: event.output }) },
                    target: '#plugin-lifecycle.open.killing',
                    actions: 'blameLease',
                  },
                  { target: 'unwinding', actions: 'blameConflict' },
                ],
                onError: {
                  target: 'unwinding',
                  actions: { type: 'blame', params: ({ event }) => ({ reason: event.error }) },
                },
              },
              after: { workTimeout: { target: 'unwinding', actions: 'blameTimeout' } },
            },
            sorting: {
              description: 'What comes next follows from the row.',
              always: [
                { guard: 'isKept', target: 'keeping' },
                { guard: 'isLost', target: 'settling', actions: ['blameEnd', 'aimLost'] },
                { guard: 'isProbed', target: 'active.probing' },
                { guard: 'isLookedAfter', target: 'active.remembered' },
                { guard: 'isServing', target: 'active' },
                { guard: { type: 'isIn', params: { states: ['active'] } }, target: 'starting' },
                { guard: { type: 'isIn', params: { states: ['installing'] } }, target: 'installing' },
                { guard: { type: 'isIn', params: { states: ['activating'] } }, target: 'activating' },
                { guard: { type: 'isIn', params: { states: ['deactivating'] } }, target: 'deactivating' },
                { guard: { type: 'isIn', params: { states: ['updating'] } }, target: 'updating' },
                { guard: { type: 'isIn', params: { states: ['uninstalling'] } }, target: 'uninstalling' },
                { guard: 'isRunning', target: 'ending' },
                { target: 'finishing' },
              ],
            },
            installing: installingState,
            activating: activatingState,
            starting: startingState,
            active: {
              description: 'The plugin runs.',
              tags: ['serving'],
              entry: ['completeRequest', 'unstashRequests'],
              always: [
                { guard: 'hasEnded', target: 'settling', actions: 'aimLost' },
                { guard: 'hasCrashes', target: 'counting' },
                { guard: 'isToStop', target: 'closing' },
              ],
              on: {
                'operation.request': {
                  target: 'deciding',
                  actions: { type: 'noteRequest', params: ({ event }) => event },
                },
              },
              initial: 'serving',
              states: {
                remembered: { type: 'history', target: 'serving' },
                serving: { description: 'It is as well as can be told.' },
                probing: {
                  description: 'It was in quarantine, and one more crash brings it back there.',
                  always: {
                    guard: 'hasCrashes',
                    target: '#plugin-lifecycle.open.owning.counting',
                    actions: 'markFatal',
                  },
                  after: { probeTime: 'serving' },
                },
              },
            },
            counting: {
              description: 'A crash is written down; whether the plugin is started again follows from their number.',
              invoke: {
                src: 'countCrash',
                input: ({ context: { request, row, crashes } }) => ({
                  request,
                  row,
                  crash: crashes[0] ?? { id: 0, code: 'INTERNAL', message: '', isFatal: false },
                }),
                onDone: [
                  {
                    guard: { type: 'isWritten', params: ({ event }) => ({ report: event.output }) },
                    target: 'sorting',
                    actions: [
                      { type: 'noteReport', params: ({ event }) => ({ report: event.output }) },
                      { type: 'judgeCrash', params: ({ event }) => ({ report: event.output }) },
                    ],
                  },
                  {
                    guard: { type: 'isFenced', params: ({ event }) => ({ report: event.output }) },
                    target: '#plugin-lifecycle.open.killing',
                    actions: 'blameLease',
                  },
                  { target: 'unwinding', actions: 'blameConflict' },
                ],
                onError: {
                  target: 'unwinding',
                  actions: { type: 'blame', params: ({ event }) => ({ reason: event.error }) },
                },
              },
              after: { workTimeout: { target: 'unwinding', actions: 'blameTimeout' } },
            },
            deactivating: deactivatingState,
            updating: updatingState,
            uninstalling: uninstallingState,
            settling: {
              description: 'Makes the last commit.',
              invoke: {
                src: 'settle',
                input: ({ context: { request, row, outcome } }) => ({
                  request,
                  row,
                  outcome: outcome ?? { to: row === undefined ? 'absent' : originOf(row) },
                }),
                onDone: [
                  {
                    guard: { type: 'isWritten', params: ({ event }) => ({ report: event.output }) },
                    target: 'sorting',
                    actions: { type: 'noteReport', params: ({ event }) => ({ report: event.output }) },
                  },
                  {
                    guard: { type: 'isFenced', params: ({ event }) => ({ report: event.output }) },
                    target: '#plugin-lifecycle.open.killing',
                    actions: 'blameLease',
                  },
                  // Only a version that took over can still be refused: others stopped fitting it in the meantime.
                  {
                    guard: { type: 'isUnfit', params: ({ event }) => ({ report: event.output }) },
                    target: 'updating.reverting',
                    actions: { type: 'blameReport', params: ({ event }) => ({ report: event.output }) },
                  },
                  { target: 'unwinding', actions: 'blameConflict' },
                ],
                onError: {
                  target: 'unwinding',
                  actions: { type: 'blame', params: ({ event }) => ({ reason: event.error }) },
                },
              },
              after: { workTimeout: { target: 'unwinding', actions: 'blameTimeout' } },
            },
            keeping: {
              description: 'The new version has proven itself; the old one is let go.',
              invoke: {
                src: 'keepVersion',
                input: ({ context }) => ({ request: context.request, row: context.row }),
                onDone: { target: 'sorting', actions: 'noteKept' },
                onError: [
                  { guard: 'hasEnded', target: 'sorting', actions: 'noteKept' },
                  // The commit stands, and the version that it names is gone: it was taken back in the meantime.
                  {
                    target: 'unwinding',
                    actions: { type: 'blame', params: ({ event }) => ({ reason: event.error }) },
                  },
                ],
              },
              after: { instanceTimeout: { target: 'sorting', actions: 'noteKept' } },
            },
            ending: {
              description: 'An instance that must not run any more drains and ends.',
              entry: 'dismissCrashes',
              invoke: {
                src: 'unloadPlugin',
                input: ({ context }) => ({ request: context.request, row: context.row }),
                onDone: { target: 'finishing', actions: 'noteStopped' },
                onError: { target: 'finishing', actions: 'noteStopped' },
              },
              after: { instanceTimeout: { target: 'finishing', actions: 'noteStopped' } },
            },
            unwinding: {
              description: 'The row is another one than was thought: nothing of this host may run on.',
              entry: 'dismissCrashes',
              invoke: {
                src: 'killPlugin',
                input: ({ context }) => ({ request: context.request, row: context.row }),
                onDone: { target: 'rereading', actions: 'noteStopped' },
                onError: { target: 'rereading', actions: 'noteStopped' },
              },
              after: { instanceTimeout: { target: 'rereading', actions: 'noteStopped' } },
            },
            rereading: {
              description: 'Finds out what the row is.',
              invoke: {
                src: 'readRow',
                onDone: {
                  target: 'finishing',
                  actions: { type: 'noteReport', params: ({ event }) => ({ report: event.output }) },
                },
                onError: 'closing',
              },
              after: { workTimeout: 'closing' },
            },
            finishing: {
              description: 'The operation is over; what is left to do follows from the row.',
              always: [
                { guard: 'isToStop', target: 'closing' },
                { guard: 'isAbandoned', target: 'deciding', actions: ['completeRequest', 'requestRecovery'] },
                { guard: 'isServing', target: 'active.remembered' },
                { target: '#plugin-lifecycle.open.leaving' },
              ],
            },
            closing: {
              description: 'The instance ends and the row stays as it is: the next boot starts it again.',
              entry: 'dismissCrashes',
              invoke: {
                src: 'unloadPlugin',
                input: ({ context }) => ({ request: context.request, row: context.row }),
                onDone: { target: '#plugin-lifecycle.open.leaving', actions: 'noteStopped' },
                onError: { target: '#plugin-lifecycle.open.leaving', actions: 'noteStopped' },
              },
              after: { instanceTimeout: { target: '#plugin-lifecycle.open.leaving', actions: 'noteStopped' } },
            },
          },
        },
        leaving: {
          description: 'Lets go of the lease.',
          entry: 'completeRequest',
          invoke: {
            src: 'releaseLease',
            onDone: [{ guard: 'isToStop', target: '#plugin-lifecycle.stopped' }, { target: 'resting.sorting' }],
            // It ends by itself.
            onError: [{ guard: 'isToStop', target: '#plugin-lifecycle.stopped' }, { target: 'resting.sorting' }],
          },
          after: {
            workTimeout: [{ guard: 'isToStop', target: '#plugin-lifecycle.stopped' }, { target: 'resting.sorting' }],
          },
        },
        killing: {
          description: 'The lease is lost: the instance is ended by force, and nothing is written.',
          entry: ['completeRequest', 'dismissCrashes'],
          invoke: {
            src: 'abandonPlugin',
            input: ({ context }) => ({ request: context.request, row: context.row }),
            onDone: [
              { guard: 'isToStop', target: '#plugin-lifecycle.stopped', actions: 'noteStopped' },
              { target: 'resting', actions: 'noteStopped' },
            ],
            onError: [
              { guard: 'isToStop', target: '#plugin-lifecycle.stopped', actions: 'noteStopped' },
              { target: 'resting', actions: 'noteStopped' },
            ],
          },
          after: {
            instanceTimeout: [
              { guard: 'isToStop', target: '#plugin-lifecycle.stopped', actions: 'noteStopped' },
              { target: 'resting', actions: 'noteStopped' },
            ],
          },
        },
      },
    },
    stopped: {
      description: 'The host stops; nothing of the plugin runs here.',
      type: 'final',
      entry: 'dismissCrashes',
      tags: ['terminal'],
    },
  },
});
