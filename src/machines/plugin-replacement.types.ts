import type { Code } from '../errors/index.ts';

/** Where a replacement can be, in the order of a long one; one tag of each state says so. */
export const REPLACEMENT_PHASES = [
  'staging',
  'staged',
  'verifying',
  'swapping',
  'draining',
  'probation',
  'keeping',
  'reverting',
  'clearing',
  'done',
] as const;

/** Where a replacement is. */
export type ReplacementPhase = (typeof REPLACEMENT_PHASES)[number];

/** Why a step of a replacement failed. */
export interface ReplacementFailure {
  readonly code: Code;
  readonly message: string;
}

/**
 * What a replacement came to. `failed`: the new version never took a call; `stopped`: the plugin, or its host, was
 * stopped meanwhile.
 */
export type ReplacementEnd = 'kept' | 'reverted' | 'discarded' | 'failed' | 'stopped';

/** What the chart starts from. */
export interface PluginReplacementInput {
  /** Name of the plugin within its host. */
  readonly plugin: string;
}

/** What the chart remembers. */
export interface PluginReplacementContext {
  readonly plugin: string;
  /** Whether a crash of the new version takes the old one back. */
  readonly revertOnCrash: boolean;
  /** Milliseconds that what is on its way to one version has until the other one gets the rest of the events. */
  readonly eventDrainMs: number;
  /** Milliseconds that calls have to end, of the version that no longer gets any. */
  readonly drainMs: number;
  /** Whether the old version can be taken back. */
  readonly hasStandby: boolean;
  readonly end: ReplacementEnd;
  /** The first thing that went wrong. */
  readonly failure: ReplacementFailure | undefined;
}

/** A command with a number, by which a refusal names it. */
interface Command<Type extends string> {
  readonly type: `replacement.${Type}`;
  readonly order: number;
}

/** How the switch is to be made. */
export interface SwapOrder {
  readonly revertOnCrash: boolean;
  readonly eventDrainMs: number;
  readonly drainMs: number;
}

/** Commands to the chart, and what it is told about the two versions. */
export type PluginReplacementEvent =
  | Command<'verify'>
  | (Command<'swap'> & SwapOrder)
  | (Command<'keep'> & { readonly drainMs: number })
  | Command<'revert'>
  | Command<'discard'>
  | { readonly type: 'replacement.stop' }
  | { readonly type: 'next.lost'; readonly failure: ReplacementFailure }
  | { readonly type: 'standby.lost' };

/** What the new version was found to offer. */
export interface VerifyReport {
  /** Names of its operations; undefined when it has none to offer. */
  readonly operations: readonly string[] | undefined;
  /** Names of its types of steps; undefined when it has none to offer. */
  readonly steps: readonly string[] | undefined;
}

/** What everybody may hear. */
export type PluginReplacementFact =
  | { readonly type: 'plugin.staged' }
  | { readonly type: 'plugin.swapped' }
  | { readonly type: 'plugin.standbyLost' }
  | { readonly type: 'plugin.reverted'; readonly failure: ReplacementFailure | undefined }
  | {
      readonly type: 'plugin.replacementEnded';
      readonly end: ReplacementEnd;
      readonly failure: ReplacementFailure | undefined;
    };

/** What whoever gave the commands hears. */
export type PluginReplacementAnswer =
  | { readonly type: 'replacement.refused'; readonly order: number }
  | { readonly type: 'replacement.verified'; readonly report: VerifyReport }
  | { readonly type: 'replacement.unverified'; readonly failure: ReplacementFailure }
  | { readonly type: 'replacement.unswapped'; readonly failure: ReplacementFailure }
  | { readonly type: 'replacement.unreverted'; readonly failure: ReplacementFailure };

/** What the chart comes to. */
export interface PluginReplacementOutcome {
  readonly end: ReplacementEnd;
  readonly failure: ReplacementFailure | undefined;
}
