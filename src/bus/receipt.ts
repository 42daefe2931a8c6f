import type { Code, RuntimeError } from '../errors/index.ts';
import type { DomainEvent } from '../ports/index.ts';
import type { QueuedEvent } from './event-source.ts';

/** What became of an event at the queues. */
export interface QueuedOutcome {
  /**
   * Names of the subscriptions that have not taken the event for want of room, those of `rejectedBy` too. What
   * `dropOldest` drops later, to make room for another event, is in the counters of the subscription only.
   */
  readonly dropped: readonly string[];
}

/** The answer to a publish that was taken. */
export interface AcceptedReceipt {
  readonly accepted: true;
  /** Id of the event. */
  readonly id: string;
  /** The event as subscribers see it; made when it is first read. */
  readonly event: DomainEvent;
  /** How many subscriptions have a pattern that matches. */
  readonly matched: number;
  /** Names of the subscriptions that were full and refused the event: by `reject`, or as too many wait already by `block`. */
  readonly rejectedBy: readonly string[];
  /** Settles when every subscription that makes publishers wait has taken the event or given up. Never rejects. */
  readonly queued: Promise<QueuedOutcome>;
  /** Settles when the event log has the event. Rejects with `EVENT_LOG_FAILED`; nobody has to look. */
  readonly stored: Promise<void>;
}

/** The answer to a publish that was refused: nobody sees anything of the event. */
export interface RefusedReceipt {
  readonly accepted: false;
  /** Why, for programs. */
  readonly reason: Code;
  readonly error: RuntimeError;
}

/** What became of a publish. */
export type Receipt = AcceptedReceipt | RefusedReceipt;

/** The promise of everything that nobody waits for. */
export const DONE: Promise<void> = Promise.resolve();

const NOBODY: readonly string[] = Object.freeze([]);
const TAKEN: Promise<QueuedOutcome> = Promise.resolve(Object.freeze({ dropped: NOBODY }));

/** An offer that waits for room. */
interface WaitingOffer {
  readonly name: string;
  readonly outcome: Promise<'queued' | 'dropped'>;
}

/** What a publish collects while it hands the event out. Becomes its receipt. */
export class OpenReceipt implements AcceptedReceipt {
  readonly accepted = true;
  readonly matched: number;
  readonly stored: Promise<void>;
  readonly #queued: QueuedEvent;
  // Grown in place: thousands of subscriptions may be full at once.
  #rejected: string[] | undefined = undefined;
  #dropped: string[] | undefined = undefined;
  #waiting: WaitingOffer[] | undefined = undefined;
  #outcome: Promise<QueuedOutcome> | undefined = undefined;

  constructor(queued: QueuedEvent, matched: number, stored: Promise<void>) {
    this.#queued = queued;
    this.matched = matched;
    this.stored = stored;
  }

  get id(): string {
    return this.#queued.wire.id;
  }

  get event(): DomainEvent {
    return this.#queued.event;
  }

  get rejectedBy(): readonly string[] {
    return this.#rejected ?? NOBODY;
  }

  /** Made when it is first read: most publishers do not look. */
  get queued(): Promise<QueuedOutcome> {
    if (this.#waiting === undefined && this.#dropped === undefined) return TAKEN;
    this.#outcome ??= outcomeOf(this.#dropped ?? NOBODY, this.#waiting ?? []);
    return this.#outcome;
  }

  /** Whether a subscription makes the publisher wait. */
  get isHeldUp(): boolean {
    return this.#waiting !== undefined;
  }

  /** A subscription was full and did not take the event. */
  rejected(name: string): void {
    (this.#rejected ??= []).push(name);
    this.dropped(name);
  }

  /** A subscription was full and has dropped the event. */
  dropped(name: string): void {
    (this.#dropped ??= []).push(name);
  }

  /** A subscription is full, and says later what becomes of the event. */
  waits(name: string, outcome: Promise<'queued' | 'dropped'>): void {
    (this.#waiting ??= []).push({ name, outcome });
  }
}

/** Whether it takes a while until the event is queued everywhere. */
export function isHeldUp(receipt: AcceptedReceipt): boolean {
  return !(receipt instanceof OpenReceipt) || receipt.isHeldUp;
}

async function outcomeOf(dropped: readonly string[], waiting: readonly WaitingOffer[]): Promise<QueuedOutcome> {
  const outcomes = await Promise.allSettled(waiting.map(({ outcome }) => outcome));
  const late = waiting.filter((_, at) => {
    const settled = outcomes[at];
    return settled?.status !== 'fulfilled' || settled.value === 'dropped';
  });
  return Object.freeze({ dropped: Object.freeze([...dropped, ...late.map(({ name }) => name)]) });
}
