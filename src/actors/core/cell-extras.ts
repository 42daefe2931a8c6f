import type { RuntimeError } from '../../errors/index.ts';
import type { ActorOutcome } from '../../ports/index.ts';
import { callOutside } from './asking/call-outside.ts';
import type { Cell } from './cell.ts';
import { NamedTimers } from './body/named-timers.ts';
import { TerminatedSignal } from './life/watching.ts';
import type { Supervision } from './life/supervision.ts';

type Listener = (value: never) => void;

/** What most actors never need: listeners, watchers, timers, supervision of children. Made at the first need. */
export class CellExtras {
  /** Those who watch this actor. */
  readonly watchers = new Set<Cell>();
  /** Those whom this actor watches. */
  readonly watching = new Set<Cell>();
  /** Children that have ended, the last ones; see `rememberEnded`. */
  endedChildren: Map<string, Cell> | undefined = undefined;
  timers: NamedTimers | undefined = undefined;
  /** The receptionist knows the actor. */
  registered = false;
  supervision: Supervision | undefined = undefined;
  /** Facts of the start, until they are delivered. */
  earlyFacts: unknown[] = [];
  /** What the behaviour came to, when it ends itself. */
  finishing: { readonly output: unknown } | undefined = undefined;
  /** The message at work was put aside. */
  justStashed: true | undefined = undefined;
  /** Inspectors have heard of the actor. */
  announced = false;
  /** True while the supervision starts the behaviour anew. */
  restarting = false;
  startFailure: RuntimeError | undefined = undefined;
  /** How the last start went that the supervision heard of. */
  lastOutcome: ActorOutcome | undefined = undefined;
  outcome: ActorOutcome | undefined = undefined;
  /** Called once, before watchers hear of the end. */
  onEnd: ((outcome: ActorOutcome) => void) | undefined = undefined;
  readonly #listeners = new Map<Listener, unknown>();
  readonly #factListeners = new Set<Listener>();
  #ended: Promise<ActorOutcome> | undefined = undefined;
  #settle: ((outcome: ActorOutcome) => void) | undefined = undefined;

  get ended(): Promise<ActorOutcome> {
    this.#ended ??= new Promise((resolve) => {
      if (this.outcome === undefined) this.#settle = resolve;
      else resolve(this.outcome);
    });
    return this.#ended;
  }

  get hasEarlyFacts(): boolean {
    return this.earlyFacts.length > 0;
  }

  timersOf(cell: Cell): NamedTimers {
    this.timers ??= new NamedTimers(cell);
    return this.timers;
  }

  subscribe(listener: Listener, snapshot: unknown): () => void {
    // A key of its own, so that the same function can listen twice.
    const entry: Listener = (value) => listener(value);
    this.#listeners.set(entry, snapshot);
    return () => this.#listeners.delete(entry);
  }

  onFact(listener: Listener): () => void {
    const entry: Listener = (fact) => listener(fact);
    this.#factListeners.add(entry);
    return () => this.#factListeners.delete(entry);
  }

  notify(snapshot: unknown, cell: Cell): void {
    // The iterator of an empty map costs, too, and this comes with every message.
    if (this.#listeners.size === 0) return;
    // A copy: a listener that subscribes anew while it is called would otherwise be called for ever.
    for (const [listener, last] of Array.from(this.#listeners)) {
      // XState also calls back for messages that changed nothing.
      if (last === snapshot || !this.#listeners.has(listener)) continue;
      this.#listeners.set(listener, snapshot);
      callListener(cell, () => listener(snapshot as never));
    }
  }

  deliverFact(fact: unknown, cell: Cell): void {
    if (this.#factListeners.size === 0) return;
    for (const listener of Array.from(this.#factListeners)) {
      if (this.#factListeners.has(listener)) callListener(cell, () => listener(fact as never));
    }
  }

  deliverEarlyFacts(cell: Cell): void {
    const facts = this.earlyFacts;
    this.earlyFacts = [];
    for (const fact of facts) this.deliverFact(fact, cell);
  }

  /** Tells everybody, and forgets them. */
  end(cell: Cell, outcome: ActorOutcome): void {
    this.outcome = outcome;
    this.onEnd?.(outcome);
    for (const watcher of this.watchers) watcher.pushSignal(new TerminatedSignal(cell));
    this.watchers.clear();
    this.#listeners.clear();
    this.#factListeners.clear();
    this.endedChildren = undefined;
    this.timers = undefined;
    this.supervision = undefined;
    this.#settle?.(outcome);
    this.#settle = undefined;
  }
}

function callListener(cell: Cell, action: () => unknown): void {
  callOutside(action, (error) => cell.log('error', `actor "${cell.path}": a listener threw`, { error }));
}
