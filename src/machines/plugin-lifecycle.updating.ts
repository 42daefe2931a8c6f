// The part of the plugin-lifecycle chart that replaces one version by another, without a gap in service.
//
// Invariants:
//   U1. Until the last commit the row names the old version: whatever ends the host before that, the old one serves again.
//   U2. The old version is let go only after the commit, and until then the way back is one step.
//   U3. Whatever disturbs the update, a crash of the serving version included, undoes it.

import { pluginLifecycleSetup } from './plugin-lifecycle.setup.ts';

/** The state `updating`. */
export const updatingState = pluginLifecycleSetup.createStateConfig({
  description: 'One version replaces another, beside it while the plugin runs.',
  initial: 'staging',
  states: {
    staging: {
      description: 'The files of the new version are fetched and judged.',
      always: [
        { guard: 'isToStop', target: 'reverting', actions: 'blameStop' },
        { guard: 'isDisturbed', target: 'reverting', actions: 'blameDisturbance' },
      ],
      invoke: {
        src: 'stageVersion',
        input: ({ context }) => ({ request: context.request, row: context.row }),
        onDone: [
          {
            guard: { type: 'isStaged', params: ({ event }) => ({ report: event.output }) },
            target: 'verifying',
            actions: { type: 'noteStage', params: ({ event }) => ({ report: event.output }) },
          },
          { target: '#plugin-lifecycle.open.owning.settling', actions: 'aimBack' },
        ],
        onError: {
          target: 'reverting',
          actions: { type: 'blame', params: ({ event }) => ({ reason: event.error }) },
        },
      },
      after: { workTimeout: { target: 'reverting', actions: 'blameTimeout' } },
    },
    verifying: {
      description: 'Stored data is brought up to the new version, and it is started beside the old one.',
      always: [
        { guard: 'isToStop', target: 'reverting', actions: 'blameStop' },
        { guard: 'isDisturbed', target: 'reverting', actions: 'blameDisturbance' },
      ],
      invoke: {
        src: 'verifyVersion',
        input: ({ context: { request, row, isRunning } }) => ({ request, row, isRunning }),
        onDone: [
          { guard: 'isRunning', target: 'swapping' },
          { target: '#plugin-lifecycle.open.owning.settling', actions: 'aimReplaced' },
        ],
        onError: {
          target: 'reverting',
          actions: { type: 'blame', params: ({ event }) => ({ reason: event.error }) },
        },
      },
      after: { instanceTimeout: { target: 'reverting', actions: 'blameSlowness' } },
    },
    swapping: {
      description: 'Calls and events go to the new version from now on.',
      invoke: {
        src: 'swapVersion',
        input: ({ context }) => ({ request: context.request, row: context.row }),
        onDone: { target: 'draining', actions: 'noteSwapped' },
        onError: {
          target: 'reverting',
          actions: { type: 'blame', params: ({ event }) => ({ reason: event.error }) },
        },
      },
      // It has taken over and failed before anybody heard of the first.
      on: {
        'version.failed': {
          target: 'reverting',
          actions: ['noteSwapped', { type: 'blameVersion', params: ({ event }) => event }],
        },
      },
      after: { instanceTimeout: { target: 'reverting', actions: 'blameSlowness' } },
    },
    draining: {
      description: 'Calls that the old version has are finished.',
      always: [
        { guard: 'isToStop', target: 'reverting', actions: 'blameStop' },
        { guard: 'isDisturbed', target: 'reverting', actions: 'blameDisturbance' },
      ],
      invoke: {
        src: 'drainVersion',
        input: ({ context }) => ({ request: context.request, row: context.row }),
        onDone: 'probation',
        onError: {
          target: 'reverting',
          actions: { type: 'blame', params: ({ event }) => ({ reason: event.error }) },
        },
      },
      on: {
        'version.failed': { target: 'reverting', actions: { type: 'blameVersion', params: ({ event }) => event } },
      },
      // Those that are left go on; they end with the old version, which is let go later.
      after: { drainTimeout: 'probation' },
    },
    probation: {
      description: 'The new version serves, and the old one stands by.',
      always: [
        { guard: 'isToStop', target: 'reverting', actions: 'blameStop' },
        { guard: 'isDisturbed', target: 'reverting', actions: 'blameDisturbance' },
      ],
      on: {
        'version.failed': { target: 'reverting', actions: { type: 'blameVersion', params: ({ event }) => event } },
      },
      after: { probation: { target: '#plugin-lifecycle.open.owning.settling', actions: 'aimReplaced' } },
    },
    reverting: {
      description: 'The new version goes, and the old one serves as before.',
      invoke: {
        src: 'revertVersion',
        input: ({ context }) => ({ request: context.request, row: context.row, isSwapped: context.isSwapped }),
        onDone: { target: '#plugin-lifecycle.open.owning.settling', actions: ['noteReverted', 'aimBack'] },
        onError: {
          target: '#plugin-lifecycle.open.owning.settling',
          actions: [{ type: 'blame', params: ({ event }) => ({ reason: event.error }) }, 'noteReverted', 'aimErrored'],
        },
      },
      after: {
        instanceTimeout: {
          target: '#plugin-lifecycle.open.owning.settling',
          actions: ['blameSlowness', 'noteReverted', 'aimErrored'],
        },
      },
    },
  },
});
