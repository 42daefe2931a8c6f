// A subscription: its queue, the chart of its life, and where events are handled in this process, their deliverer.
//
// Invariants:
//   S1. `stop` closes the intake before it returns; the chart decides when the queue is closed.
//   S2. However the chart's actor ends, also with its system, the queue is closed and `stop` settles.

import { createSubscriptionLogic } from '../../actors/index.ts';
import type { ActorRef, ActorSystem } from '../../actors/index.ts';
import type { SubscriptionEvent, SubscriptionFact, SubscriptionReport } from '../../machines/index.ts';
import { requireAtLeast, requireObject } from '../../policy/index.ts';
import type { DomainEvent, EventDraft } from '../../ports/index.ts';
import type { EventSource, QueuedEvent } from '../event-source.ts';
import { ChartLink } from './chart-link.ts';
import type { SubscriptionCounters } from './counters.ts';
import type { DeliveryRecord } from './delivery-record.ts';
import { LocalDeliverer } from './local-deliverer.ts';
import { createTap } from './source-tap.ts';
import type { SourceTap } from './source-tap.ts';
import { resolveSubscriptionOptions } from './subscription-options.ts';
import type { SubscriptionOptions } from './subscription-options.ts';
import { SubscriptionQueue } from './subscription-queue.ts';
import type { EmittedOutcomes, OfferOutcome, PublishEmitted } from './subscription-queue.ts';

/** What a subscription needs. */
export interface SubscriptionDependencies {
  /** Where the actor of the subscription lives, and whose environment gives time and log. */
  readonly system: ActorSystem;
  /** The actor to start it under. Default: the top of the system. */
  readonly parent?: ActorRef<never> | undefined;
  /** Publishes what a handler returned. Called when the event that led to it is settled. */
  publishEmitted(cause: DomainEvent, drafts: readonly EventDraft[]): EmittedOutcomes;
  /** Called once, as soon as no event is taken any more, in `stop` or when the system ends it. */
  stopping?(): void;
  /** Changes the patterns of what is offered. Default: whoever offers has no patterns. */
  route?(patterns: readonly string[]): void;
}

/** How a subscription ends. */
export interface SubscriptionStopOptions {
  /** Milliseconds in which the events that wait are delivered; the rest is dropped. Default 5,000. */
  readonly drainMs?: number | undefined;
}

/** Where the chart of a subscription is. */
export type SubscriptionState =
  | 'starting'
  | 'active.flowing'
  | 'active.overflowing'
  | 'suspended'
  | 'draining'
  | 'closing'
  | 'stopped';

/** A subscription. Whoever creates it stops it. Outlives the processes that its events are delivered to. */
export interface Subscription {
  readonly name: string;
  /** What a deliverer takes events from. */
  readonly source: EventSource;
  /** What was delivered lately, and how deep it was. */
  readonly deliveries: DeliveryRecord;
  /**
   * A source for one of several processes that events are delivered to one after the other. Shut the one before first.
   *
   * @param publish publishes what handlers of that process return
   */
  tap(publish: PublishEmitted): SourceTap;
  /**
   * From now on it gets the events of these patterns; what waits stays. Does nothing once the subscription was stopped.
   *
   * @throws PATTERN_INVALID; INVALID_OPTIONS
   */
  route(patterns: readonly string[]): void;
  /** What it has counted so far. */
  readonly counters: SubscriptionCounters;
  readonly state: SubscriptionState;
  /**
   * Takes an event, or says what became of it; under `block` a promise when there is no room. Never throws, runs no
   * handler, and gives `rejected` once the subscription was stopped.
   */
  offer(queued: QueuedEvent): OfferOutcome | Promise<'queued' | 'dropped'>;
  /** Calls back for each change of its life. Returns the function that ends this; it ends by itself with the subscription. */
  onFact(listener: (fact: SubscriptionFact) => void): () => void;
  /**
   * Takes no more events, lets those that wait be delivered until time is up, and drops the rest; what is in flight then is
   * unknown. Settles when all is over. Idempotent: later calls get the same report, and one with `drainMs` 0 ends a drain
   * that is under way. A handler that waits for the stop of its own subscription waits until its time is up.
   *
   * @throws INVALID_OPTIONS for a time that is no finite number of at least 0
   */
  stop(options?: SubscriptionStopOptions): Promise<SubscriptionReport>;
}

const DRAIN_MS = 5000;

/**
 * Creates a subscription that takes events at once.
 *
 * @throws InvalidOptionsError naming the option; SYSTEM_STOPPED
 */
export function createSubscription(options: SubscriptionOptions, ports: SubscriptionDependencies): Subscription {
  return new ChartedSubscription(options, ports);
}

class ChartedSubscription implements Subscription {
  readonly #ports: SubscriptionDependencies;
  readonly #queue: SubscriptionQueue;
  readonly #link: ChartLink;
  readonly #deliverer: LocalDeliverer | undefined;
  readonly #actor: ReturnType<typeof spawnChart>;
  readonly #over: Promise<SubscriptionReport>;
  #isStopping = false;
  #isOver = false;

  constructor(options: SubscriptionOptions, ports: SubscriptionDependencies) {
    const resolved = resolveSubscriptionOptions(options);
    const { environment } = ports.system;
    this.#ports = ports;
    this.#queue = new SubscriptionQueue(resolved, environment, {
      changed: () => this.#link.changed(),
      drained: () => this.#tell({ type: 'queue.drained' }),
      publishEmitted: (cause, drafts) => ports.publishEmitted(cause, drafts),
    });
    this.#link = new ChartLink(environment, this.#queue, (event) => this.#tell(event));
    this.#actor = spawnChart(ports, resolved.name, () => this.#close());
    this.#over = this.#actor.ended.then(() => {
      this.#isOver = true;
      return this.#close();
    });
    this.#actor.onFact((fact) => {
      if (fact.type !== 'subscription.overflowed') return;
      const { name: subscription, dropped, waiting } = fact;
      // Under `block` a full queue is how publishers are held back; what is lost then is worth a warning all the same.
      const level = resolved.overflow === 'block' && dropped === 0 ? 'debug' : 'warn';
      environment.log.log(level, 'the queue of a subscription is full', { subscription, dropped, waiting });
    });
    const { handler, handlerMs } = resolved;
    const { source } = this;
    this.#deliverer =
      handler === undefined ? undefined : new LocalDeliverer({ source, handler, handlerMs, environment });
  }

  get name(): string {
    return this.#queue.name;
  }

  get source(): EventSource {
    return this.#queue;
  }

  get deliveries(): DeliveryRecord {
    return this.#queue.deliveries;
  }

  get counters(): SubscriptionCounters {
    return this.#queue.counters;
  }

  tap(publish: PublishEmitted): SourceTap {
    return createTap(this.#queue, publish);
  }

  route(patterns: readonly string[]): void {
    if (!this.#isStopping) this.#ports.route?.(patterns);
  }

  get state(): SubscriptionState {
    const { value } = this.#actor.snapshot();
    return typeof value === 'string' ? value : `active.${value.active}`;
  }

  offer(queued: QueuedEvent): OfferOutcome | Promise<'queued' | 'dropped'> {
    return this.#queue.offer(queued);
  }

  onFact(listener: (fact: SubscriptionFact) => void): () => void {
    return this.#actor.onFact(listener);
  }

  stop(options: SubscriptionStopOptions = {}): Promise<SubscriptionReport> {
    const drainMs = requireAtLeast('drainMs', requireObject('options', options).drainMs ?? DRAIN_MS, 0);
    this.#tell({ type: 'stop', drainMs });
    this.#closeIntake();
    return this.#over;
  }

  #closeIntake(): void {
    if (this.#isStopping) return;
    this.#isStopping = true;
    this.#queue.closeIntake();
    this.#ports.stopping?.();
  }

  #close(): SubscriptionReport {
    this.#queue.close();
    this.#closeIntake();
    this.#link.end();
    this.#deliverer?.stop();
    const { delivered, dropped, failed, unknown } = this.#queue.counters;
    return { delivered, dropped, failed, unknown };
  }

  /** What an ended actor is told would count as a dead letter. */
  #tell(event: SubscriptionEvent): void {
    if (!this.#isOver) this.#actor.tell(event);
  }
}

function spawnChart({ system, parent }: SubscriptionDependencies, name: string, closeQueue: () => SubscriptionReport) {
  return system.spawn(createSubscriptionLogic({ closeQueue }), {
    name: system.environment.ids.next('subscription'),
    input: { name },
    parent,
  });
}
