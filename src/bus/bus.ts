// The event bus: whoever publishes and whoever subscribes know nothing of each other.
//
// It routes and keeps the books; what waits, waits in the subscriptions. Publishing is plain synchronous code, and so is
// everything up to the queues.
//
// Invariants:
//   B1. A subscription gets events from the moment `subscribe` returns until it begins to stop, and is forgotten then.
//   B2. At most one subscription of a name exists at a time.
//   B3. After `stop` nothing is published, and no subscription exists.

import { InvalidOptionsError, RuntimeError } from '../errors/index.ts';
import { requireAtLeast, requireObject, shown } from '../policy/index.ts';
import type { DomainEvent, DraftOf, Environment, EventDraft, EventMap } from '../ports/index.ts';
import { createEventEncoder } from '../transport/events/index.ts';
import { FactBoard } from './bus-facts.ts';
import type { BusFactSource } from './bus-facts.ts';
import type { BusGateway } from './bus-gateway.ts';
import { resolveBusOptions } from './bus-options.ts';
import type { BusOptions } from './bus-options.ts';
import { LogWriter } from './log-writer.ts';
import { checkDepth, Publisher } from './publisher.ts';
import type { BusCounters, PublishOptions, Subscriber } from './publisher.ts';
import type { Receipt, RefusedReceipt } from './receipt.ts';
import { SubscriptionIndex } from './subscription-index.ts';
import { Subscriptions } from './subscriptions.ts';
import type { BusStopReport, SubscribeOptions, SubscriptionView } from './subscriptions.ts';
import type { LocalHandler, Subscription } from './subscription/index.ts';
import type { EventHandler, EventsMatching } from './typed-events.ts';

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
   * them, and waits as long for the log. Idempotent: later calls get the first one's report.
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
  readonly #log: LogWriter;
  readonly #publisher: Publisher;
  readonly #subscriptions: Subscriptions;
  readonly #maxDepth: number;
  #stopping: Promise<BusStopReport> | undefined;

  constructor(options: BusOptions) {
    const { system, log, maxAppends, source, maxDepth, maxPayloadBytes, ...memory } = resolveBusOptions(options);
    const { environment } = system;
    this.environment = environment;
    this.#maxDepth = maxDepth;
    this.#facts = new FactBoard(environment.log);
    this.#log = new LogWriter({ log, facts: this.#facts, maxAppends });
    const index = new SubscriptionIndex<Subscriber>(memory);
    this.#publisher = new Publisher({
      environment,
      maxPayloadBytes,
      encoder: createEventEncoder(),
      facts: this.#facts,
      log: this.#log,
      index,
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
    this.#publisher.requireOpen();
    return this.#subscriptions.add(options);
  }

  on(pattern: string, handler: EventHandler<DomainEvent>, options: HandlerOptions = {}): Subscription {
    this.#publisher.requireOpen();
    if (typeof handler !== 'function') {
      throw new InvalidOptionsError('handler', `must be a function, got ${shown(handler)}`);
    }
    const { name = this.environment.ids.next('local'), ...rest } = requireObject('options', options);
    return this.#subscriptions.add({ ...rest, name, patterns: [pattern], handler: handler as LocalHandler });
  }

  subscriptions(): readonly SubscriptionView[] {
    return this.#subscriptions.all();
  }

  stop(options: { readonly drainMs?: number | undefined } = {}): Promise<BusStopReport> {
    let drainMs: number;
    try {
      drainMs = requireAtLeast('drainMs', requireObject('options', options).drainMs ?? DRAIN_MS, 0);
    } catch (error) {
      return Promise.reject(RuntimeError.from(error));
    }
    this.#publisher.close();
    this.#stopping ??= this.#end(drainMs);
    return this.#stopping;
  }

  async #end(drainMs: number): Promise<BusStopReport> {
    const { clock, log } = this.environment;
    const [report] = await Promise.all([this.#subscriptions.stop(drainMs), this.#log.settled(clock, drainMs)]);
    const { underWay } = this.#log;
    if (underWay > 0) log.log('warn', 'the event log has not kept the last events in time', { events: underWay });
    return report;
  }
}
