// The part of the plugin-lifecycle chart in which no lease is held.

import { pluginLifecycleSetup } from './plugin-lifecycle.setup.ts';

/** The state `resting`. */
export const restingState = pluginLifecycleSetup.createStateConfig({
  description: 'No lease is held, and what is known of the row may be old.',
  entry: ['dismissCrashes', 'unstashRequests'],
  on: {
    'operation.request': {
      target: '#plugin-lifecycle.open.acquiring',
      actions: { type: 'noteRequest', params: ({ event }) => event },
    },
    'row.seen': {
      guard: { type: 'isNews', params: ({ event }) => event },
      target: '.sorting',
      actions: { type: 'noteRow', params: ({ event }) => event },
    },
    'process.crashed': {
      actions: [{ type: 'keepCrash', params: ({ event }) => event }, 'dismissCrashes'],
    },
    'process.ended': {},
    'lifecycle.stop': '#plugin-lifecycle.stopped',
  },
  initial: 'unread',
  states: {
    unread: {
      description: 'The row was not read, or may be another one now.',
      on: { 'row.seen': { target: 'sorting', actions: { type: 'noteRow', params: ({ event }) => event } } },
    },
    sorting: {
      description: 'The state follows from the row.',
      always: [
        { guard: { type: 'isIn', params: { states: ['absent'] } }, target: 'absent' },
        { guard: { type: 'isIn', params: { states: ['installed'] } }, target: 'installed' },
        { guard: { type: 'isIn', params: { states: ['inactive'] } }, target: 'inactive' },
        { guard: { type: 'isIn', params: { states: ['errored'] } }, target: 'errored' },
        { guard: 'isToProbe', target: 'cooling' },
        { guard: { type: 'isIn', params: { states: ['quarantined'] } }, target: 'quarantined' },
        { guard: { type: 'isIn', params: { states: ['pending_uninstall'] } }, target: 'pendingUninstall' },
        { target: 'elsewhere' },
      ],
    },
    absent: { description: 'There is no such plugin.' },
    installed: { description: 'Installed, and never active so far.' },
    inactive: { description: 'It was active, and is not any more.' },
    errored: { description: 'An operation failed, or the plugin did; it waits for a reset.' },
    quarantined: { description: 'It crashed too often; it waits for a reset.' },
    cooling: {
      description: 'It crashed too often; it will be tried again once.',
      after: { probeDelay: { target: '#plugin-lifecycle.open.acquiring', actions: 'requestProbe' } },
    },
    pendingUninstall: { description: 'It is to be removed; that did not come to its end yet.' },
    elsewhere: { description: 'Another host runs it, or is working on it, or has left it behind.' },
  },
});
