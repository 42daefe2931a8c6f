// The way of an event from a draft to the queues of its subscribers. Synchronous from end to end: nothing here waits, and
// a subscriber that is slow or broken costs others nothing.
//
// Invariants:
//   P1. `publish` never throws: what is wrong with a draft, or with a log, is in the receipt.
//   P2. A refused event has no id, is in no log and reaches no subscription. It is counted, and a fact is told.
//   P3. No event has a depth of `maxDepth` or more.
//   P4. All subscriptions get events in the order of publishing.

import { InvalidOptionsError, RuntimeError } from '../errors/index.ts';
import type { Code } from '../errors/index.ts';
import { LONGEST_EVENT_TEXT, LONGEST_EVENT_TYPE, requireObject, shown } from '../policy/index.ts';
import type { DomainEvent, EventDraft } from '../ports/index.ts';
import type { FactBoard } from './bus-facts.ts';
import { composeEvent } from './compose-event.ts';
import type { ComposeOptions } from './compose-event.ts';
import type { QueuedEvent } from './event-source.ts';
import type { PublishedEvent } from './published-event.ts';
import type { LogWriter } from './log-writer.ts';
import { OpenReceipt } from './receipt.ts';
import type { Receipt, RefusedReceipt } from './receipt.ts';
import type { SubscriptionIndex } from './subscription-index.ts';

/** Who gets events, as the bus sees it. */
export interface Subscriber {
  readonly name: string;
  /** Takes an event or says what became of it; a promise when the publisher is to wait. Never throws. */
  offer(queued: QueuedEvent): 'queued' | 'dropped' | 'rejected' | Promise<'queued' | 'dropped'>;
}

/** What else a publisher says. */
export interface PublishOptions {
  /** The event that led to this one. Default: none, which makes it the root of a chain. */
  readonly cause?: Pick<DomainEvent, 'id' | 'depth'> | undefined;
  /** In whose name. Default: the source of the bus. For code that speaks for somebody else, whom it knows for sure. */
  readonly source?: string | undefined;
}

/** What a bus has counted since it was made. */
export interface BusCounters {
  /** Events that were published. */
  readonly published: number;
  /** Events that were refused, before they were visible to anyone. */
  readonly refused: number;
  /** The refused ones by code. */
  readonly refusedBy: Readonly<Partial<Record<Code, number>>>;
  /** Published events that the log did not keep. Those that it has not kept yet are not among them. */
  readonly notStored: number;
  /** Subscriptions now. */
  readonly subscriptions: number;
}

/** What a publisher is made of. */
export interface PublisherOptions extends ComposeOptions {
  readonly index: SubscriptionIndex<Subscriber>;
  readonly facts: FactBoard;
  readonly log: LogWriter;
  readonly maxDepth: number;
  readonly source: string;
}

/** Publishes events until it is closed. */
export class Publisher {
  readonly #options: PublisherOptions;
  readonly #refusedBy = new Map<Code, number>();
  #published = 0;
  #refused = 0;
  #closed = false;

  constructor(options: PublisherOptions) {
    this.#options = options;
  }

  get counters(): BusCounters {
    return Object.freeze({
      published: this.#published,
      refused: this.#refused,
      refusedBy: Object.freeze(Object.fromEntries(this.#refusedBy)),
      notStored: this.#options.log.failed,
      subscriptions: this.#options.index.size,
    });
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** From now on everything is refused. */
  close(): void {
    this.#closed = true;
  }

  publish(draft: EventDraft, options: PublishOptions = NO_OPTIONS): Receipt {
    let { source } = this.#options;
    let composed: PublishedEvent;
    try {
      const { source: given, cause } = requireObject('options', options);
      if (given !== undefined) source = requireSource(given);
      composed = this.#compose(draft, source, cause);
    } catch (error) {
      // The getters of a draft, and of options, may throw anything.
      return this.refuse(RuntimeError.from(error, 'EVENT_INVALID'), { source, type: typeOf(draft, error) });
    }
    return this.#handOut(composed);
  }

  /** Counts a refusal and tells it. Also for those who refuse an event before it comes here. */
  refuse(error: RuntimeError, about: { readonly source: string; readonly type: string | undefined }): RefusedReceipt {
    const { code } = error;
    this.#refused++;
    this.#refusedBy.set(code, (this.#refusedBy.get(code) ?? 0) + 1);
    this.#options.facts.tell('event.refused', { code, error, ...about });
    return { accepted: false, reason: code, error };
  }

  #compose(draft: EventDraft, source: string, cause: PublishOptions['cause']): PublishedEvent {
    this.requireOpen();
    this.#options.log.requireRoom();
    const { id: causationId, depth } = cause === undefined ? NO_CAUSE : requireCause(cause);
    checkDepth(depth + 1, this.#options.maxDepth);
    const event = composeEvent(draft, { source, depth: depth + 1, causationId }, this.#options);
    // A getter of the draft may have stopped the bus.
    this.requireOpen();
    return event;
  }

  /** Throws BUS_CLOSED after `close`. */
  requireOpen(): void {
    if (this.#closed) throw new RuntimeError('BUS_CLOSED', 'the event bus was stopped');
  }

  #handOut(event: PublishedEvent): Receipt {
    const { index, facts, log } = this.#options;
    this.#published++;
    const subscribers = index.matching(event.wire.type);
    const receipt = new OpenReceipt(event, subscribers.length, log.store(event.wire));
    if (subscribers.length === 0) return receipt;
    // P4: a listener that publishes would overtake this event.
    facts.hold();
    try {
      offerAll(subscribers, event, receipt);
    } finally {
      facts.release();
    }
    return receipt;
  }
}

const NO_OPTIONS: PublishOptions = Object.freeze({});
/** What comes before the root of a chain. */
const NO_CAUSE = Object.freeze({ id: '', depth: -1 });

function requireCause(cause: NonNullable<PublishOptions['cause']>): { readonly id: string; readonly depth: number } {
  const { id, depth } = requireObject('cause', cause);
  if (typeof id !== 'string' || id.length > LONGEST_EVENT_TEXT) {
    throw new InvalidOptionsError('cause.id', `must be the id of an event, got ${shown(id)}`);
  }
  if (Number.isSafeInteger(depth) && depth >= 0) return { id, depth };
  throw new InvalidOptionsError('cause.depth', `must be a whole number of at least 0, got ${shown(depth)}`);
}

/** Returns the name of a publisher; throws `InvalidOptionsError` for what is none. */
export function requireSource(source: string): string {
  if (typeof source === 'string' && source !== '' && source.length <= LONGEST_EVENT_TEXT && source.isWellFormed()) {
    return source;
  }
  throw new InvalidOptionsError(
    'source',
    `must be a text of 1 to ${LONGEST_EVENT_TEXT} characters, got ${shown(source)}`,
  );
}

/** Throws `DEPTH_EXCEEDED` for an event that too many others led to. */
export function checkDepth(depth: number, maxDepth: number): void {
  if (depth < maxDepth) return;
  throw new RuntimeError('DEPTH_EXCEEDED', `an event would have depth ${depth}, and the limit is ${maxDepth}`, {
    details: { depth, maxDepth },
  });
}

function offerAll(subscribers: readonly Subscriber[], event: PublishedEvent, receipt: OpenReceipt): void {
  for (const subscriber of subscribers) {
    const outcome = subscriber.offer(event);
    if (outcome === 'queued') continue;
    if (outcome === 'dropped') receipt.dropped(subscriber.name);
    else if (outcome === 'rejected') receipt.rejected(subscriber.name);
    else receipt.waits(subscriber.name, outcome);
  }
}

/** The type of a refused draft, for the fact; only one that the check of types has passed. */
function typeOf(draft: unknown, error: unknown): string | undefined {
  if (error instanceof RuntimeError && (error.code === 'EVENT_INVALID' || error.code === 'EVENT_TYPE_INVALID'))
    return undefined;
  try {
    const type = typeof draft === 'object' && draft !== null && 'type' in draft ? draft.type : undefined;
    return typeof type === 'string' && type.length <= LONGEST_EVENT_TYPE ? type : undefined;
  } catch {
    // A getter that threw before.
    return undefined;
  }
}
