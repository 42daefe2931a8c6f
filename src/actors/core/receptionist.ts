// Actors by what they offer: a typed key, any number of actors under it.
//
// Invariants:
//   R1. An actor that has ended is under no key.
//   R2. Whoever subscribes hears the present actors first, then each change in order, and no state twice in a row; also
//       when a subscriber changes something while it is called.
//   R3. The end of an actor costs as much as it has keys and subscriptions, not as much as there are.

import { RuntimeError } from '../../errors/index.ts';
import type { ActorRef, Message } from '../../ports/index.ts';

/** Names a service and the messages that its actors take. */
export interface ServiceKey<Messages extends Message> {
  readonly name: string;
  /** For the compiler only. */
  readonly messages?: (message: Messages) => void;
}

/** Creates a key. Keys with the same name are the same key. */
export function serviceKey<Messages extends Message>(name: string): ServiceKey<Messages> {
  return Object.freeze({ name });
}

/** Tells an actor who is under a key. Only the system can send it. */
export interface ListingMessage extends Message {
  readonly type: 'actor.listing';
  readonly key: string;
  readonly refs: readonly ActorRef[];
}

/** Finds actors by key. */
export interface Receptionist {
  /**
   * Puts a living actor under a key; twice counts once. It leaves by itself when it ends.
   *
   * @throws NOT_FOUND when the actor has ended or belongs to another system
   */
  register<Messages extends Message>(key: ServiceKey<Messages>, ref: ActorRef<Messages>): void;
  /** Takes it from under the key. */
  unregister<Messages extends Message>(key: ServiceKey<Messages>, ref: ActorRef<Messages>): void;
  /** The actors under the key, in the order of their registration. */
  find<Messages extends Message>(key: ServiceKey<Messages>): readonly ActorRef<Messages>[];
  /**
   * Calls back with the actors under the key, now and after each change. Returns the function that ends this. An actor
   * that is given instead of a function gets `actor.listing` messages until it ends.
   */
  subscribe<Messages extends Message>(
    key: ServiceKey<Messages>,
    subscriber: ((refs: readonly ActorRef<Messages>[]) => void) | ActorRef<ListingMessage>,
  ): () => void;
}

/** What the receptionist needs of an actor. */
export interface Registrable extends ActorRef<never> {
  readonly alive: boolean;
  /** Whether `forget` must be called at its end. */
  readonly extras: { registered: boolean };
  /** Delivers outside the bounds of the mailbox. */
  notify(lane: string, message: Message): void;
}

type Listener = (refs: readonly ActorRef<never>[]) => void;

/** What is to be undone when an actor ends (R3): its keys, and the functions that end its subscriptions. */
interface Ties {
  readonly names: Set<string>;
  readonly subscriptions: Set<() => void>;
}

/** The receptionist of one system. */
export class SystemReceptionist implements Receptionist {
  readonly #living: (ref: ActorRef<never>) => Registrable | undefined;
  readonly #guard: (action: () => unknown) => void;
  readonly #actors = new Map<string, Set<Registrable>>();
  readonly #listeners = new Map<string, Set<Listener>>();
  readonly #ties = new Map<Registrable, Ties>();
  /** Calls that are still to be made. Empty unless a subscriber made a change while it was called (R2). */
  readonly #calls: (() => void)[] = [];
  #calling = false;

  /**
   * @param living the actor of this system behind a reference, while it lives
   * @param guard runs code of others and reports what it throws
   */
  constructor(living: (ref: ActorRef<never>) => Registrable | undefined, guard: (action: () => unknown) => void) {
    this.#living = living;
    this.#guard = guard;
  }

  register({ name }: ServiceKey<never>, ref: ActorRef<never>): void {
    const actor = this.#require(ref);
    const actors = this.#actors.get(name) ?? new Set();
    if (actors.has(actor)) return;
    this.#actors.set(name, actors.add(actor));
    this.#tiesOf(actor).names.add(name);
    this.#announce(name);
  }

  unregister({ name }: ServiceKey<never>, ref: ActorRef<never>): void {
    this.#remove(name, ref as Registrable);
  }

  find<Messages extends Message>({ name }: ServiceKey<Messages>): readonly ActorRef<Messages>[] {
    return [...(this.#actors.get(name) ?? [])];
  }

  subscribe<Messages extends Message>(
    key: ServiceKey<Messages>,
    subscriber: ((refs: readonly ActorRef<Messages>[]) => void) | ActorRef<ListingMessage>,
  ): () => void {
    const { name } = key;
    const actor = typeof subscriber === 'function' ? undefined : this.#require(subscriber);
    const listener =
      typeof subscriber === 'function'
        ? (subscriber as Listener)
        : (refs: readonly ActorRef<never>[]) =>
            actor?.notify('receptionist', { type: 'actor.listing', key: name, refs } as Message);
    const listeners = this.#listeners.get(name) ?? new Set<Listener>();
    this.#listeners.set(name, listeners.add(listener));
    const end = (): void => {
      this.#unsubscribe(name, listener);
      if (actor !== undefined) this.#untie(actor, (ties) => ties.subscriptions.delete(end));
    };
    if (actor !== undefined) this.#tiesOf(actor).subscriptions.add(end);
    this.#guard(() => listener(this.find(key)));
    return end;
  }

  /** Removes an actor that has ended (R1). */
  forget(actor: Registrable): void {
    const ties = this.#ties.get(actor);
    if (ties === undefined) return;
    for (const name of ties.names) this.#remove(name, actor);
    for (const end of ties.subscriptions) end();
  }

  #tiesOf(actor: Registrable): Ties {
    let ties = this.#ties.get(actor);
    if (ties === undefined) {
      ties = { names: new Set(), subscriptions: new Set() };
      this.#ties.set(actor, ties);
      actor.extras.registered = true;
    }
    return ties;
  }

  /** Undoes one tie, and keeps nothing of an actor that has none left. */
  #untie(actor: Registrable, undo: (ties: Ties) => unknown): void {
    const ties = this.#ties.get(actor);
    if (ties === undefined) return;
    undo(ties);
    if (ties.names.size === 0 && ties.subscriptions.size === 0) this.#ties.delete(actor);
  }

  #remove(name: string, actor: Registrable): void {
    const actors = this.#actors.get(name);
    if (actors?.delete(actor) !== true) return;
    if (actors.size === 0) this.#actors.delete(name);
    this.#untie(actor, ({ names }) => names.delete(name));
    this.#announce(name);
  }

  #unsubscribe(name: string, listener: Listener): void {
    const listeners = this.#listeners.get(name);
    listeners?.delete(listener);
    if (listeners?.size === 0) this.#listeners.delete(name);
  }

  #announce(name: string): void {
    const listeners = this.#listeners.get(name);
    if (listeners === undefined) return;
    const refs = this.find({ name });
    for (const listener of listeners) {
      // One that has left meanwhile is not called any more.
      this.#calls.push(() => {
        if (listeners.has(listener)) this.#guard(() => listener(refs));
      });
    }
    if (this.#calling) return;
    this.#calling = true;
    for (let call = this.#calls.shift(); call !== undefined; call = this.#calls.shift()) call();
    this.#calling = false;
  }

  #require(ref: ActorRef<never>): Registrable {
    const actor = this.#living(ref);
    if (actor !== undefined) return actor;
    throw new RuntimeError('NOT_FOUND', `actor "${ref.path}" has ended or belongs to another system`);
  }
}
