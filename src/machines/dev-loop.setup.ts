// The parts the chart of the development loop is made of: effects, guards, actions and delays, all by name.

import { assign, emit, enqueueActions, fromCallback, fromPromise, setup } from 'xstate';
import type { EventObject } from 'xstate';
import { DeadlineExceededError, RuntimeError } from '../errors/index.ts';
import type {
  DevArtifact,
  DevBuildInput,
  DevCompareInput,
  DevLoopContext,
  DevLoopEvent,
  DevLoopFact,
  DevLoopInput,
  DevLoopOutcome,
  DevPermissionChange,
  DevPhase,
  DevProject,
  DevUploadAnswer,
  DevUploadInput,
  DevVerifyInput,
} from './dev-loop.types.ts';

/** Stands in for an effect until `provide` gives the real one. */
function placeholder<Output, Input = unknown>() {
  return fromPromise<Output, Input>(() => new Promise<Output>(() => {}));
}

/** Why a round failed: what an effect rejected with. */
export interface Blame {
  readonly phase: DevPhase;
  readonly reason: unknown;
}

/** Types, effects, guards, actions and delays of the chart. */
export const devLoopSetup = setup({
  types: {
    context: {} as DevLoopContext,
    events: {} as DevLoopEvent,
    emitted: {} as DevLoopFact,
    input: {} as DevLoopInput,
    output: {} as DevLoopOutcome,
    tags: {} as 'busy' | 'waiting' | 'terminal',
  },
  actors: {
    detectProject: placeholder<DevProject>(),
    /** Tells `change.seen` for as long as it runs. */
    watchSources: fromCallback<EventObject, { readonly project: DevProject; readonly watch: boolean }>(() => {}),
    buildPlugin: placeholder<DevArtifact, DevBuildInput>(),
    comparePermissions: placeholder<DevPermissionChange, DevCompareInput>(),
    /** Whether somebody consents. */
    askConsent: placeholder<boolean, { readonly permissions: readonly string[] }>(),
    uploadPlugin: placeholder<DevUploadAnswer, DevUploadInput>(),
    /** Settles when the uploaded version takes calls. */
    verifyPlugin: placeholder<void, DevVerifyInput>(),
  },
  guards: {
    isSuperseded: ({ context }) => context.wanted > context.current,
    isFirstRound: ({ context }) => context.rounds === 0,
    isWatching: ({ context }) => context.watch,
    isBuildOnly: ({ context }) => context.buildOnly,
    isConsentMissing: ({ context }, params: { readonly change: DevPermissionChange }) =>
      missingConsent(context, params.change).length > 0,
    isConsented: (_, params: { readonly consents: boolean }) => params.consents,
  },
  actions: {
    rememberProject: assign({ project: (_, params: { readonly project: DevProject }) => params.project }),
    countChange: assign({ wanted: ({ context }) => context.wanted + 1 }),
    countRound: assign({ rounds: ({ context }) => context.rounds + 1 }),
    takeNewest: assign({
      current: ({ context }) => context.wanted,
      artifact: undefined,
      change: undefined,
      answer: undefined,
      failure: undefined,
    }),
    rememberArtifact: assign({ artifact: (_, params: { readonly artifact: DevArtifact }) => params.artifact }),
    rememberChange: assign({
      change: (_, params: { readonly change: DevPermissionChange }) => params.change,
      // D4: what the sources do not ask for any more has to be consented to anew when it comes back.
      consented: ({ context }, { change }: { readonly change: DevPermissionChange }) =>
        context.consented.filter((permission) => change.all.includes(permission)),
    }),
    rememberConsent: assign({
      consented: ({ context }) => [...context.consented, ...missingConsent(context, context.change)],
    }),
    // D3.
    rememberAnswer: assign({
      answer: (_, params: { readonly answer: DevUploadAnswer }) => params.answer,
      accepted: (_, params: { readonly answer: DevUploadAnswer }) => params.answer.permissions,
      consented: [],
    }),
    forgetFailure: assign({ failure: undefined }),
    reportProject: emit((_, params: { readonly project: DevProject }) => ({
      type: 'project.detected' as const,
      project: params.project,
    })),
    reportSuperseded: emit(({ context }) => ({ type: 'sources.superseded' as const, generation: context.current })),
    reportBuilding: emit(({ context }) => ({ type: 'build.started' as const, generation: context.current })),
    reportBuilt: emit(({ context }, params: { readonly artifact: DevArtifact }) => ({
      type: 'build.finished' as const,
      generation: context.current,
      artifact: params.artifact,
    })),
    reportChange: emit(({ context }, params: { readonly change: DevPermissionChange }) => ({
      type: 'permissions.compared' as const,
      generation: context.current,
      isFirst: context.accepted === undefined,
      change: params.change,
    })),
    reportAsking: emit(({ context }) => ({
      type: 'consent.asked' as const,
      generation: context.current,
      permissions: missingConsent(context, context.change),
    })),
    reportRefusal: emit(({ context }) => ({ type: 'consent.refused' as const, generation: context.current })),
    reportUploading: emit(({ context }) => ({
      type: 'upload.started' as const,
      generation: context.current,
      artifact: artifactOf(context),
    })),
    reportAnswer: emit(({ context }, params: { readonly answer: DevUploadAnswer }) => ({
      type: 'upload.accepted' as const,
      generation: context.current,
      answer: params.answer,
    })),
    reportServing: emit(({ context }) => ({
      type: 'plugin.serving' as const,
      generation: context.current,
      answer: answerOf(context),
    })),
    /** Remembers why the round failed, and tells it. */
    fail: enqueueActions(({ context, enqueue }, { phase, reason }: Blame) => {
      const error = RuntimeError.from(reason);
      enqueue.assign({ failure: { phase, code: error.code, message: error.rawMessage } });
      enqueue.emit({ type: 'round.failed' as const, generation: context.current, phase, error });
    }),
    reportWatching: emit({ type: 'watch.began' }),
    reportTrouble: emit((_, { message }: { readonly message: string }) => ({
      type: 'watch.troubled' as const,
      message,
    })),
  },
  delays: {
    buildTimeout: ({ context }) => context.buildTimeoutMs,
    requestTimeout: ({ context }) => context.requestTimeoutMs,
  },
});

/** Sensitive permissions to which nobody has consented. */
export function missingConsent(context: DevLoopContext, change: DevPermissionChange | undefined): readonly string[] {
  if (context.yes || change === undefined) return [];
  return change.sensitive.filter((permission) => !context.consented.includes(permission));
}

/** What goes with an upload. With `yes` it is everything: the host may know more permissions to be sensitive. */
export function consentOf({ yes, consented, change }: DevLoopContext): readonly string[] {
  return yes ? (change?.all ?? []) : consented;
}

/** Nothing came in time. */
export function lateBuild({ buildTimeoutMs }: DevLoopContext): Blame {
  return { phase: 'building', reason: new DeadlineExceededError('the build', buildTimeoutMs) };
}

/** The host has not answered in time. */
export function lateAnswerOf({ requestTimeoutMs }: DevLoopContext, phase: DevPhase): Blame {
  return { phase, reason: new DeadlineExceededError('the request to the host', requestTimeoutMs) };
}

/** What was to be consented to and was not. */
export function refusedConsent(context: DevLoopContext): Blame {
  const missing = missingConsent(context, context.change).join(', ');
  const reason = new RuntimeError('CONSENT_REQUIRED', `nobody consented to ${missing}; --yes consents to all`);
  return { phase: 'diffing', reason };
}

/** The project; states behind `detecting` have one. */
export function projectOf({ project }: DevLoopContext): DevProject {
  return project ?? unreachable('project');
}

/** The artifact; states behind `building` have one. */
export function artifactOf({ artifact }: DevLoopContext): DevArtifact {
  return artifact ?? unreachable('artifact');
}

/** The answer of the host; `verifying` has one. */
export function answerOf({ answer }: DevLoopContext): DevUploadAnswer {
  return answer ?? unreachable('answer');
}

function unreachable(what: string): never {
  throw new RuntimeError('INTERNAL', `the development loop has no ${what} where it must have one`);
}
