// The life of one restart: a member of a restart unit failed, and it, or its siblings with it, are started again.
//
// A unit is one child under `oneForOne`, else all siblings. The chart is created at the first failure of the unit and
// ends when nothing is left to remember, so a unit that never fails costs nothing.
//
// Invariants:
//   V1. A failure is never lost: one that comes while members are stopped, waited for or started is counted in its
//       member's window, and takes down with it whom the strategy says.
//   V2. Nobody is started who runs: whoever is started was stopped before, or failed, since the last start.
//   V3. Members are stopped in reverse start order and started in start order.
//   V4. Every start comes after a wait, and more than `maxRestarts` failures of one member within `withinMs` escalate. So
//       no member is restarted in a storm, however fast it fails.
//   V5. Failures count for all of `withinMs`, also when waits start from the beginning sooner; the chart ends after both.
//   V6. `stop` reaches `halted` from every state. It and `members.changed` stand in each state and not at the top, where
//       they would lead out of the final ones too.

import { assign, emit, enqueueActions, fromPromise, setup } from 'xstate';
import {
  escalationFrom,
  isMember,
  memoryMsOf,
  namesToStop,
  namesUp,
  openBooks,
  reasonOf,
  stableMsOf,
  waitOf,
  withFailedStart,
  withFailure,
  withMembers,
  withStopped,
} from './supervisor.books.ts';
import type {
  MemberFailure,
  MemberNames,
  StartReport,
  SupervisedMember,
  SupervisorContext,
  SupervisorEvent,
  SupervisorFact,
  SupervisorInput,
  SupervisorOutcome,
} from './supervisor.types.ts';

/** Statechart of one restart unit; the actor that owns the members gives it its effects. */
export const supervisorMachine = setup({
  types: {
    context: {} as SupervisorContext,
    events: {} as SupervisorEvent,
    emitted: {} as SupervisorFact,
    input: {} as SupervisorInput,
    output: {} as SupervisorOutcome,
    tags: {} as 'restarting' | 'terminal',
  },
  actors: {
    /** Stops each member in the given order and waits for its end. One that has ended already is no error. */
    stopMembers: fromPromise<void, MemberNames>(() => new Promise<void>(() => {})),
    /** Starts each member in the given order, and none after the first that fails. */
    startMembers: fromPromise<StartReport, MemberNames>(() => new Promise<StartReport>(() => {})),
  },
  guards: {
    isToEscalate: ({ context }) => context.escalations.length > 0,
    isNobodyDown: ({ context }) => context.down.length === 0,
    isSomeoneToStop: ({ context }) => namesToStop(context).length > 0,
    isMember: ({ context }, params: { readonly name: string }) => isMember(context, params.name),
    hasFailedStart: (_, params: StartReport) => params.failure !== undefined,
    remembersFailures: ({ context }) => memoryMsOf(context) > 0,
  },
  actions: {
    countFailure: assign(({ context }, params: MemberFailure) => withFailure(context, params)),
    countFailedStart: assign(({ context }, { failure }: StartReport) =>
      failure === undefined ? {} : withFailedStart(context, failure),
    ),
    changeMembers: assign(({ context }, params: { readonly members: readonly SupervisedMember[] }) =>
      withMembers(context, params.members),
    ),
    chooseWhomToStop: assign({ batch: ({ context }) => namesToStop(context) }),
    rememberStopped: assign(({ context }) => withStopped(context)),
    chooseWhomToStart: assign({ batch: ({ context }) => context.down, down: [], stopped: [], failures: [] }),
    forgetAttempts: assign({
      records: ({ context }) => context.records.map((record) => ({ ...record, attempts: 0 })),
    }),
    giveUp: assign({
      escalations: ({ context }, params: { readonly error: unknown }) => [
        ...context.escalations,
        escalationFrom(context, params.error),
      ],
    }),
    reportRestarting: emit(({ context }) => ({
      type: 'member.restarting' as const,
      names: context.down,
      ...waitOf(context),
    })),
    reportRestarted: enqueueActions(({ context, enqueue }) => {
      const names = namesUp(context);
      if (names.length > 0) enqueue.emit({ type: 'member.restarted', names });
    }),
    reportEscalated: emit(({ context }) => ({
      type: 'supervisor.escalated' as const,
      ...reasonOf(context),
    })),
  },
  delays: {
    backoff: ({ context }) => waitOf(context).delayMs,
    stable: ({ context }) => stableMsOf(context),
    memory: ({ context }) => memoryMsOf(context),
  },
}).createMachine({
  id: 'supervisor',
  description: 'The restarts of one unit, from its first failure until it is forgotten.',
  context: ({ input }) => openBooks(input),
  output: ({ event }) => event.output as SupervisorOutcome,
  initial: 'deciding',
  states: {
    deciding: {
      description: 'Chooses what comes next for those who are down; takes no time.',
      always: [
        { guard: 'isToEscalate', target: 'escalated' },
        { guard: 'isNobodyDown', target: 'watching' },
        { guard: 'isSomeoneToStop', target: 'stopping' },
        { target: 'backingOff' },
      ],
    },
    stopping: {
      description: 'Those who are restarted together are stopped, the last started first.',
      tags: ['restarting'],
      entry: 'chooseWhomToStop',
      invoke: {
        src: 'stopMembers',
        input: ({ context }) => ({ names: context.batch }),
        onDone: { target: 'deciding', actions: 'rememberStopped' },
        onError: { target: 'escalated', actions: { type: 'giveUp', params: ({ event }) => event } },
      },
      on: {
        stop: 'halted',
        'members.changed': { actions: { type: 'changeMembers', params: ({ event }) => event } },
        'member.failed': {
          guard: { type: 'isMember', params: ({ event }) => event },
          actions: { type: 'countFailure', params: ({ event }) => event },
        },
      },
    },
    backingOff: {
      description: 'All of them are stopped; the wait before they are started grows with each failure.',
      tags: ['restarting'],
      entry: 'reportRestarting',
      always: { guard: 'isNobodyDown', target: 'watching' },
      after: { backoff: 'starting' },
      on: {
        stop: 'halted',
        'members.changed': { actions: { type: 'changeMembers', params: ({ event }) => event } },
        'member.failed': {
          guard: { type: 'isMember', params: ({ event }) => event },
          target: 'deciding',
          actions: { type: 'countFailure', params: ({ event }) => event },
        },
      },
    },
    starting: {
      description: 'Those who are down are started, in start order.',
      tags: ['restarting'],
      entry: 'chooseWhomToStart',
      invoke: {
        src: 'startMembers',
        input: ({ context }) => ({ names: context.batch }),
        onDone: [
          {
            guard: { type: 'hasFailedStart', params: ({ event }) => event.output },
            target: 'deciding',
            actions: [{ type: 'countFailedStart', params: ({ event }) => event.output }, 'reportRestarted'],
          },
          { target: 'deciding', actions: 'reportRestarted' },
        ],
        onError: { target: 'escalated', actions: { type: 'giveUp', params: ({ event }) => event } },
      },
      on: {
        stop: 'halted',
        'members.changed': { actions: { type: 'changeMembers', params: ({ event }) => event } },
        'member.failed': {
          guard: { type: 'isMember', params: ({ event }) => event },
          actions: { type: 'countFailure', params: ({ event }) => event },
        },
      },
    },
    watching: {
      description: 'All run; a failure now waits longer than the one before it.',
      after: {
        stable: [
          { guard: 'remembersFailures', target: 'remembering', actions: 'forgetAttempts' },
          { target: 'steady' },
        ],
      },
      on: {
        stop: 'halted',
        'members.changed': { actions: { type: 'changeMembers', params: ({ event }) => event } },
        'member.failed': {
          guard: { type: 'isMember', params: ({ event }) => event },
          target: 'deciding',
          actions: { type: 'countFailure', params: ({ event }) => event },
        },
      },
    },
    remembering: {
      description: 'Waits start from the beginning again, but past failures still count (V5).',
      after: { memory: 'steady' },
      on: {
        stop: 'halted',
        'members.changed': { actions: { type: 'changeMembers', params: ({ event }) => event } },
        'member.failed': {
          guard: { type: 'isMember', params: ({ event }) => event },
          target: 'deciding',
          actions: { type: 'countFailure', params: ({ event }) => event },
        },
      },
    },
    steady: {
      description: 'All have run long enough to forget what was.',
      type: 'final',
      tags: ['terminal'],
      output: { kind: 'steady' },
    },
    escalated: {
      description: 'A member failed too often, or could not be stopped or started; the parent must fail.',
      type: 'final',
      tags: ['terminal'],
      entry: 'reportEscalated',
      output: ({ context }) => ({
        kind: 'escalated',
        name: reasonOf(context).name,
        reason: reasonOf(context).reason,
      }),
    },
    halted: {
      description: 'The parent stops; whatever was under way was dropped.',
      type: 'final',
      tags: ['terminal'],
      output: { kind: 'halted' },
    },
  },
});
