// The parts the plugin-lifecycle chart is made of: effects, guards, actions and delays, all by name.

import { assign, emit, enqueueActions, fromPromise, setup } from 'xstate';
import { RuntimeError } from '../errors/index.ts';
import type { LastingState, LifecycleState } from '../ports/lifecycle-store.ts';
import { pluginLeaseMachine } from './plugin-lease.machine.ts';
import {
  busyError,
  elsewhereError,
  isAbandoned,
  isAllowed,
  isUpkeep,
  originOf,
  stateError,
  stateOfRow,
} from './plugin-lifecycle.rules.ts';
import type {
  LeaseClaim,
  LifecycleFailure,
  LifecycleOutcome,
  LifecycleRequest,
  LifecycleWorkInput,
  PendingCrash,
  PluginLifecycleContext,
  PluginLifecycleEvent,
  PluginLifecycleFact,
  PluginLifecycleInput,
  RemovalReport,
  StageReport,
  WriteReport,
} from './plugin-lifecycle.types.ts';
import { stash, unstash } from './system-actions.ts';

/** Stands in for an effect until `provide` gives the real one. */
function placeholder<Output, Input = LifecycleWorkInput>() {
  return fromPromise<Output, Input>(() => new Promise<Output>(() => {}));
}

/** What the last commit of an operation is made from. */
export interface SettleInput extends LifecycleWorkInput {
  readonly outcome: LifecycleOutcome;
}

/** What a version is verified for. */
export interface VerifyInput extends LifecycleWorkInput {
  /** Whether it is to be started beside the one that runs. */
  readonly isRunning: boolean;
}

/** What counting a crash is made from. */
export interface CountCrashInput extends LifecycleWorkInput {
  readonly crash: PendingCrash;
}

const RECOVERY: LifecycleRequest = { id: 0, operation: 'recover' };
const PROBE: LifecycleRequest = { id: 0, operation: 'probe' };
/** More than one process of a plugin can report before the first is judged only while one version replaces another. */
const MOST_CRASHES = 16;

/** Types, effects, guards, actions and delays of the chart. */
export const pluginLifecycleSetup = setup({
  types: {
    context: {} as PluginLifecycleContext,
    events: {} as PluginLifecycleEvent,
    emitted: {} as PluginLifecycleFact,
    input: {} as PluginLifecycleInput,
    tags: {} as 'owning' | 'serving' | 'terminal',
  },
  actors: {
    acquireLease: placeholder<LeaseClaim, undefined>(),
    keepLease: pluginLeaseMachine,
    releaseLease: placeholder<void, undefined>(),
    readRow: placeholder<WriteReport, undefined>(),
    /** Checks what has to be checked, and makes the first commit of the operation. */
    reserve: placeholder<WriteReport>(),
    /** Makes the last one. */
    settle: placeholder<WriteReport, SettleInput>(),
    countCrash: placeholder<WriteReport, CountCrashInput>(),
    installPlugin: placeholder<void>(),
    loadPlugin: placeholder<void>(),
    unloadPlugin: placeholder<void>(),
    killPlugin: placeholder<void>(),
    abandonPlugin: placeholder<void>(),
    removePlugin: placeholder<RemovalReport>(),
    stageVersion: placeholder<StageReport>(),
    verifyVersion: placeholder<void, VerifyInput>(),
    swapVersion: placeholder<void>(),
    drainVersion: placeholder<void>(),
    keepVersion: placeholder<void>(),
    revertVersion: placeholder<void, LifecycleWorkInput & { readonly isSwapped: boolean }>(),
  },
  guards: {
    isBusy: ({ context: { request } }) => request !== undefined && !isUpkeep(request),
    isToStop: ({ context }) => context.isToStop,
    isRefused: ({ context: { request, row } }) => request === undefined || !isAllowed(request, stateOfRow(row)),
    isNews: ({ context }, { row }: { readonly row: PluginLifecycleContext['row'] }) =>
      row?.rowVersion !== context.row?.rowVersion || row?.incarnation !== context.row?.incarnation,
    isHeld: (_, params: { readonly claim: LeaseClaim }) => params.claim.kind === 'held',
    /** Another host has tried it in the meantime, so that its time begins anew. */
    isOutdatedProbe: ({ context: { request, row } }, params: { readonly claim: LeaseClaim }) =>
      request?.operation === 'probe' &&
      params.claim.kind === 'held' &&
      (params.claim.row?.state !== 'quarantined' || params.claim.row.rowVersion !== row?.rowVersion),
    isWritten: (_, params: { readonly report: WriteReport }) => params.report.kind === 'written',
    isFenced: (_, params: { readonly report: WriteReport }) => params.report.kind === 'fenced',
    isRefusal: (_, params: { readonly report: WriteReport }) => params.report.kind === 'refused',
    isUnfit: ({ context: { outcome } }, params: { readonly report: WriteReport }) =>
      params.report.kind === 'refused' && outcome?.isReplaced === true,
    isStaged: (_, params: { readonly report: StageReport }) => params.report.kind === 'staged',
    isIn: ({ context }, params: { readonly states: readonly (LifecycleState | 'absent')[] }) =>
      params.states.includes(stateOfRow(context.row)),
    isRunning: ({ context }) => context.isRunning,
    isServing: ({ context: { row, isRunning } }) => row?.state === 'active' && isRunning,
    /** What the host did by itself changes nothing about how the plugin serves. */
    isLookedAfter: ({ context: { row, isRunning, request } }) =>
      row?.state === 'active' && isRunning && (request?.operation === 'clean' || request?.operation === 'recover'),
    isProbed: ({ context: { request, row, isRunning } }) =>
      row?.state === 'active' && isRunning && request?.operation === 'probe',
    isKept: ({ context: { row, isSwapped } }) => row?.state === 'active' && isSwapped,
    isLost: ({ context: { row, ended } }) => row?.state === 'active' && ended !== undefined,
    isAbandoned: ({ context: { row, isRunning, request } }) =>
      isAbandoned(row, isRunning) && request?.operation !== 'recover',
    isToProbe: ({ context: { row, policy } }) => row?.state === 'quarantined' && policy.probeAfterMs !== undefined,
    hasEnded: ({ context }) => context.ended !== undefined,
    hasCrashes: ({ context }) => context.crashes.length > 0,
    isDisturbed: ({ context: { ended, crashes } }) => ended !== undefined || crashes.length > 0,
  },
  actions: {
    noteRequest: assign({
      request: (_, params: { readonly request: LifecycleRequest }) => params.request,
      error: undefined,
      outcome: undefined,
    }),
    requestRecovery: assign({ request: RECOVERY, error: undefined, outcome: undefined }),
    requestProbe: assign({ request: PROBE, error: undefined, outcome: undefined }),
    /** Takes over what was read or written, and tells when the state is another one. */
    noteRow: enqueueActions(({ context, enqueue }, { row }: { readonly row: PluginLifecycleContext['row'] }) => {
      enqueue.assign({ row });
      const fact = changeOf(context, row);
      if (fact !== undefined) enqueue.emit(fact);
    }),
    noteReport: enqueueActions(({ context, enqueue }, { report }: { readonly report: WriteReport }) => {
      if (report.kind !== 'written') return;
      enqueue.assign({ row: report.row, limitMs: report.limitMs ?? context.limitMs });
      const fact = changeOf(context, report.row);
      if (fact !== undefined) enqueue.emit(fact);
    }),
    noteClaim: assign({
      leaseElapsedMs: (_, { claim }: { readonly claim: LeaseClaim }) => (claim.kind === 'held' ? claim.elapsedMs : 0),
    }),
    /** The version that is started next may be slower than the one before it. */
    noteStage: assign({
      limitMs: ({ context }, { report }: { readonly report: StageReport }) =>
        Math.max(context.limitMs, report.limitMs ?? 0),
    }),
    /** It may have ended before anybody heard that it runs: that is not forgotten. */
    noteRunning: assign({ isRunning: true }),
    noteStopped: assign({ isRunning: false, isSwapped: false, ended: undefined }),
    noteSwapped: assign({ isSwapped: true }),
    noteKept: assign({ isSwapped: false }),
    /** What befell the version that is gone does not count against the one that came back; the end of both does. */
    noteReverted: enqueueActions(({ context: { isSwapped, crashes }, enqueue }) => {
      if (!isSwapped) return;
      for (const { id } of crashes) enqueue.emit({ type: 'crash.judged', crash: id, decision: 'quarantine' });
      enqueue.assign({ isSwapped: false, crashes: [] });
    }),
    noteEnd: assign({ ended: (_, params: { readonly failure: LifecycleFailure }) => params.failure }),
    rememberStop: assign({ isToStop: true }),
    keepCrash: assign({
      crashes: ({ context }, params: { readonly crash: PendingCrash }) =>
        [...context.crashes, params.crash].slice(0, MOST_CRASHES),
    }),
    markFatal: assign({ crashes: ({ context }) => context.crashes.map((crash) => ({ ...crash, isFatal: true })) }),
    /** The verdict follows from what was written. */
    judgeCrash: enqueueActions(({ context, enqueue }, { report }: { readonly report: WriteReport }) => {
      const [crash, ...rest] = context.crashes;
      enqueue.assign({ crashes: rest });
      if (crash === undefined) return;
      const isToStay = report.kind !== 'written' || report.row?.state !== 'active';
      enqueue.emit({ type: 'crash.judged', crash: crash.id, decision: isToStay ? 'quarantine' : 'restart' });
    }),
    /** Whose process is ended anyway is not started again. */
    dismissCrashes: enqueueActions(({ context, enqueue }) => {
      for (const { id } of context.crashes) enqueue.emit({ type: 'crash.judged', crash: id, decision: 'quarantine' });
      enqueue.assign({ crashes: [] });
    }),
    refuse: emit(({ context }, params: { readonly request: LifecycleRequest }) => ({
      type: 'operation.failed' as const,
      request: params.request,
      error: busyError(context, params.request),
    })),
    stashRequest: stash(),
    unstashRequests: unstash(),
    blame: assign({
      error: ({ context }, params: { readonly reason: unknown }) => context.error ?? RuntimeError.from(params.reason),
    }),
    blameReport: assign({
      error: ({ context }, { report }: { readonly report: WriteReport }) =>
        context.error ?? (report.kind === 'refused' ? report.error : undefined),
    }),
    blameState: assign({
      error: ({ context: { plugin, request, row, error } }) =>
        request === undefined ? error : (error ?? stateError(plugin, request, stateOfRow(row))),
    }),
    blameElsewhere: assign({
      error: ({ context: { plugin, request, row, error } }) =>
        request === undefined ? error : (error ?? elsewhereError(plugin, request, row)),
    }),
    blameLease: assign({
      error: ({ context: { plugin, error } }) =>
        error ?? new RuntimeError('LEASE_LOST', `this host lost its right to plugin "${plugin}"`),
    }),
    blameConflict: assign({
      error: ({ context: { plugin, error } }) =>
        error ?? new RuntimeError('ROW_CHANGED', `somebody else changed the row of plugin "${plugin}"`),
    }),
    blameStop: assign({
      error: ({ context: { plugin, error } }) =>
        error ?? new RuntimeError('HOST_STOPPED', `the host stops, and leaves plugin "${plugin}" as it is`),
    }),
    blameTimeout: assign({
      error: ({ context }) => context.error ?? timeoutError(context, context.policy.workTimeoutMs),
    }),
    /** The same, of a step that starts or ends an instance. */
    blameSlowness: assign({ error: ({ context }) => context.error ?? timeoutError(context, instanceTimeout(context)) }),
    /** What disturbed an update: a crash, or the end of the plugin. */
    blameDisturbance: assign({
      error: ({ context: { plugin, error, ended, crashes, isSwapped } }) => {
        const cause = ended ?? crashes[0];
        const what = isSwapped ? 'the new version of plugin' : 'while it was updated, plugin';
        const text = `${what} "${plugin}" failed: ${cause?.message ?? 'without a reason'}`;
        return error ?? new RuntimeError(isSwapped ? 'PROBATION_FAILED' : 'PLUGIN_CRASHED', text);
      },
    }),
    blameVersion: assign({
      error: ({ context: { plugin, error } }, { failure }: { readonly failure: LifecycleFailure }) =>
        error ??
        new RuntimeError('PROBATION_FAILED', `the new version of plugin "${plugin}" failed: ${failure.message}`),
    }),
    aim: assign({ outcome: (_, params: { readonly to: LastingState | 'absent' }) => ({ to: params.to }) }),
    /** Back to where it was. */
    aimBack: assign({
      outcome: ({ context: { row, error } }): LifecycleOutcome => ({
        to: row === undefined ? 'absent' : originOf(row),
        failure: error && failureOf(error),
      }),
    }),
    aimReplaced: assign({
      outcome: ({ context: { row } }): LifecycleOutcome => ({
        to: row === undefined ? 'absent' : originOf(row),
        isReplaced: true,
      }),
    }),
    aimRemoved: assign({
      outcome: (_, params: RemovalReport): LifecycleOutcome => ({ to: 'absent', left: params.left }),
    }),
    /** A plugin that was only being tried stays where it was. */
    aimErrored: assign({
      outcome: ({ context: { error, request } }): LifecycleOutcome => ({
        to: request?.operation === 'probe' ? 'quarantined' : 'errored',
        failure: failureOf(error),
      }),
    }),
    /** The plugin has ended for good: there is no instance any more. */
    aimLost: assign({
      outcome: ({ context: { ended } }): LifecycleOutcome => ({ to: 'errored', failure: ended }),
      isRunning: false,
      ended: undefined,
    }),
    /** What was begun is gone on with later. */
    aimPending: assign({
      outcome: ({ context: { error } }): LifecycleOutcome => ({ to: 'pending_uninstall', failure: failureOf(error) }),
    }),
    blameEnd: assign({
      error: ({ context: { error, ended, plugin, request } }) =>
        request === undefined || isUpkeep(request)
          ? error
          : (error ?? new RuntimeError('PLUGIN_CRASHED', ended?.message ?? `plugin "${plugin}" has ended`)),
    }),
    /** Tells whoever asked how it went. */
    completeRequest: enqueueActions(({ context: { request, error, row }, enqueue }) => {
      if (request !== undefined && error !== undefined) enqueue.emit({ type: 'operation.failed', request, error });
      if (request !== undefined && error === undefined) enqueue.emit({ type: 'operation.done', request, row });
      enqueue.assign({ request: undefined, error: undefined, outcome: undefined });
    }),
  },
  delays: {
    workTimeout: ({ context }) => context.policy.workTimeoutMs,
    instanceTimeout: ({ context }) => instanceTimeout(context),
    drainTimeout: ({ context }) => context.policy.drainMs,
    probation: ({ context }) => context.policy.probationMs,
    probeDelay: ({ context }) => context.policy.probeAfterMs ?? 0,
    probeTime: ({ context }) => context.policy.probeMs,
  },
});

/** A plugin that legitimately starts slowly is not cut short: its own limits hold where they are longer. */
function instanceTimeout({ policy, limitMs }: PluginLifecycleContext): number {
  return Math.max(policy.workTimeoutMs, limitMs);
}

function timeoutError({ plugin, request }: PluginLifecycleContext, limitMs: number): RuntimeError {
  const text = `${request?.operation ?? 'a step'} of plugin "${plugin}" took longer than ${limitMs} ms`;
  return new RuntimeError('OPERATION_TIMED_OUT', text);
}

/** A failure as the row keeps it. */
function failureOf(error: LifecycleFailure | RuntimeError | undefined): LifecycleFailure {
  if (error === undefined) return { code: 'INTERNAL', message: 'failed without a reason' };
  return { code: error.code, message: error instanceof RuntimeError ? error.rawMessage : error.message };
}

function changeOf(
  { plugin, row: before }: PluginLifecycleContext,
  row: PluginLifecycleContext['row'],
): Extract<PluginLifecycleFact, { type: 'lifecycle.changed' }> | undefined {
  const [from, to] = [stateOfRow(before), stateOfRow(row)];
  if (from === to) return undefined;
  const { version = '', failure } = row ?? before ?? {};
  // A row in the middle of an operation has the failure that holds if nobody finishes it.
  const isTold = failure !== undefined && (to === 'errored' || to === 'quarantined');
  return { type: 'lifecycle.changed', plugin, from, to, version, failure: isTold ? failureOf(failure) : undefined };
}
