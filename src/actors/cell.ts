// One runtime actor: a mailbox, a root XState actor, and its place in the tree.
//
// Invariants:
//   C1. Messages are delivered in the order in which `tell` accepted them, one at a time.
//   C2. An error of the behaviour ends this actor and reaches nobody but whoever reads `ended` and the log.
//   C3. After the end nothing is delivered, and every later `tell` says so.
//   C4. Children end before their parent, in reverse order of their start.
//   C5. Facts are delivered right after the transition that emitted them, so that listeners see the state they tell of.
//       Those of the start wait for the next turn, because nobody can listen before `spawn` has returned.

import { createActor } from 'xstate';
import type { Actor as XStateActor, AnyActorLogic, AnyActorRef, EventObject } from 'xstate';
import { RuntimeError } from '../errors/index.ts';
import { connectIntents } from '../machines/index.ts';
import type { Intent } from '../machines/index.ts';
import { Ring } from '../policy/index.ts';
import type { Environment } from '../ports/index.ts';
import type { Actor, ActorOutcome, TellOutcome } from './actor-ref.ts';
import type { Dispatcher, Runnable } from './dispatcher.ts';

const ACCEPTED: TellOutcome = Object.freeze({ accepted: true });
const STOPPED: TellOutcome = Object.freeze({ accepted: false, reason: 'stopped' });
const FULL: TellOutcome = Object.freeze({ accepted: false, reason: 'mailboxFull' });

/** What a cell is made of. */
export interface CellOptions {
  readonly name: string;
  readonly path: string;
  readonly id: string;
  readonly logic: AnyActorLogic;
  readonly input: unknown;
  readonly capacity: number;
  readonly environment: Environment;
  readonly dispatcher: Dispatcher;
  /** Makes a child; throws NAME_TAKEN. */
  readonly spawnChild: (parent: Cell, name: string, logic: AnyActorLogic, input: unknown) => Cell;
  /** Called once, after the end. */
  readonly onEnded: (cell: Cell) => void;
}

/** @internal */
export class Cell implements Actor, Runnable {
  readonly name: string;
  readonly path: string;
  readonly id: string;
  readonly ended: Promise<ActorOutcome>;
  readonly children = new Map<string, Cell>();
  readonly #options: CellOptions;
  readonly #mailbox: Ring<EventObject>;
  readonly #root: XStateActor<AnyActorLogic>;
  readonly #intents: Intent[] = [];
  /** Facts of the start, until they are delivered. */
  #earlyFacts: unknown[] = [];
  readonly #factListeners = new Set<(fact: never) => void>();
  #settle: (outcome: ActorOutcome) => void = () => {};
  #phase: 'open' | 'stopping' | 'closing' | 'ended' = 'open';
  #starting = true;
  /** True while this cell waits in the dispatcher's queue, where it may stand only once. */
  #noted = false;

  constructor(options: CellOptions) {
    this.#options = options;
    this.name = options.name;
    this.path = options.path;
    this.id = options.id;
    this.#mailbox = new Ring(options.capacity);
    this.ended = new Promise((resolve) => {
      this.#settle = resolve;
    });
    const { clock, log } = options.environment;
    this.#root = createActor(options.logic, {
      input: options.input,
      clock,
      logger: (...parts: unknown[]) => log.log('debug', parts.map(String).join(' '), { actor: options.path }),
    });
    connectIntents(this.#root.system, (intent) => this.#record(intent));
    this.#root.on('*', (fact) => this.#takeFact(fact));
    this.#root.subscribe({
      complete: () => this.#end({ kind: 'done', output: this.#root.getSnapshot().output }),
      error: (reason: unknown) => this.#fail(reason),
    });
  }

  /** Starts the behaviour. Its entry actions run now; what they ask of the system is performed in the next turn. */
  start(): void {
    this.#root.start();
    this.#starting = false;
  }

  get waiting(): number {
    return this.#mailbox.size;
  }

  get busy(): boolean {
    return this.#noted;
  }

  tell(message: EventObject): TellOutcome {
    if (this.#phase !== 'open') return STOPPED;
    if (!this.#mailbox.push(message)) return FULL;
    this.#note();
    return ACCEPTED;
  }

  snapshot(): never {
    return this.#root.getSnapshot() as never;
  }

  subscribe(listener: (snapshot: never) => void): () => void {
    let last: unknown = this.#root.getSnapshot();
    const next = (snapshot: unknown): void => {
      // XState also calls back for messages that changed nothing.
      if (snapshot === last) return;
      last = snapshot;
      this.#guarded('a listener threw', () => listener(snapshot as never));
    };
    // Without an observer of its own for errors, each listener would turn an error of the behaviour into an uncaught one.
    const subscription = this.#root.subscribe({ next, error: () => {} });
    return () => subscription.unsubscribe();
  }

  onFact(listener: (fact: never) => void): () => void {
    this.#factListeners.add(listener);
    return () => this.#factListeners.delete(listener);
  }

  run(limit: number): number {
    let processed = 0;
    this.#deliverEarlyFacts();
    this.#performIntents();
    while (processed < limit && this.#phase !== 'ended') {
      const message = this.#mailbox.shift();
      if (message === undefined) break;
      processed += 1;
      // XState reports an error of the behaviour to the observer above instead of throwing it here.
      this.#root.send(message);
      this.#performIntents();
    }
    this.#noted = this.#hasWork();
    if (this.#phase === 'stopping' && !this.#noted) this.#finishStop();
    return processed;
  }

  /** Refuses further messages, and ends the actor after the waiting ones and after its children. */
  stop(): Promise<ActorOutcome> {
    if (this.#phase === 'open') {
      this.#phase = 'stopping';
      this.#note();
    }
    return this.ended;
  }

  /** Ends the actor and its children now; waiting messages are dropped. Returns how many those were. */
  kill(): number {
    let dropped = 0;
    for (const child of [...this.children.values()].reverse()) dropped += child.kill();
    if (this.#phase === 'ended') return dropped;
    dropped += this.#mailbox.size;
    this.#end({ kind: 'stopped' });
    return dropped;
  }

  #hasWork(): boolean {
    return this.#phase !== 'ended' && (this.#intents.length > 0 || this.#mailbox.size > 0);
  }

  #note(): void {
    if (this.#noted) return;
    this.#noted = true;
    this.#options.dispatcher.ready(this);
  }

  #record(intent: Intent): void {
    this.#intents.push(intent);
    // A timer or an invoked child may have caused the transition: then no message turn follows by itself.
    this.#note();
  }

  #performIntents(): void {
    // Performing an intent can record further ones, for instance when a child's entry actions answer at once.
    for (let intent = this.#intents.shift(); intent !== undefined; intent = this.#intents.shift()) {
      this.#perform(intent);
    }
  }

  #perform(intent: Intent): void {
    this.#guarded(`"${intent.kind}" failed`, () => this.#performUnguarded(intent));
  }

  #performUnguarded(intent: Intent): void {
    switch (intent.kind) {
      case 'tell': {
        const target = typeof intent.target === 'string' ? this.children.get(intent.target) : intent.target;
        if (target === undefined) {
          this.#log('warn', `no child is named "${intent.target as string}"; the message is lost`, intent.message.type);
          return;
        }
        target.tell(intent.message as never);
        return;
      }
      case 'spawn':
        this.#options.spawnChild(this, intent.name, intent.logic, intent.input);
        return;
      case 'stop':
        void this.children.get(intent.name)?.stop();
        return;
      default:
        intent satisfies never;
    }
  }

  #takeFact(fact: unknown): void {
    if (this.#starting) {
      this.#earlyFacts.push(fact);
      this.#note();
      return;
    }
    this.#deliverEarlyFacts();
    this.#deliver(fact);
  }

  #deliverEarlyFacts(): void {
    const facts = this.#earlyFacts;
    if (facts.length === 0) return;
    this.#earlyFacts = [];
    for (const fact of facts) this.#deliver(fact);
  }

  #deliver(fact: unknown): void {
    for (const listener of this.#factListeners) this.#guarded('a listener threw', () => listener(fact as never));
  }

  async #stopChildren(): Promise<void> {
    for (const child of [...this.children.values()].reverse()) await child.stop();
  }

  #finishStop(): void {
    this.#phase = 'closing';
    void this.#stopChildren().then(() => {
      if (this.#phase !== 'ended') this.#end({ kind: 'stopped' });
    });
  }

  #fail(reason: unknown): void {
    const error = RuntimeError.from(reason, 'ACTOR_FAILED');
    this.#options.environment.log.log('error', `actor "${this.path}" failed`, { actor: this.path, error });
    this.#stopInvoked();
    this.#end({ kind: 'failed', error });
  }

  /** XState 5 leaves what a machine has invoked running when the machine throws, out of reach of `stop`. */
  #stopInvoked(): void {
    const { children = {} } = this.#root.getSnapshot() as { children?: Readonly<Record<string, AnyActorRef>> };
    for (const child of Object.values(children)) {
      if (child.getSnapshot().status === 'active') child.send({ type: 'xstate.stop' });
    }
  }

  #end(outcome: ActorOutcome): void {
    if (this.#phase === 'ended') return;
    this.#phase = 'ended';
    for (const child of [...this.children.values()].reverse()) child.kill();
    this.#root.stop();
    const dropped = this.#mailbox.size;
    this.#mailbox.clear();
    if (dropped > 0) this.#log('debug', `actor "${this.path}" ended with ${dropped} messages waiting`);
    // What a final transition sent still leaves; a failed one did not happen, and children need a living parent.
    const last = this.#intents.splice(0).filter(({ kind }) => kind === 'tell' && outcome.kind === 'done');
    for (const intent of last) this.#perform(intent);
    this.#deliverEarlyFacts();
    this.#factListeners.clear();
    this.#options.onEnded(this);
    this.#settle(outcome);
  }

  /** Listeners and what intents reach belong to others: their errors are logged and stop nothing here. */
  #guarded(problem: string, action: () => void): void {
    try {
      action();
    } catch (error) {
      this.#options.environment.log.log('error', `actor "${this.path}": ${problem}`, { actor: this.path, error });
    }
  }

  #log(level: 'debug' | 'warn', text: string, message?: string): void {
    this.#options.environment.log.log(level, text, { actor: this.path, ...(message && { message }) });
  }
}
