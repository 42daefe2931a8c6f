// The parts the plugin-process chart is made of: effects, guards, actions and delays, all by name.

import { assign, emit, fromCallback, fromPromise, setup } from 'xstate';
import type { EventObject } from 'xstate';
import type { PluginPhase } from '../errors/index.ts';
import type { ProcessExit } from '../ports/index.ts';
import {
  backoffOf,
  failureOf,
  hasOutlivedKill,
  KILL_TIMEOUT_MS,
  knownFailure,
  named,
  outcomeOf,
  refine,
} from './plugin-process.failures.ts';
import type {
  CleanUpReport,
  RestartVerdict,
  PluginProcessContext,
  PluginProcessEvent,
  PluginProcessFact,
  PluginProcessGoal,
  PluginProcessInput,
  PluginProcessOutcome,
  PluginProcessState,
  ProcessFailure,
} from './plugin-process.types.ts';

/** Stands in for an effect until `provide` gives the real one. */
function placeholder<Output, Input = unknown>() {
  return fromPromise<Output, Input>(() => new Promise<Output>(() => {}));
}

/** The input of the effects that act on a certain process. */
export interface LaunchInput {
  /** Number of the process, from 1. */
  readonly launch: number;
}

/** Types, effects, guards, actions and delays of the chart. */
export const pluginProcessSetup = setup({
  types: {
    context: {} as PluginProcessContext,
    events: {} as PluginProcessEvent,
    emitted: {} as PluginProcessFact,
    input: {} as PluginProcessInput,
    output: {} as PluginProcessOutcome,
    tags: {} as PluginProcessState | 'connected' | 'terminal',
  },
  actors: {
    spawnProcess: placeholder<{ readonly pid: number }, LaunchInput>(),
    watchExit: fromCallback<EventObject, LaunchInput>(() => {}),
    readHandshake: placeholder<{ readonly version: number }>(),
    connectPlugin: placeholder<void>(),
    probePlugin: placeholder<void>(),
    admitCalls: fromCallback<EventObject>(() => {}),
    checkHealth: placeholder<void>(),
    drainCalls: placeholder<void>(),
    requestShutdown: placeholder<void>(),
    terminateProcess: placeholder<void>(),
    killProcess: placeholder<void>(),
    cleanUp: placeholder<CleanUpReport>(),
    reportCrash: placeholder<
      RestartVerdict,
      { readonly plugin: string; readonly failure: ProcessFailure | undefined }
    >(),
  },
  guards: {
    isToStop: ({ context }) => context.goal === 'stop',
    isToRestart: ({ context }) => context.goal === 'restart',
    isToEnd: ({ context }) => context.goal !== 'run',
    hasOutlivedKill: ({ context }) => hasOutlivedKill(context),
    wasNeverReady: ({ context }) => context.starts === 0,
    isNotRestarted: ({ context }) => context.policy.restart === 'never',
    hasMissedTooMany: ({ context }) => context.missed + 1 >= context.policy.health.misses,
    isQuarantine: (_, params: { readonly verdict: RestartVerdict }) => params.verdict.decision === 'quarantine',
    endedByItself: (_, params: { readonly exit: ProcessExit }) => params.exit.signal !== 'SIGKILL',
  },
  actions: {
    countLaunch: assign({
      launches: ({ context }) => context.launches + 1,
      goal: 'run' as const,
      pid: undefined,
      version: undefined,
      step: 'handshaking' as const,
      failure: undefined,
      exit: undefined,
      stderrTail: [],
      missed: 0,
    }),
    countStart: assign({ starts: ({ context }) => context.starts + 1 }),
    countFailure: assign({ attempt: ({ context }) => context.attempt + 1 }),
    countMiss: assign({ missed: ({ context }) => context.missed + 1 }),
    forgetMisses: assign({ missed: 0 }),
    forgetFailures: assign({ attempt: 0 }),
    setGoal: assign({ goal: (_, params: { readonly goal: PluginProcessGoal }) => params.goal }),
    setStep: assign({ step: (_, params: { readonly step: PluginPhase }) => params.step }),
    rememberPid: assign({ pid: (_, params: { readonly pid: number }) => params.pid }),
    rememberVersion: assign({ version: (_, params: { readonly version: number }) => params.version }),
    rememberExit: assign({ exit: (_, params: { readonly exit: ProcessExit }) => params.exit }),
    rememberReport: assign({
      stderrTail: (_, params: CleanUpReport) => params.stderrTail,
      failure: ({ context }, params: CleanUpReport) => refine(context, params.diagnosis),
    }),
    rememberRandom: assign({ random: (_, params: { readonly verdict: RestartVerdict }) => params.verdict.random }),
    blame: assign({ failure: ({ context }, params: ProcessFailure) => context.failure ?? named(context, params) }),
    blameInstead: assign({ failure: (_, params: { readonly failure: ProcessFailure | undefined }) => params.failure }),
    reportStarting: emit(({ context }) => ({ type: 'plugin.starting' as const, launch: context.launches })),
    reportReady: emit(({ context }) => ({
      type: 'plugin.ready' as const,
      pid: context.pid,
      launch: context.launches,
    })),
    reportMiss: emit(({ context }, params: { readonly reason: unknown }) => ({
      type: 'plugin.unhealthy' as const,
      missed: context.missed + 1,
      message: failureOf(params.reason, 'ready', 'PROBE_FAILED').message,
    })),
    reportFailed: emit(({ context }) => ({
      type: 'plugin.failed' as const,
      failure: knownFailure(context),
      exit: context.exit,
      stderrTail: context.stderrTail,
    })),
    reportBackingOff: emit(({ context }) => ({
      type: 'plugin.backingOff' as const,
      attempt: context.attempt,
      delayMs: backoffOf(context),
    })),
    reportQuarantined: emit(({ context }) => ({ type: 'plugin.quarantined' as const, failure: context.failure })),
    reportDead: emit(({ context }) => ({ type: 'plugin.dead' as const, outcome: outcomeOf(context) })),
  },
  delays: {
    startTimeout: ({ context }) => context.policy.startTimeoutMs,
    healthInterval: ({ context }) => context.policy.health.intervalMs,
    minUptime: ({ context }) => context.policy.minUptimeMs,
    drainTimeout: ({ context }) => context.policy.stop.drainMs,
    grace: ({ context }) => context.policy.stop.graceMs,
    terminateTimeout: ({ context }) => context.policy.stop.terminateMs,
    killTimeout: KILL_TIMEOUT_MS,
    backoff: ({ context }) => backoffOf(context),
  },
});
