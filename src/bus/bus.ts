// The event bus: whoever publishes and whoever subscribes know nothing of each other.
//
// It routes and keeps the books; what waits, waits in the subscriptions. Publishing is plain synchronous code, and so is
// everything up to the queues.
//
// Invariants:
//   B1. A subscription gets events from the moment `subscribe` returns until it begins to stop, and is forgotten then.
//   B2. At most one subscription of a name exists at a time.
//   B3. After `stop` nothing is published, and no subscription exists.

import { RuntimeError } from '../errors/index.ts';
import type { ActorSystem } from '../actors/index.ts';
import { DEFAULT_MAX_PAYLOAD_BYTES, requireAtLeast, requirePositiveInteger } from '../policy/index.ts';
import { nullEventLog } from '../ports/index.ts';
import type { DomainEvent, DraftOf, Environment, EventDraft, EventLog, EventMap } from '../ports/index.ts';
import { createEventEncoder } from '../transport/events/index.ts';
import { FactBoard } from './bus-facts.ts';
import type { BusFactSource } from './bus-facts.ts';
import type { BusGateway } from './bus-gateway.ts';
import { checkDepth, Publisher } from './publisher.ts';
import type { BusCounters, PublishOptions, Subscriber } from './publisher.ts';
import type { Receipt, RefusedReceipt } from './receipt.ts';
import { SubscriptionIndex } from './subscription-index.ts';
import { Subscriptions } from './subscriptions.ts';
import type { BusStopReport, SubscribeOptions, SubscriptionView } from './subscriptions.ts';
import type { LocalHandler, Subscription } from './subscription/index.ts';
import type { EventHandler, EventsMatching } from './typed-events.ts';

/** How a bus is made. */
export interface BusOptions {
  /** Where the actors of the subscriptions live, and whose environment gives ids and time. */
  readonly system: ActorSystem;
  /** Keeps what is published. Default: nothing is kept. */
  readonly log?: EventLog | undefined;
  /** How many events may cause each other: depths go from 0 to one less. Default 3. */
  readonly maxDepth?: number | undefined;
  /** Most bytes of a payload. Default 4 MiB. */
  readonly maxPayloadBytes?: number | undefined;
  /** What the host calls itself in its events. Default `host`. */
  readonly source?: string | undefined;
  /** For how many event types it is remembered whom they concern. Default 4,096. */
  readonly typesRemembered?: number | undefined;
}

/** How the subscription of a handler differs from the defaults. Without a name it gets one of its own. */
export type HandlerOptions = Partial<Omit<SubscribeOptions, 'patterns' | 'handler'>>;

/** Carries events from publishers to subscribers. Whoever creates it stops it, before the actor system. */
export interface Bus<Events extends EventMap = EventMap> {
  /** What the bus and its subscriptions tell about themselves. */
  readonly facts: BusFactSource;
  /** What was published and refused so far. */
  readonly counters: BusCounters;
  /** For code that speaks for others. */
  readonly gateway: BusGateway;
  /**
   * Publishes an event: hands it to every subscription with a pattern that matches. Never throws and never waits; what
   * became of it is in the receipt.
   */
  publish(draft: DraftOf<Events>, options?: PublishOptions): Receipt;
  /**
   * Starts a subscription, whose events wait until somebody takes them out of its `source`. The caller stops it; it ends
   * with the bus otherwise.
   *
   * @throws BUS_CLOSED, PATTERN_INVALID, NAME_TAKEN, INVALID_OPTIONS
   */
  subscribe(options: SubscribeOptions): Subscription;
  /**
   * Calls the handler for every event of the pattern, one after the other, in the order of publishing. What it returns
   * is published, with the event as its cause. Stop the subscription to end this.
   *
   * @throws BUS_CLOSED, PATTERN_INVALID, NAME_TAKEN, INVALID_OPTIONS
   */
  on<Pattern extends string>(
    pattern: Pattern,
    handler: EventHandler<EventsMatching<Events, Pattern>>,
    options?: HandlerOptions,
  ): Subscription;
  /** The subscriptions that have not begun to stop, those of plugins too, in the order in which they began. */
  subscriptions(): readonly SubscriptionView[];
  /**
   * Refuses everything from now on, gives the subscriptions `drainMs` (default 5,000) to deliver what waits, and ends
   * them. Idempotent: later calls get the first one's report.
   */
  stop(options?: { readonly drainMs?: number | undefined }): Promise<BusStopReport>;
}

const DRAIN_MS = 5_000;

/**
 * Creates a bus without subscriptions.
 *
 * @throws InvalidOptionsError naming the option
 */
export function createBus<Events extends EventMap = EventMap>(options: BusOptions): Bus<Events> {
  // Types of events exist for the compiler only.
  return new EventBus(options) as unknown as Bus<Events>;
}

class EventBus implements Bus, BusGateway {
  readonly environment: Environment;
  readonly #facts: FactBoard;
  readonly #publisher: Publisher;
  readonly #subscriptions: Subscriptions;
  readonly #maxDepth: number;
  #stopping: Promise<BusStopReport> | undefined;

  constructor(options: BusOptions) {
    const { system, log = nullEventLog, source = 'host' } = options;
    const { maxDepth = 3, maxPayloadBytes = DEFAULT_MAX_PAYLOAD_BYTES, typesRemembered = 4_096 } = options;
    this.environment = system.environment;
    this.#maxDepth = requirePositiveInteger('maxDepth', maxDepth);
    this.#facts = new FactBoard(system.environment.log);
    const index = new SubscriptionIndex<Subscriber>(requirePositiveInteger('typesRemembered', typesRemembered));
    this.#publisher = new Publisher({
      environment: system.environment,
      maxPayloadBytes: requirePositiveInteger('maxPayloadBytes', maxPayloadBytes),
      encoder: createEventEncoder(),
      facts: this.#facts,
      index,
      log,
      maxDepth,
      source,
    });
    this.#subscriptions = new Subscriptions({
      system,
      index,
      facts: this.#facts,
      publish: (draft, cause) => this.publish(draft, { cause }),
    });
  }

  get gateway(): BusGateway {
    return this;
  }

  get facts(): BusFactSource {
    return this.#facts;
  }

  get counters(): BusCounters {
    return this.#publisher.counters;
  }

  get closed(): boolean {
    return this.#publisher.closed;
  }

  publish(draft: EventDraft, options?: PublishOptions): Receipt {
    return this.#publisher.publish(draft, options);
  }

  checkCause(cause: PublishOptions['cause']): void {
    if (cause !== undefined) checkDepth(cause.depth + 1, this.#maxDepth);
  }

  refuse(error: RuntimeError, about: { readonly source: string; readonly type: string | undefined }): RefusedReceipt {
    return this.#publisher.refuse(error, about);
  }

  subscribe(options: SubscribeOptions): Subscription {
    this.#requireOpen();
    return this.#subscriptions.add(options);
  }

  on(pattern: string, handler: EventHandler<DomainEvent>, options: HandlerOptions = {}): Subscription {
    this.#requireOpen();
    const { name = this.environment.ids.next('local'), ...rest } = options;
    return this.#subscriptions.add({ ...rest, name, patterns: [pattern], handler: handler as LocalHandler });
  }

  subscriptions(): readonly SubscriptionView[] {
    return this.#subscriptions.all();
  }

  stop({ drainMs = DRAIN_MS }: { readonly drainMs?: number | undefined } = {}): Promise<BusStopReport> {
    try {
      requireAtLeast('drainMs', drainMs, 0);
    } catch (error) {
      return Promise.reject(RuntimeError.from(error));
    }
    this.#publisher.close();
    this.#stopping ??= this.#subscriptions.stop(drainMs);
    return this.#stopping;
  }

  #requireOpen(): void {
    if (this.closed) throw new RuntimeError('BUS_CLOSED', 'the event bus was stopped');
  }
}
