import type { Code, PluginPhase } from '../errors/index.ts';
import type { ProcessPolicy } from '../policy/index.ts';
import type { ProcessExit } from '../ports/index.ts';

/** Where a plugin process can be in its life, in the order of a long one; one tag of each state says so. */
export const PLUGIN_PROCESS_STATES = [
  'spawning',
  'handshaking',
  'connecting',
  'probing',
  'ready',
  'draining',
  'stopping',
  'killing',
  'backingOff',
  'quarantined',
  'dead',
] as const;

/** Where a plugin process is in its life. */
export type PluginProcessState = (typeof PLUGIN_PROCESS_STATES)[number];

/** What a plugin process shall come to. */
export type PluginProcessGoal = 'run' | 'restart' | 'stop';

/** Why a process failed, as far as the chart knows. */
export interface ProcessFailure {
  readonly code: Code;
  readonly message: string;
  readonly phase: PluginPhase;
}

/** What the chart starts from. */
export interface PluginProcessInput {
  /** Name of the plugin within its host. */
  readonly plugin: string;
  readonly policy: ProcessPolicy;
}

/** What the chart remembers. */
export interface PluginProcessContext {
  readonly plugin: string;
  readonly policy: ProcessPolicy;
  readonly goal: PluginProcessGoal;
  /** Process id of the newest process; undefined while there is none. */
  readonly pid: number | undefined;
  /** Negotiated application protocol version of the newest process. */
  readonly version: number | undefined;
  /** The step that the newest process takes, or took last, on its way to `ready`; failures of the start name it. */
  readonly step: PluginPhase;
  /** Processes that were started, also those that failed. */
  readonly launches: number;
  /** Times the plugin became ready. */
  readonly starts: number;
  /** Failures since the plugin last proved healthy; decides the next wait. */
  readonly attempt: number;
  /** Health checks missed in a row. */
  readonly missed: number;
  /** Random number for the jitter of the next wait, from 0 to 1. */
  readonly random: number;
  /** Why the newest process failed; undefined while nothing is wrong with it. */
  readonly failure: ProcessFailure | undefined;
  /** How the newest process ended; undefined while it runs. */
  readonly exit: ProcessExit | undefined;
  /** Last lines of the standard error of the newest process; empty while it runs. */
  readonly stderrTail: readonly string[];
}

/** Commands to the chart, and the one fact that its exit watch reports. */
export type PluginProcessEvent =
  | { readonly type: 'plugin.stop' }
  | { readonly type: 'plugin.restart' }
  | { readonly type: 'plugin.kill' }
  | { readonly type: 'plugin.reset' }
  | { readonly type: 'process.exited'; readonly exit: ProcessExit };

/** What the chart tells whoever listens. */
export type PluginProcessFact =
  | { readonly type: 'plugin.starting'; readonly launch: number }
  | { readonly type: 'plugin.ready'; readonly pid: number | undefined; readonly launch: number }
  | { readonly type: 'plugin.unhealthy'; readonly missed: number; readonly message: string }
  | {
      readonly type: 'plugin.failed';
      readonly failure: ProcessFailure;
      readonly exit: ProcessExit | undefined;
      readonly stderrTail: readonly string[];
    }
  | { readonly type: 'plugin.backingOff'; readonly attempt: number; readonly delayMs: number }
  | { readonly type: 'plugin.quarantined'; readonly failure: ProcessFailure | undefined }
  | { readonly type: 'plugin.dead'; readonly outcome: PluginProcessOutcome };

/** How the plugin ended for good. */
export type PluginProcessOutcome =
  | { readonly kind: 'stopped' }
  | {
      readonly kind: 'failed';
      readonly failure: ProcessFailure;
      readonly exit: ProcessExit | undefined;
      readonly stderrTail: readonly string[];
    };

/** What the crash port decides. */
export interface RestartVerdict {
  readonly decision: 'restart' | 'quarantine';
  /** Random number for the jitter of the wait, from 0 to 1. */
  readonly random: number;
}

/** What is left when a process is gone. */
export interface CleanUpReport {
  readonly stderrTail: readonly string[];
  /** A better explanation of the exit, if there is one. */
  readonly diagnosis?: { readonly code: Code; readonly message: string } | undefined;
}
