import { EventEmitter } from 'eventemitter3';
import { InvalidOptionsError } from '../errors/index.ts';
import type { Code, RuntimeError } from '../errors/index.ts';
import type { SubscriptionFact } from '../machines/index.ts';
import { shown } from '../policy/index.ts';
import type { Logger } from '../ports/index.ts';

/** What a bus tells about itself. */
export interface OwnBusFacts {
  /** An event was not published. Nothing else of it is visible to anyone. */
  readonly 'event.refused': EventRefused;
  /** The log behind the bus did not keep an event that was published. */
  readonly 'log.failed': { readonly eventId: string; readonly error: RuntimeError };
  /** A subscription began. */
  readonly 'subscription.started': { readonly subscription: string; readonly patterns: readonly string[] };
}

/** What a bus and its subscriptions tell, by name. */
export type BusFacts = OwnBusFacts & { readonly [Fact in SubscriptionFact as Fact['type']]: Fact };

/** An event that was not published. */
export interface EventRefused {
  readonly code: Code;
  readonly error: RuntimeError;
  /** Who wanted to publish it. */
  readonly source: string;
  /** Its type, if it had a valid one. */
  readonly type: string | undefined;
}

/** The facts of a bus, to be listened to. */
export interface BusFactSource {
  /**
   * Calls back for each fact of the name. Returns the function that ends this. What a listener throws is logged.
   *
   * @throws INVALID_OPTIONS for a listener that is no function
   */
  on<Name extends keyof BusFacts>(name: Name, listener: (fact: BusFacts[Name]) => void): () => void;
}

/**
 * Tells facts to listeners. Facts can be held back while events are handed out: a listener that publishes at once would
 * else get its event to the later subscribers before the one that is being handed out.
 */
export class FactBoard implements BusFactSource {
  readonly #emitter = new EventEmitter<keyof BusFacts>();
  readonly #log: Logger;
  readonly #held: (() => void)[] = [];
  #holds = 0;

  constructor(log: Logger) {
    this.#log = log;
  }

  on<Name extends keyof BusFacts>(name: Name, listener: (fact: BusFacts[Name]) => void): () => void {
    if (typeof listener !== 'function') {
      throw new InvalidOptionsError('listener', `must be a function, got ${shown(listener)}`);
    }
    const guarded = (fact: BusFacts[Name]): void => {
      try {
        listener(fact);
      } catch (error) {
        this.#log.log('error', 'a listener of the event bus threw', { fact: name, error });
      }
    };
    // The wrapper is this registration's own, so that ending it twice, or one of two alike, ends no other.
    this.#emitter.on(name, guarded);
    return () => void this.#emitter.off(name, guarded);
  }

  tell<Name extends keyof BusFacts>(name: Name, fact: BusFacts[Name]): void {
    if (this.#emitter.listenerCount(name) === 0) return;
    if (this.#holds === 0) this.#emitter.emit(name, fact);
    else this.#held.push(() => void this.#emitter.emit(name, fact));
  }

  /** From now on facts wait. Calls may be nested. */
  hold(): void {
    this.#holds++;
  }

  /** Ends one `hold`; with the last one, the facts that wait are told. */
  release(): void {
    this.#holds--;
    while (this.#holds === 0 && this.#held.length > 0) this.#held.shift()?.();
  }
}
