// The work of the plugin-lifecycle chart between the first commit of an operation and the last, but for updates.

import { pluginLifecycleSetup } from './plugin-lifecycle.setup.ts';

/** The state `installing`. */
export const installingState = pluginLifecycleSetup.createStateConfig({
  description: 'The files are there; stored data is brought up to the version.',
  invoke: {
    src: 'installPlugin',
    input: ({ context }) => ({ request: context.request, row: context.row }),
    onDone: { target: 'settling', actions: { type: 'aim', params: { to: 'installed' } } },
    onError: [
      // The next boot goes on with it.
      { guard: 'isToStop', target: 'closing', actions: 'blameStop' },
      {
        target: 'settling',
        actions: [{ type: 'blame', params: ({ event }) => ({ reason: event.error }) }, 'aimErrored'],
      },
    ],
  },
  after: { workTimeout: { target: 'settling', actions: ['blameTimeout', 'aimErrored'] } },
});

/** The state `activating`. */
export const activatingState = pluginLifecycleSetup.createStateConfig({
  description: 'An instance is started for a plugin that had none.',
  invoke: {
    src: 'loadPlugin',
    input: ({ context }) => ({ request: context.request, row: context.row }),
    onDone: { target: 'settling', actions: ['noteRunning', { type: 'aim', params: { to: 'active' } }] },
    onError: [
      { guard: 'isToStop', target: 'settling', actions: ['blameStop', 'aimBack'] },
      {
        target: 'settling',
        actions: [{ type: 'blame', params: ({ event }) => ({ reason: event.error }) }, 'aimErrored'],
      },
    ],
  },
  after: {
    instanceTimeout: [
      { guard: 'isToStop', target: 'settling', actions: ['blameStop', 'aimBack'] },
      { target: 'settling', actions: ['blameSlowness', 'aimErrored'] },
    ],
  },
});

/** The state `starting`. */
export const startingState = pluginLifecycleSetup.createStateConfig({
  description: 'An instance is started for a plugin whose row says that it has one.',
  invoke: {
    src: 'loadPlugin',
    input: ({ context }) => ({ request: context.request, row: context.row }),
    onDone: { target: 'sorting', actions: 'noteRunning' },
    onError: [
      { guard: 'isToStop', target: 'closing', actions: 'blameStop' },
      {
        target: 'settling',
        actions: [{ type: 'blame', params: ({ event }) => ({ reason: event.error }) }, 'aimErrored'],
      },
    ],
  },
  after: {
    instanceTimeout: [
      { guard: 'isToStop', target: 'closing', actions: 'blameStop' },
      { target: 'settling', actions: ['blameSlowness', 'aimErrored'] },
    ],
  },
});

/** The state `deactivating`. */
export const deactivatingState = pluginLifecycleSetup.createStateConfig({
  description: 'The instance drains and ends.',
  invoke: {
    src: 'unloadPlugin',
    input: ({ context }) => ({ request: context.request, row: context.row }),
    onDone: {
      target: 'settling',
      actions: ['noteStopped', 'dismissCrashes', { type: 'aim', params: { to: 'inactive' } }],
    },
    onError: {
      target: 'settling',
      actions: [
        'noteStopped',
        'dismissCrashes',
        { type: 'blame', params: ({ event }) => ({ reason: event.error }) },
        'aimErrored',
      ],
    },
  },
  after: {
    instanceTimeout: {
      target: 'settling',
      actions: ['noteStopped', 'dismissCrashes', 'blameSlowness', 'aimErrored'],
    },
  },
});

/** The state `uninstalling`. */
export const uninstallingState = pluginLifecycleSetup.createStateConfig({
  description: 'Versions, and data if that is wanted, are removed.',
  invoke: {
    src: 'removePlugin',
    input: ({ context }) => ({ request: context.request, row: context.row }),
    onDone: { target: 'settling', actions: { type: 'aimRemoved', params: ({ event }) => event.output } },
    onError: {
      target: 'settling',
      actions: [{ type: 'blame', params: ({ event }) => ({ reason: event.error }) }, 'aimPending'],
    },
  },
  after: { workTimeout: { target: 'settling', actions: ['blameTimeout', 'aimPending'] } },
});
