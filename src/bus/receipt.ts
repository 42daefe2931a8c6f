import type { Code, RuntimeError } from '../errors/index.ts';
import type { DomainEvent } from '../ports/index.ts';
import type { QueuedEvent } from './event-source.ts';

/** The answer to a publish that was taken. */
export interface AcceptedReceipt {
  readonly accepted: true;
  /** Id of the event. */
  readonly id: string;
  /** The event as subscribers see it; made when it is first read. */
  readonly event: DomainEvent;
  /** How many subscriptions have a pattern that matches. */
  readonly matched: number;
  /** Names of the subscriptions that were full and do not take an event then. */
  readonly rejectedBy: readonly string[];
  /** Settles when every subscription that makes publishers wait has taken the event or given up. Never rejects. */
  readonly queued: Promise<void>;
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

/** What a publish collects while it hands the event out. Becomes its receipt. */
export class OpenReceipt implements AcceptedReceipt {
  readonly accepted = true;
  readonly matched: number;
  readonly stored: Promise<void>;
  queued: Promise<void> = DONE;
  rejectedBy: readonly string[] = NOBODY;
  readonly #queued: QueuedEvent;

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

  /** A subscription was full and did not take the event. */
  rejected(name: string): void {
    this.rejectedBy = [...this.rejectedBy, name];
  }
}
