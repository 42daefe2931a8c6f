// How one version of a plugin takes the place of another one that goes on working.
//
// Invariants:
//   R1. Calls and events are routed in the two states `swapping` and `reverting` only, by effects that either have routed
//       when they return, or reject and have changed nothing.
//   R2. Until `swapping` the new version can be lost without anybody noticing: it is ended, and nothing else happens.
//   R3. From `swapping` until `keeping` the old version stands by. It is taken back by command, or, when that was asked for,
//       as soon as the new one is lost; not when it is lost itself.
//   R4. The version that is not kept is ended before `done`. A stop ends the chart at once: whoever stops the plugin ends
//       all its versions.
//   R5. A command that a state does not know is refused by its number; none is dropped without a word.

import { pluginReplacementSetup, replacementFailure, replacementOutcome } from './plugin-replacement.setup.ts';

/** Statechart of a replacement; `actors/plugin-replacement.actor.ts` gives it its effects. */
export const pluginReplacementMachine = pluginReplacementSetup.createMachine({
  id: 'plugin-replacement',
  description: 'One version of a plugin takes the place of another one.',
  context: ({ input }) => ({
    plugin: input.plugin,
    revertOnCrash: false,
    eventDrainMs: 0,
    drainMs: 0,
    hasStandby: true,
    end: 'discarded',
    failure: undefined,
  }),
  output: ({ context }) => replacementOutcome(context),
  initial: 'open',
  states: {
    open: {
      description: 'Two versions exist.',
      on: {
        'replacement.stop': { target: 'done', actions: { type: 'setEnd', params: { end: 'stopped' } } },
        'replacement.verify': { actions: { type: 'refuse', params: ({ event }) => event } },
        'replacement.swap': { actions: { type: 'refuse', params: ({ event }) => event } },
        'replacement.keep': { actions: { type: 'refuse', params: ({ event }) => event } },
        'replacement.revert': { actions: { type: 'refuse', params: ({ event }) => event } },
        'replacement.discard': { actions: { type: 'refuse', params: ({ event }) => event } },
      },
      initial: 'unused',
      states: {
        unused: {
          description: 'The old version works; the new one takes no calls and gets no events.',
          on: {
            'next.lost': {
              target: 'clearing',
              actions: [
                { type: 'setEnd', params: { end: 'failed' } },
                { type: 'blame', params: ({ event }) => event },
              ],
            },
            'replacement.discard': 'clearing',
          },
          initial: 'staging',
          states: {
            staging: {
              description: 'The new version is being started.',
              tags: ['staging'],
              invoke: {
                src: 'awaitNext',
                onDone: { target: 'staged', actions: 'reportStaged' },
                onError: {
                  target: '#plugin-replacement.open.clearing',
                  actions: [
                    { type: 'setEnd', params: { end: 'failed' } },
                    {
                      type: 'blame',
                      params: ({ event }) => ({ failure: replacementFailure(event.error, 'PLUGIN_CRASHED') }),
                    },
                  ],
                },
              },
            },
            staged: {
              description: 'The new version is ready.',
              tags: ['staged'],
              on: {
                'replacement.verify': 'verifying',
                'replacement.swap': {
                  target: '#plugin-replacement.open.swapping',
                  actions: { type: 'rememberOrder', params: ({ event }) => event },
                },
              },
            },
            verifying: {
              description: 'The new version shows that it is well and what it offers.',
              tags: ['verifying'],
              invoke: {
                src: 'verifyNext',
                onDone: {
                  target: 'staged',
                  actions: { type: 'reportVerified', params: ({ event }) => ({ report: event.output }) },
                },
                onError: {
                  target: 'staged',
                  actions: {
                    type: 'reportUnverified',
                    params: ({ event }) => ({ failure: replacementFailure(event.error, 'INTERNAL') }),
                  },
                },
              },
            },
          },
        },
        swapping: {
          description: 'New calls go to the new version; the events follow when the old one is done with those it has.',
          tags: ['swapping', 'swapped'],
          on: {
            'next.lost': {
              guard: 'isToRevert',
              target: 'reverting',
              actions: { type: 'blame', params: ({ event }) => event },
            },
            'standby.lost': { actions: ['forgetStandby', 'reportStandbyLost'] },
            'replacement.revert': 'reverting',
          },
          invoke: {
            src: 'routeToNext',
            input: ({ context }) => ({ eventDrainMs: context.eventDrainMs }),
            onDone: { target: 'draining', actions: 'reportSwapped' },
            onError: {
              target: 'unused.staged',
              actions: {
                type: 'reportUnswapped',
                params: ({ event }) => ({ failure: replacementFailure(event.error, 'INTERNAL') }),
              },
            },
          },
        },
        draining: {
          description: 'Calls to the old version are still under way.',
          tags: ['draining', 'swapped'],
          on: {
            'next.lost': {
              guard: 'isToRevert',
              target: 'reverting',
              actions: { type: 'blame', params: ({ event }) => event },
            },
            'standby.lost': { actions: ['forgetStandby', 'reportStandbyLost'] },
            'replacement.keep': { target: 'keeping', actions: { type: 'setDrain', params: ({ event }) => event } },
            'replacement.revert': 'reverting',
          },
          invoke: { src: 'drainStandby', onDone: 'probation', onError: 'probation' },
          after: { drainTimeout: 'probation' },
        },
        probation: {
          description: 'The new version works; the old one stands by.',
          tags: ['probation', 'swapped'],
          on: {
            'next.lost': {
              guard: 'isToRevert',
              target: 'reverting',
              actions: { type: 'blame', params: ({ event }) => event },
            },
            'standby.lost': { actions: ['forgetStandby', 'reportStandbyLost'] },
            'replacement.keep': { target: 'keeping', actions: { type: 'setDrain', params: ({ event }) => event } },
            'replacement.revert': 'reverting',
          },
        },
        keeping: {
          description: 'The old version is ended.',
          tags: ['keeping', 'swapped'],
          on: { 'replacement.keep': {} },
          entry: { type: 'setEnd', params: { end: 'kept' } },
          invoke: {
            src: 'retireStandby',
            input: ({ context }) => ({ drainMs: context.drainMs }),
            onDone: '#plugin-replacement.done',
            onError: '#plugin-replacement.done',
          },
        },
        reverting: {
          description:
            'New calls go to the old version again; the events follow when the new one is done with those it has.',
          tags: ['reverting'],
          on: { 'replacement.revert': {} },
          invoke: {
            src: 'routeBack',
            input: ({ context }) => ({ eventDrainMs: context.eventDrainMs }),
            onDone: {
              target: 'clearing',
              actions: [{ type: 'setEnd', params: { end: 'reverted' } }, 'reportReverted'],
            },
            // R3. The old version is gone, so the new one goes on.
            onError: {
              target: 'probation',
              actions: [
                'forgetStandby',
                {
                  type: 'reportUnreverted',
                  params: ({ event }) => ({ failure: replacementFailure(event.error, 'STANDBY_LOST') }),
                },
              ],
            },
          },
        },
        clearing: {
          description: 'The new version is ended.',
          tags: ['clearing'],
          on: { 'replacement.discard': {}, 'replacement.revert': {} },
          invoke: {
            src: 'endNext',
            onDone: '#plugin-replacement.done',
            onError: '#plugin-replacement.done',
          },
        },
      },
    },
    done: {
      description: 'One version is left, or the plugin is being stopped.',
      type: 'final',
      tags: ['done', 'terminal'],
      entry: 'reportEnded',
    },
  },
});
