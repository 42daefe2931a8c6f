// The parts the event-stream chart is made of: effects, guards, actions and delays, all by name.

import { assign, emit, fromCallback, sendTo, setup } from 'xstate';
import type { EventObject } from 'xstate';
import type { Code } from '../errors/index.ts';
import { backoffDelay } from '../policy/index.ts';
import type {
  EventForm,
  EventStreamContext,
  EventStreamEvent,
  EventStreamFact,
  EventStreamFailure,
  EventStreamInput,
  EventStreamOutcome,
  PlaneCommand,
  StreamForm,
} from './event-stream.types.ts';

/** The data plane: what the state `live` invokes. */
const PLANE = '0.event-stream.live';

/** Longest time without a refusal after which a plain stream counts as open, in milliseconds. */
const TRUST_MS = 1000;

/** What guards and actions about a stream that was cut are given. */
export interface Cut extends EventStreamFailure {
  readonly generation: number;
  readonly proved: boolean;
  readonly random: number;
}

/** Types, effects, guards, actions and delays of the chart. */
export const eventStreamSetup = setup({
  types: {
    context: {} as EventStreamContext,
    events: {} as EventStreamEvent,
    emitted: {} as EventStreamFact,
    input: {} as EventStreamInput,
    output: {} as EventStreamOutcome,
    tags: {} as EventForm | 'terminal',
  },
  actors: {
    carryEvents: fromCallback<EventObject>(() => {}),
  },
  guards: {
    isNewest: ({ context }, params: { readonly generation: number }) => params.generation === context.generation,
    isAcked: ({ context }) => context.forms[0] === 'acked',
    isFirstAcked: ({ context }) => context.forms[0] === 'acked' && !context.wasOpen,
    isFurtherAcked: ({ context }) => context.forms[0] === 'acked' && context.wasOpen,
    isStream: ({ context }) => context.forms[0] === 'stream',
    isUnary: ({ context }) => context.forms[0] === 'unary',
    hasUnary: ({ context }) => context.forms.includes('unary'),
    hasOtherThanUnary: ({ context }) => context.forms.some((form) => form !== 'unary'),
    isRefusal: ({ context }, params: Cut) => isNewest(context, params) && isRefusal(params),
    isResumable: ({ context }, params: Cut) => isNewest(context, params) && isResumable(context, params),
    isCutWithUnary: ({ context }, params: Cut) => isNewest(context, params) && context.forms.includes('unary'),
    isLastTimeout: ({ context }) => context.timeouts + 1 >= context.policy.sendTimeouts,
  },
  actions: {
    tellPlane: sendTo(PLANE, (_, params: PlaneCommand) => params),
    openStream: sendTo(PLANE, ({ context }) => ({
      type: 'openStream' as const,
      form: context.forms[0] as StreamForm,
      generation: context.generation,
    })),
    countStream: assign({ generation: ({ context }) => context.generation + 1, timeouts: 0 }),
    countTimeout: assign({ timeouts: ({ context }) => context.timeouts + 1 }),
    forgetTimeouts: assign({ timeouts: 0 }),
    countAttempt: assign({ attempt: ({ context }) => context.attempt + 1 }),
    forgetAttempts: assign({ attempt: 0 }),
    rememberOpen: assign({ wasOpen: true }),
    rememberRandom: assign({ random: (_, params: { readonly random: number }) => params.random }),
    rememberDrain: assign({ drainMs: (_, params: { readonly drainMs: number }) => params.drainMs }),
    rememberLoss: assign({ isLost: true }),
    blame: assign({ failure: ({ context }, params: EventStreamFailure) => context.failure ?? params }),
    forgetForm: assign({ forms: ({ context }) => context.forms.slice(1), wasOpen: false }),
    forgetUnary: assign({ forms: ({ context }) => context.forms.filter((form) => form !== 'unary') }),
    reportOpened: emit(({ context }) => ({
      type: 'stream.opened' as const,
      form: context.forms[0] ?? 'unary',
      generation: context.generation,
    })),
    reportResumed: emit(({ context }) => ({ type: 'stream.resumed' as const, generation: context.generation })),
    reportStalled: emit(({ context }) => ({ type: 'stream.stalled' as const, timeouts: context.timeouts })),
    reportUnsupported: emit((_, params: { readonly form: EventForm | undefined }) => ({
      type: 'stream.unsupported' as const,
      form: params.form ?? 'unary',
    })),
    reportCut: emit(({ context }, { code, message }: EventStreamFailure) => ({
      type: 'stream.cut' as const,
      generation: context.generation,
      code,
      message,
    })),
    reportFellBack: emit({ type: 'stream.fellBack' as const }),
    reportBackingOff: emit(({ context }) => ({
      type: 'stream.backingOff' as const,
      attempt: context.attempt,
      delayMs: backoffOf(context),
    })),
    reportClosed: emit(({ context }) => ({ type: 'stream.closed' as const, outcome: outcomeOf(context) })),
  },
  delays: {
    probeTimeout: ({ context }) => probeTimeoutOf(context),
    sendTimeout: ({ context }) => context.policy.sendTimeoutMs,
    backoff: ({ context }) => backoffOf(context),
    drainTimeout: ({ context }) => context.drainMs,
    closeTimeout: ({ context }) => context.policy.closeTimeoutMs,
  },
});

/** How the stream ended for good. */
export function outcomeOf({ failure, isLost }: EventStreamContext): EventStreamOutcome {
  if (failure !== undefined) return { kind: 'failed', failure };
  return { kind: isLost ? 'lost' : 'closed' };
}

/** The plugin did not answer the start of a stream. */
export function lateAnswer({ subscriber, policy }: EventStreamContext): EventStreamFailure {
  const message = `plugin "${subscriber}" did not answer the start of a stream within ${policy.probeTimeoutMs} ms`;
  return { code: 'DEADLINE_EXCEEDED', message };
}

/** The plugin took nothing for too long. */
export function stuck({ subscriber, policy }: EventStreamContext): EventStreamFailure {
  const { sendTimeouts, sendTimeoutMs } = policy;
  const message = `plugin "${subscriber}" took no event within ${sendTimeouts} times ${sendTimeoutMs} ms`;
  return { code: 'EVENT_STREAM_STALLED', message };
}

/** The plugin takes events in no form at all. */
export function unsupported({ subscriber }: EventStreamContext): EventStreamFailure {
  return { code: 'EVENTS_UNSUPPORTED', message: `plugin "${subscriber}" takes events in no form` };
}

function isNewest({ generation }: EventStreamContext, cut: Cut): boolean {
  return cut.generation === generation;
}

/** Once an event was handled, the plugin knows the method; a status of that name then says something else. */
function isRefusal({ code, proved }: Cut): boolean {
  return code === 'UNIMPLEMENTED' && !proved;
}

/** Who breaks the protocol would break it again, and a stream that moved nothing may not move anything next time. */
function isResumable({ forms }: EventStreamContext, { code, proved }: Cut): boolean {
  return forms[0] === 'acked' && proved && BROKEN.every((broken) => broken !== code);
}

const BROKEN: readonly Code[] = ['EVENT_PROTOCOL_VIOLATION', 'EVENT_STREAM_STALLED'];

function probeTimeoutOf({ forms, policy }: EventStreamContext): number {
  return forms[0] === 'acked' ? policy.probeTimeoutMs : Math.min(TRUST_MS, policy.probeTimeoutMs);
}

function backoffOf({ policy, attempt, random }: EventStreamContext): number {
  return backoffDelay(policy.backoff, Math.max(0, attempt - 1), random);
}
