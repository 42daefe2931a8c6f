/** What became of the events of a subscription, at its end. */
export interface SubscriptionReport {
  readonly delivered: number;
  readonly dropped: number;
  readonly failed: number;
  /** They were on their way when the subscription ended, or a process or stream did. */
  readonly unknown: number;
}

/** What the chart starts from. */
export interface SubscriptionInput {
  /** Name of the subscriber. */
  readonly name: string;
}

/** What the chart remembers. */
export interface SubscriptionContext {
  readonly name: string;
  /** Milliseconds that events have to be delivered after the stop. */
  readonly drainMs: number;
  /** When the last warning was given, in milliseconds of a monotonic clock. */
  readonly warnedAt: number;
  readonly report: SubscriptionReport;
}

/** Facts that the chart hears from the queue and from whoever delivers, and the command to end. */
export type SubscriptionEvent =
  | { readonly type: 'deliverer.attached'; readonly overflowing: boolean }
  | { readonly type: 'deliverer.detached' }
  | ({ readonly type: 'queue.overflowed' } & OverflowNote)
  | { readonly type: 'queue.relieved'; readonly dropped: number }
  | { readonly type: 'queue.drained' }
  | { readonly type: 'stop'; readonly drainMs: number };

/** The queue had no room for an event. */
export interface OverflowNote {
  /** When, in milliseconds of a monotonic clock. */
  readonly at: number;
  /** Events that were dropped so far. */
  readonly dropped: number;
  /** Events that wait. */
  readonly waiting: number;
}

/** What the chart tells whoever listens. */
export type SubscriptionFact =
  | { readonly type: 'subscription.activated'; readonly name: string }
  | { readonly type: 'subscription.suspended'; readonly name: string }
  | {
      /** Events are dropped, or publishers held up. At most once a second. */
      readonly type: 'subscription.overflowed';
      readonly name: string;
      readonly dropped: number;
      readonly waiting: number;
    }
  | { readonly type: 'subscription.relieved'; readonly name: string; readonly dropped: number }
  | ({ readonly type: 'subscription.stopped'; readonly name: string } & SubscriptionReport);

/** What the chart comes to. */
export type SubscriptionOutcome = SubscriptionReport;
