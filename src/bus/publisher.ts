// The way of an event from a draft to the queues of its subscribers. Synchronous from end to end: nothing here waits, and
// a subscriber that is slow or broken costs others nothing.
//
// Invariants:
//   P1. `publish` never throws: what is wrong with a draft, or with a log, is in the receipt.
//   P2. A refused event has no id, is in no log and reaches no subscription. It is counted, and a fact is told.
//   P3. No event has a depth of `maxDepth` or more.
//   P4. All subscriptions get events in the order of publishing.

import { RuntimeError } from '../errors/index.ts';
import type { Code } from '../errors/index.ts';
import { LONGEST_EVENT_TYPE } from '../policy/index.ts';
import { nullEventLog } from '../ports/index.ts';
import type { DomainEvent, EventDraft, EventLog } from '../ports/index.ts';
import type { FactBoard } from './bus-facts.ts';
import { composeEvent } from './compose-event.ts';
import type { ComposeOptions } from './compose-event.ts';
import type { QueuedEvent } from './event-source.ts';
import type { PublishedEvent } from './published-event.ts';
import { DONE, OpenReceipt } from './receipt.ts';
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
  /** Published events that the log did not keep. */
  readonly notStored: number;
  /** Subscriptions now. */
  readonly subscriptions: number;
}

/** What a publisher is made of. */
export interface PublisherOptions extends ComposeOptions {
  readonly index: SubscriptionIndex<Subscriber>;
  readonly facts: FactBoard;
  readonly log: EventLog;
  readonly maxDepth: number;
  readonly source: string;
}

/** Publishes events until it is closed. */
export class Publisher {
  readonly #options: PublisherOptions;
  readonly #refusedBy = new Map<Code, number>();
  #published = 0;
  #refused = 0;
  #notStored = 0;
  #closed = false;

  constructor(options: PublisherOptions) {
    this.#options = options;
  }

  get counters(): BusCounters {
    return Object.freeze({
      published: this.#published,
      refused: this.#refused,
      refusedBy: Object.freeze(Object.fromEntries(this.#refusedBy)),
      notStored: this.#notStored,
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
    const source = options.source ?? this.#options.source;
    let composed: PublishedEvent;
    try {
      composed = this.#compose(draft, source, options.cause);
    } catch (error) {
      // A draft's own getters may throw anything.
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
    if (this.#closed) throw new RuntimeError('BUS_CLOSED', 'the event bus was stopped');
    const depth = cause === undefined ? 0 : cause.depth + 1;
    checkDepth(depth, this.#options.maxDepth);
    return composeEvent(draft, { source, depth, causationId: cause?.id ?? '' }, this.#options);
  }

  #handOut(event: PublishedEvent): Receipt {
    const { index, facts } = this.#options;
    this.#published++;
    const subscribers = index.matching(event.wire.type);
    const receipt = new OpenReceipt(event, subscribers.length, this.#store(event));
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

  #store({ wire }: PublishedEvent): Promise<void> {
    const { log } = this.#options;
    if (log === nullEventLog) return DONE;
    const stored = append(log, wire).catch((cause: unknown) => {
      throw new RuntimeError('EVENT_LOG_FAILED', `the event log did not keep event "${wire.id}"`, { cause });
    });
    stored.catch((error: unknown) => {
      this.#notStored++;
      this.#options.facts.tell('log.failed', { eventId: wire.id, error: RuntimeError.from(error) });
    });
    return stored;
  }
}

const NO_OPTIONS: PublishOptions = Object.freeze({});

/** Throws `DEPTH_EXCEEDED` for an event that too many others led to. */
export function checkDepth(depth: number, maxDepth: number): void {
  if (depth < maxDepth) return;
  throw new RuntimeError('DEPTH_EXCEEDED', `an event would have depth ${depth}, and the limit is ${maxDepth}`, {
    details: { depth, maxDepth },
  });
}

function offerAll(subscribers: readonly Subscriber[], event: PublishedEvent, receipt: OpenReceipt): void {
  let waiting: Promise<unknown>[] | undefined;
  for (const subscriber of subscribers) {
    const outcome = subscriber.offer(event);
    if (typeof outcome !== 'string') (waiting ??= []).push(outcome);
    else if (outcome === 'rejected') receipt.rejected(subscriber.name);
  }
  if (waiting !== undefined) receipt.queued = Promise.allSettled(waiting).then(() => undefined);
}

/** The log is somebody else's: it may throw instead of rejecting, or return no promise. */
async function append(log: EventLog, wire: PublishedEvent['wire']): Promise<void> {
  await log.append(wire);
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
