// One actor: a mailbox, the body that runs its behaviour, and its place in the tree.
//
// Invariants:
//   C1. Messages are processed in the order in which they were accepted, one at a time.
//   C2. An error of the behaviour ends or restarts this actor; the message that caused it is a dead letter, and nobody
//       else hears of it but the supervision, the log and whoever reads `ended`.
//   C5. Facts are delivered right after the transition that emitted them, so that listeners see the state they tell of.
//       Those of the start wait for the next turn, because nobody can listen before `spawn` has returned.
//
// The invariants of its end and of its restart, C3, C4 and C6 on, stand in `lifecycle.ts`.

import { RuntimeError } from '../../errors/index.ts';
import type { Intent } from '../../machines/index.ts';
import type { ChildPolicy } from '../../policy/index.ts';
import type { ActorOutcome, LogLevel, Message, OfferOptions, TellOutcome } from '../../ports/index.ts';
import { accept, acceptWhenRoom, refusalOf } from './mailbox/acceptance.ts';
import type { PendingAsk } from './asking/asks.ts';
import type { Body, BodyHost, BodyMaker } from './body/body.ts';
import { createBody } from './body/create-body.ts';
import { CELL } from './cell-brand.ts';
import { dropPoison } from './mailbox/drop-messages.ts';
import { CellExtras } from './cell-extras.ts';
import type { Runnable } from './dispatcher.ts';
import { Envelope, messageOf } from './mailbox/envelope.ts';
import type { Queued } from './mailbox/envelope.ts';
import { end, finished, rest, restart, stop, suspend } from './life/lifecycle.ts';
import type { Phase } from './life/lifecycle.ts';
import type { Actor, AnyLogic } from './body/logic.ts';
import { Mailbox } from './mailbox/mailbox.ts';
import type { MailboxOwner } from './mailbox/mailbox.ts';
import type { NamedTimers } from './body/named-timers.ts';
import { receiveObserved } from './inspection/observed.ts';
import { Outbox } from './outbox.ts';
import { MessageSignal, Signal } from './mailbox/signal.ts';
import type { SystemCore } from './system-core.ts';
import { TreeNode } from './tree-node.ts';
import { unwatch, watch } from './life/watching.ts';

/** One actor. Programs see it as `Actor` and `ActorRef`. */
export class Cell extends TreeNode<Cell> implements Actor, Runnable, MailboxOwner, BodyHost {
  readonly system: SystemCore;
  readonly logic: AnyLogic | BodyMaker;
  readonly input: unknown;
  readonly policy: ChildPolicy;
  readonly mailbox: Mailbox;
  body: Body | undefined = undefined;
  /** Messages processed since the beginning, stashed ones each time. */
  processed = 0;
  /** The message that is processed; undefined between messages and once it is stashed. */
  current: Queued | undefined = undefined;
  /** The signal that is delivered; undefined once it is stashed. */
  signal: Signal | undefined = undefined;
  /** Counts the starts; what belongs to an earlier one is ignored. */
  incarnation = 0;
  phase: Phase = 'open';
  /** While above 0 the actor processes nothing, for instance until its state is stored. */
  #holds = 0;
  /** Made when the behaviour, a chart, first asks for something. */
  outbox: Outbox | undefined = undefined;
  /** What most actors never need; made when it is. */
  #extras: CellExtras | undefined = undefined;
  #starting = false;
  /** True while this cell waits in the dispatcher's queue, where it may stand only once. */
  #noted = false;

  constructor(
    system: SystemCore,
    parent: Cell | undefined,
    options: { name: string; serial: number; logic: AnyLogic | BodyMaker; input: unknown; policy: ChildPolicy },
  ) {
    super(parent, options.name, options.serial);
    this.system = system;
    this.logic = options.logic;
    this.input = options.input;
    this.policy = options.policy;
    this.mailbox = new Mailbox(system.runtime.createBacklog(this), this);
  }

  /** Bodies are given a host; without anything between, it is the cell. */
  get cell(): this {
    return this;
  }

  /** Of all cells, so that none has memory for it. */
  get [CELL](): true {
    return true;
  }

  get alive(): boolean {
    return this.phase !== 'ended';
  }

  /** Whether it runs and is to go on. */
  get open(): boolean {
    return this.phase === 'open';
  }

  /** Whether it waits for the supervision. */
  get suspended(): boolean {
    return this.phase === 'suspended';
  }

  /** Whether messages may come in. */
  get accepts(): boolean {
    return this.phase === 'open' || this.phase === 'suspended';
  }

  get waiting(): number {
    return this.mailbox.waiting + this.mailbox.stashed;
  }

  get restarts(): number {
    return Math.max(0, this.incarnation - 1);
  }

  get busy(): boolean {
    return this.#noted;
  }

  /** Whether its first start is under way. */
  get beginning(): boolean {
    return this.#starting && this.incarnation === 1;
  }

  get ended(): Promise<ActorOutcome<never>> {
    return this.extras.ended as Promise<ActorOutcome<never>>;
  }

  get timers(): NamedTimers {
    return this.extras.timersOf(this);
  }

  /** What `extras` holds, when there is any of it. */
  get someExtras(): CellExtras | undefined {
    return this.#extras;
  }

  get extras(): CellExtras {
    this.#extras ??= new CellExtras();
    return this.#extras;
  }

  /** Starts the behaviour. Its entry actions run now; what they ask of the system is performed in the next turn. */
  start(): void {
    const { system } = this;
    // What the behaviour sends from its start comes from this actor, not from the one that spawned it.
    const before = system.running;
    system.running = this;
    this.incarnation++;
    this.#starting = true;
    try {
      this.body = createBody(this);
      this.body.start();
    } catch (error) {
      this.bodyFailed(error);
    }
    this.#starting = false;
    system.running = before;
  }

  tell(message: Message): TellOutcome {
    return this.deliver(message, undefined);
  }

  /** Accepts a message, asked by `ask` where there is one. */
  deliver(message: Message, ask: PendingAsk | undefined): TellOutcome {
    return refusalOf(this, message) ?? accept(this, message, ask);
  }

  offer(message: Message, options?: OfferOptions): Promise<TellOutcome> {
    const refusal = refusalOf(this, message);
    return refusal === undefined ? acceptWhenRoom(this, message, options) : Promise.resolve(refusal);
  }

  /** Delivers what no bound may lose. */
  notify(lane: string, message: Message): void {
    this.pushSignal(new MessageSignal(lane, message));
  }

  pushSignal(signal: Signal): void {
    if (this.phase === 'ended') return;
    this.mailbox.pushSignal(signal);
    this.note();
  }

  snapshot(): never {
    return this.body?.snapshot() as never;
  }

  subscribe(listener: (snapshot: never) => void): () => void {
    return this.alive ? this.extras.subscribe(listener, this.body?.snapshot()) : () => {};
  }

  onFact(listener: (fact: never) => void): () => void {
    return this.alive ? this.extras.onFact(listener) : () => {};
  }

  watch(subject: Cell): void {
    watch(this, subject);
  }

  unwatch(subject: Cell): void {
    unwatch(this, subject);
  }

  run(limit: number): number {
    const { system } = this;
    if (this.#holds > 0) {
      this.#noted = false;
      return 0;
    }
    system.running = this;
    let processed = 0;
    try {
      this.deliverEarlyFacts();
      this.settle();
      while (processed < limit && this.#processes) {
        const item = this.mailbox.take();
        if (item === undefined) break;
        processed++;
        if (item instanceof Signal) this.#deliver(item);
        else this.#process(item);
        this.settle();
        this.mailbox.admit();
      }
    } finally {
      system.running = undefined;
      this.#noted = this.hasWork();
    }
    if (!this.#noted && this.#holds === 0) rest(this);
    return processed;
  }

  /** Processes nothing until it is released as often as it was held. */
  hold(): void {
    this.#holds++;
  }

  release(): void {
    this.#holds--;
    if (this.hasWork() || this.phase === 'stopping' || this.phase === 'leaving') this.note();
  }

  note(): void {
    if (this.#noted) return;
    this.#noted = true;
    this.system.dispatcher.ready(this);
  }

  // What the body reports.

  recordIntent(intent: Intent): void {
    if (this.phase === 'ended' || this.phase === 'suspended') return;
    this.outbox ??= new Outbox(this);
    this.outbox.add(intent);
    // A timer or an invoked child may have caused the transition: then no message turn follows by itself.
    this.note();
  }

  snapshotChanged(snapshot: unknown): void {
    if (this.phase === 'ended') return;
    this.#extras?.notify(snapshot, this);
    const { inspection } = this.system;
    if (inspection.active && !this.#starting) inspection.emit({ type: 'snapshot.changed', ref: this, snapshot });
  }

  emitFact(fact: unknown): void {
    if (this.#starting) {
      this.extras.earlyFacts.push(fact);
      this.note();
      return;
    }
    this.deliverEarlyFacts();
    this.#extras?.deliverFact(fact, this);
  }

  bodyDone(output: unknown): void {
    // One that is stopped for a restart will start anew, whatever it comes to meanwhile.
    if (this.phase !== 'suspended') finished(this, { kind: 'done', output });
  }

  /** @param final no supervision can help, so that none is asked */
  bodyFailed(reason: unknown, final = false): void {
    if (this.phase === 'ended') return;
    const error = RuntimeError.from(reason, 'ACTOR_FAILED');
    this.log('error', `actor "${this.path}" failed`, { error });
    if (this.phase === 'suspended' && !final) return;
    // A transition that failed did not happen, so neither do its effects.
    this.outbox?.forget();
    dropPoison(this, error);
    finished(this, { kind: 'failed', error }, final);
  }

  /** Ends after the present message, by the behaviour's own will. */
  finish(output: unknown): void {
    if (!this.alive) return;
    this.extras.finishing = { output };
    // It may be called while no message is processed, for instance at the start.
    this.note();
  }

  /** A message that comes by a signal. */
  receiveMessage(message: Message): void {
    this.body?.receive(message);
  }

  // How it ends, and begins anew.

  /** Ends children and behaviour, and waits for `restart`. */
  suspend(): Promise<void> {
    return suspend(this);
  }

  /** Starts the behaviour anew. Returns why that failed. */
  restart(): RuntimeError | undefined {
    return restart(this);
  }

  /** Refuses further messages, and ends the actor after the waiting ones and after its children. */
  stop(): Promise<ActorOutcome> {
    stop(this);
    return this.ended;
  }

  /** Ends the actor and its children now. Waiting messages are dropped. */
  kill(): void {
    end(this, { kind: 'stopped' });
  }

  end(outcome: ActorOutcome): void {
    end(this, outcome);
  }

  evicted(item: Queued): void {
    this.system.dropped++;
    this.droppedNewest(item);
  }

  droppedNewest(item: Queued): void {
    this.system.letterTo(this.path, 'overflow', messageOf(item));
    if (item instanceof Envelope) item.ask?.refuse('mailboxFull');
  }

  waterChanged(level: 'high' | 'low'): void {
    const { inspection } = this.system;
    if (inspection.active) inspection.emit({ type: `mailbox.${level}`, ref: this, waiting: this.mailbox.waiting });
  }

  log(level: LogLevel, text: string, fields: Readonly<Record<string, unknown>> = {}): void {
    this.system.environment.log.log(level, text, { actor: this.path, ...fields });
  }

  // Processing.

  #process(item: Queued): void {
    const { system } = this;
    this.current = item;
    this.processed++;
    system.delivered++;
    if (system.inspection.active || system.propagation !== undefined) receiveObserved(this, item);
    else this.receiveMessage(item instanceof Envelope ? item.message : item);
  }

  #deliver(signal: Signal): void {
    this.signal = signal;
    signal.deliver(this);
  }

  /** What follows a transition. While the actor is held it waits, and so does the message that caused it. */
  settle(): void {
    if (this.#holds > 0) return;
    this.outbox?.perform();
    if (this.#extras !== undefined) {
      const { finishing } = this.#extras;
      this.#extras.finishing = undefined;
      this.#extras.justStashed = undefined;
      if (finishing !== undefined && this.alive) finished(this, { kind: 'done', output: finishing.output });
    }
    this.current = undefined;
    this.signal = undefined;
  }

  /** Whether the next message may be processed. */
  get #processes(): boolean {
    return this.phase !== 'ended' && this.phase !== 'suspended' && this.#holds === 0;
  }

  /** Whether it has something to do that it may do now. */
  hasWork(): boolean {
    if (!this.#processes) return false;
    if (this.outbox?.isEmpty === false || this.current !== undefined || this.mailbox.backlog.size > 0) return true;
    return this.#extras?.hasEarlyFacts === true || this.#extras?.finishing !== undefined;
  }

  deliverEarlyFacts(): void {
    if (this.#extras?.hasEarlyFacts === true) this.#extras.deliverEarlyFacts(this);
  }
}
