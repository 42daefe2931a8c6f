/** What a subscription has counted. `published = delivered + dropped + failed + pending + unknown`, at every instant. */
export interface SubscriptionCounters {
  /** Events that were offered while the subscription took any. */
  readonly published: number;
  readonly delivered: number;
  /** Dropped for want of room, or because time was up at the end. */
  readonly dropped: number;
  /** The subscriber's handler failed. */
  readonly failed: number;
  /** Waiting, in flight, or held up at their publisher. */
  readonly pending: number;
  /** Nobody can say whether they were handled. */
  readonly unknown: number;
  /** How often an event was given to the deliverer again. */
  readonly redelivered: number;
  /** Those of the dropped whose publisher was told so by `rejected`. */
  readonly rejected: number;
  /** Events that handlers returned and that were published. */
  readonly emitted: number;
  /** Events that handlers returned and that were refused. */
  readonly refused: number;
  /** How often a deliverer settled, or gave back, what was not in its hands: a defect of the deliverer. */
  readonly settledTwice: number;
  /** How often that came after the end of the subscription, which is no defect. */
  readonly settledLate: number;
}

/** What the queue counts; `pending` is not among it, since that is what the queue holds. */
export type Tally = { -readonly [Name in Exclude<keyof SubscriptionCounters, 'pending'>]: number };

/** All zeros. */
export function createTally(): Tally {
  return {
    published: 0,
    delivered: 0,
    dropped: 0,
    failed: 0,
    unknown: 0,
    redelivered: 0,
    rejected: 0,
    emitted: 0,
    refused: 0,
    settledTwice: 0,
    settledLate: 0,
  };
}
