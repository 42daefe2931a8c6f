import type { ActorSystem } from '../actors/index.ts';
import { InvalidOptionsError, RuntimeError } from '../errors/index.ts';
import type { SubscriptionFact, SubscriptionReport } from '../machines/index.ts';
import { compileGlobs, requireObject, shown } from '../policy/index.ts';
import type { DomainEvent, EventDraft } from '../ports/index.ts';
import type { FactBoard } from './bus-facts.ts';
import type { Subscriber } from './publisher.ts';
import type { Receipt } from './receipt.ts';
import type { SubscriptionIndex } from './subscription-index.ts';
import { createSubscription } from './subscription/index.ts';
import type { Subscription, SubscriptionOptions } from './subscription/index.ts';

/** How a subscription is started. */
export interface SubscribeOptions extends SubscriptionOptions {
  /** Patterns of the event types it wants; one at least. An event that several of them match comes once. */
  readonly patterns: readonly string[];
  /** Publishes what its handlers return. Default: the bus does, in its own name, with the event as the cause. */
  readonly publishEmitted?: ((cause: DomainEvent, drafts: readonly EventDraft[]) => readonly Receipt[]) | undefined;
}

/** What became of the subscriptions of a bus that was stopped, by name. */
export interface BusStopReport {
  readonly subscriptions: Readonly<Record<string, SubscriptionReport>>;
}

/** What anybody may know about a subscription. It goes on telling after the end of the subscription. */
export type SubscriptionView = Pick<Subscription, 'name' | 'state' | 'counters' | 'onFact'>;

/** Most patterns of one subscription. */
const MOST_PATTERNS = 1_024;

/** What the subscriptions of a bus are made with. */
export interface SubscriptionsOptions {
  readonly system: ActorSystem;
  readonly index: SubscriptionIndex<Subscriber>;
  readonly facts: FactBoard;
  /** Publishes what a handler of this process returned. */
  publish(draft: EventDraft, cause: DomainEvent): Receipt;
}

/** The subscriptions of a bus, by name. */
export class Subscriptions {
  readonly #options: SubscriptionsOptions;
  readonly #byName = new Map<string, Subscription>();
  /** Those that began to stop and have not ended; their names are free again. */
  readonly #ending = new Set<Subscription>();

  constructor(options: SubscriptionsOptions) {
    this.#options = options;
  }

  /** Starts a subscription. */
  add(options: SubscribeOptions): Subscription {
    const { index, facts, system, publish } = this.#options;
    const { patterns, publishEmitted, ...rest } = requireObject('options', options);
    let globs = compileGlobs(requirePatterns(patterns));
    const { name } = rest;
    if (this.#byName.has(name)) throw new RuntimeError('NAME_TAKEN', `a subscription named "${name}" exists already`);
    const subscription: Subscription = createSubscription(rest, {
      system,
      publishEmitted: publishEmitted ?? ((cause, drafts) => drafts.map((draft) => publish(draft, cause))),
      route: (changed) => {
        // A plugin whose new version gets no events keeps the queue, and nothing comes into it.
        const next = changed.length === 0 ? [] : compileGlobs(requirePatterns(changed));
        index.change(subscription, globs, next);
        globs = next;
      },
      stopping: () => {
        index.remove(subscription, globs);
        this.#byName.delete(name);
        this.#ending.add(subscription);
        void subscription.stop().finally(() => this.#ending.delete(subscription));
      },
    });
    subscription.onFact((fact) => tell(facts, fact));
    this.#byName.set(name, subscription);
    index.add(subscription, globs);
    facts.tell('subscription.started', { subscription: name, patterns: globs.map(({ pattern }) => pattern) });
    return subscription;
  }

  /** Those that have not begun to stop. */
  all(): readonly Subscription[] {
    return [...this.#byName.values()];
  }

  /** Ends all of them at the same time. */
  async stop(drainMs: number): Promise<BusStopReport> {
    const all = [...this.#ending, ...this.#byName.values()];
    const reports = await Promise.all(all.map(async (one) => [one.name, await one.stop({ drainMs })] as const));
    return { subscriptions: Object.fromEntries(reports) };
  }
}

/** Each fact under its own name. */
function tell<Fact extends SubscriptionFact>(facts: FactBoard, fact: Fact): void {
  facts.tell(fact.type, fact as never);
}

function requirePatterns(patterns: unknown): readonly string[] {
  if (!Array.isArray(patterns) || patterns.length === 0) {
    throw new InvalidOptionsError('patterns', `must be a list of one pattern at least, got ${shown(patterns)}`);
  }
  if (patterns.length <= MOST_PATTERNS) return patterns;
  throw new InvalidOptionsError('patterns', `must be at most ${MOST_PATTERNS}, got ${patterns.length}`);
}
