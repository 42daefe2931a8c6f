// The parts the plugin-replacement chart is made of: effects, guards, actions and delays, all by name.

import { assign, emit, fromPromise, setup } from 'xstate';
import { RuntimeError } from '../errors/index.ts';
import type { Code } from '../errors/index.ts';
import type {
  PluginReplacementAnswer,
  PluginReplacementContext,
  PluginReplacementEvent,
  PluginReplacementFact,
  PluginReplacementInput,
  PluginReplacementOutcome,
  ReplacementEnd,
  ReplacementFailure,
  ReplacementPhase,
  SwapOrder,
  VerifyReport,
} from './plugin-replacement.types.ts';

/** Stands in for an effect until `provide` gives the real one. */
function placeholder<Output, Input = unknown>() {
  return fromPromise<Output, Input>(() => new Promise<Output>(() => {}));
}

/** The failure that a rejected effect stands for. */
export function replacementFailure(reason: unknown, fallback: Code): ReplacementFailure {
  const { code, rawMessage } = RuntimeError.from(reason, fallback);
  return { code, message: rawMessage };
}

/** What the replacement came to. */
export function replacementOutcome({ end, failure }: PluginReplacementContext): PluginReplacementOutcome {
  return { end, failure };
}

/** Types, effects, guards, actions and delays of the chart. */
export const pluginReplacementSetup = setup({
  types: {
    context: {} as PluginReplacementContext,
    events: {} as PluginReplacementEvent,
    emitted: {} as PluginReplacementFact | PluginReplacementAnswer,
    input: {} as PluginReplacementInput,
    output: {} as PluginReplacementOutcome,
    tags: {} as ReplacementPhase | 'swapped' | 'terminal',
  },
  actors: {
    /** Settles when the new version takes calls. */
    awaitNext: placeholder<void>(),
    verifyNext: placeholder<VerifyReport>(),
    /** Routes at once, or rejects and has changed nothing; settles when the events have moved. */
    routeToNext: placeholder<void, { readonly eventDrainMs: number }>(),
    /** Settles when no call to the old version is under way. */
    drainStandby: placeholder<void>(),
    /** Lets calls end for so long, and ends the old version. */
    retireStandby: placeholder<void, { readonly drainMs: number }>(),
    /** Routes back at once, or rejects and has changed nothing; settles when the events have moved. */
    routeBack: placeholder<void, { readonly eventDrainMs: number }>(),
    /** Lets calls end, and ends the new version. */
    endNext: placeholder<void>(),
  },
  guards: {
    isToRevert: ({ context }) => context.revertOnCrash && context.hasStandby,
  },
  actions: {
    rememberOrder: assign({
      revertOnCrash: (_, params: SwapOrder) => params.revertOnCrash,
      eventDrainMs: (_, params: SwapOrder) => params.eventDrainMs,
      drainMs: (_, params: SwapOrder) => params.drainMs,
    }),
    setDrain: assign({ drainMs: (_, params: { readonly drainMs: number }) => params.drainMs }),
    setEnd: assign({ end: (_, params: { readonly end: ReplacementEnd }) => params.end }),
    blame: assign({
      failure: ({ context }, params: { readonly failure: ReplacementFailure }) => context.failure ?? params.failure,
    }),
    forgetStandby: assign({ hasStandby: false }),
    refuse: emit((_, params: { readonly order: number }) => ({
      type: 'replacement.refused' as const,
      order: params.order,
    })),
    reportStaged: emit({ type: 'plugin.staged' as const }),
    reportVerified: emit((_, params: { readonly report: VerifyReport }) => ({
      type: 'replacement.verified' as const,
      report: params.report,
    })),
    reportUnverified: emit((_, params: { readonly failure: ReplacementFailure }) => ({
      type: 'replacement.unverified' as const,
      failure: params.failure,
    })),
    reportSwapped: emit({ type: 'plugin.swapped' as const }),
    reportUnswapped: emit((_, params: { readonly failure: ReplacementFailure }) => ({
      type: 'replacement.unswapped' as const,
      failure: params.failure,
    })),
    reportStandbyLost: emit({ type: 'plugin.standbyLost' as const }),
    reportReverted: emit(({ context }) => ({ type: 'plugin.reverted' as const, failure: context.failure })),
    reportUnreverted: emit((_, params: { readonly failure: ReplacementFailure }) => ({
      type: 'replacement.unreverted' as const,
      failure: params.failure,
    })),
    reportEnded: emit(({ context }) => ({
      type: 'plugin.replacementEnded' as const,
      end: context.end,
      failure: context.failure,
    })),
  },
  delays: { drainTimeout: ({ context }) => context.drainMs },
});
