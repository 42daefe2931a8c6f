import type { CrashWindow, SupervisionPolicy, SupervisionStrategy } from '../policy/index.ts';

/** A child of the restart unit. */
export interface SupervisedMember {
  readonly name: string;
  readonly policy: SupervisionPolicy;
}

/** A member ended although it should not have. Whether its rule restarts it was decided before. */
export interface MemberFailure {
  readonly name: string;
  readonly outcome: 'done' | 'failed';
  /** Why, as text. */
  readonly reason: string;
  /** When, in milliseconds of a monotonic clock. */
  readonly at: number;
  /** Random number for the jitter of the wait, from 0 to 1. */
  readonly random: number;
}

/** What the chart starts from. */
export interface SupervisorInput {
  readonly strategy: SupervisionStrategy;
  /** In start order. */
  readonly members: readonly SupervisedMember[];
  /** The failure for which the chart was created. */
  readonly failure: MemberFailure;
}

/** What is known about a member that has failed. */
export interface MemberRecord {
  readonly name: string;
  /** Its failures that still count. */
  readonly window: CrashWindow;
  /** Failures since the unit was last stable; decides the next wait. */
  readonly attempts: number;
}

/** Why the supervisor gave up. */
export interface Escalation {
  /** The member that failed too often, or last. */
  readonly name: string;
  readonly reason: string;
  /** Failures of that member within the window, the last one aside: as often it was to be restarted. */
  readonly restarts: number;
  readonly withinMs: number;
}

/** What the chart remembers. All lists are bounded by the members. */
export interface SupervisorContext {
  readonly strategy: SupervisionStrategy;
  readonly members: readonly SupervisedMember[];
  readonly records: readonly MemberRecord[];
  /** Who is to be started again, in start order. */
  readonly down: readonly string[];
  /** Those of `down` that need no stop any more. */
  readonly stopped: readonly string[];
  /** Whom the running effect stops or starts, in its order. */
  readonly batch: readonly string[];
  /** The newest failure of each member since members were last started. */
  readonly failures: readonly MemberFailure[];
  /** Why the supervisor gives up as soon as no effect runs; the first reason counts. Empty while it does not. */
  readonly escalations: readonly Escalation[];
}

/** Facts that the chart hears, and the command to end. */
export type SupervisorEvent =
  | ({ readonly type: 'member.failed' } & MemberFailure)
  | { readonly type: 'members.changed'; readonly members: readonly SupervisedMember[] }
  | { readonly type: 'stop' };

/** What the chart tells whoever listens. */
export type SupervisorFact =
  | {
      /** All are stopped and the wait begins. Comes again when a further failure joins them. */
      readonly type: 'member.restarting';
      readonly names: readonly string[];
      /** Number of the attempt, from 1. */
      readonly attempt: number;
      readonly delayMs: number;
      readonly reason: string;
    }
  | { readonly type: 'member.restarted'; readonly names: readonly string[] }
  | ({ readonly type: 'supervisor.escalated' } & Escalation);

/** What the chart comes to. `name` and `reason` say why it escalated. */
export interface SupervisorOutcome {
  readonly kind: 'steady' | 'escalated' | 'halted';
  readonly name?: string | undefined;
  readonly reason?: string | undefined;
}

/** The input of the effects: whom to stop or start, in that order. */
export interface MemberNames {
  readonly names: readonly string[];
}

/** What became of a start. The members after the one that failed were not started. */
export interface StartReport {
  readonly failure?: MemberFailure | undefined;
}
