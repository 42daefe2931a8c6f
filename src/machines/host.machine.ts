// The life of a host: it takes plugins until it is stopped, then ends them, by force when time is up.
//
// Invariants:
//   H1. Plugins are launched in `open` only.
//   H2. `stopped` is reached whatever the plugins do: gracefully, or by force after the deadline.

import { assign, fromPromise, setup } from 'xstate';

/** What the chart starts from: nothing. */
export type HostInput = Readonly<Record<string, never>>;

/** What the chart remembers. */
export interface HostContext {
  /** Milliseconds that plugins have for a graceful end. */
  readonly deadlineMs: number;
  /** Names of the plugins that were ended by force. */
  readonly forced: readonly string[];
}

/** Commands to the chart. */
export interface HostEvent {
  readonly type: 'host.stop';
  readonly deadlineMs: number;
}

/** What the chart comes to. */
export interface HostOutcome {
  /** Names of the plugins that did not end within the deadline. */
  readonly forced: readonly string[];
}

/** Statechart of a host; `host/create-host.ts` gives it its effects. */
export const hostMachine = setup({
  types: {
    context: {} as HostContext,
    events: {} as HostEvent,
    input: {} as HostInput,
    output: {} as HostOutcome,
    tags: {} as 'open' | 'terminal',
  },
  actors: {
    stopPlugins: fromPromise<void>(() => new Promise<void>(() => {})),
    killPlugins: fromPromise<readonly string[]>(() => new Promise<readonly string[]>(() => {})),
  },
  actions: {
    setDeadline: assign({ deadlineMs: (_, params: { readonly deadlineMs: number }) => params.deadlineMs }),
    rememberForced: assign({ forced: (_, params: { readonly names: readonly string[] }) => params.names }),
  },
  delays: { stopDeadline: ({ context }) => context.deadlineMs },
}).createMachine({
  id: 'host',
  description: 'The life of a host.',
  context: { deadlineMs: 0, forced: [] },
  output: ({ context }) => ({ forced: context.forced }),
  initial: 'open',
  states: {
    open: {
      description: 'Plugins can be launched.',
      tags: ['open'],
      on: {
        'host.stop': { target: 'stopping', actions: { type: 'setDeadline', params: ({ event }) => event } },
      },
    },
    stopping: {
      description: 'Every plugin was told to stop, and drains.',
      invoke: { src: 'stopPlugins', onDone: 'stopped', onError: 'forcing' },
      after: { stopDeadline: 'forcing' },
    },
    forcing: {
      description: 'Time is up; the plugins that are left are killed.',
      invoke: {
        src: 'killPlugins',
        onDone: {
          target: 'stopped',
          actions: { type: 'rememberForced', params: ({ event }) => ({ names: event.output }) },
        },
        onError: 'stopped',
      },
    },
    stopped: { description: 'Over for good.', type: 'final', tags: ['terminal'] },
  },
});
