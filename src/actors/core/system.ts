// An actor system: a tree of actors that share one environment.

import { InvalidOptionsError, RuntimeError } from '../../errors/index.ts';
import { requireAtLeast, requireObject, resolveChild, shown } from '../../policy/index.ts';
import type { ChildOptions, ChildPolicy, MailboxOptions, SupervisionStrategy } from '../../policy/index.ts';
import { createRealEnvironment, createSafeLogger } from '../../ports/index.ts';
import type { ActorRef, Environment, Message, ReplyTo } from '../../ports/index.ts';
import { durably } from '../durable/durable-body.ts';
import type { PersistOptions } from '../durable/persist-options.ts';
import { PendingAsk } from './asking/asks.ts';
import type { AskOptions, AskSink } from './asking/asks.ts';
import { FifoBacklog } from './mailbox/backlog.ts';
import { callOutside } from './asking/call-outside.ts';
import { Cell } from './cell.ts';
import { reportSpawned } from './inspection/cell-inspection.ts';
import { DeadLetterOffice } from './inspection/dead-letters.ts';
import type { DeadLetterReason, DeadLetters } from './inspection/dead-letters.ts';
import { createDispatcher } from './dispatcher.ts';
import type { Dispatcher } from './dispatcher.ts';
import { Inspection } from './inspection/inspection.ts';
import type { Inspector } from './inspection/inspection.ts';
import type { ChildSpawnOptions } from './body/behavior.ts';
import type { Actor, AnyLogic } from './body/logic.ts';
import { requireFunction, requireLogic, requireName, requireReceiver } from './requirements.ts';
import { SystemReceptionist } from './receptionist.ts';
import type { Receptionist } from './receptionist.ts';
import { Supervision } from './life/supervision.ts';
import { stopSystem } from './life/system-stop.ts';
import { rememberEnded } from './life/watching.ts';
import type { SystemStopReport } from './life/system-stop.ts';
import type { Propagation, SystemCore, SystemRuntime } from './system-core.ts';
import { Timers } from './timers.ts';
import { TracedSink } from './asking/traced-sink.ts';

/** How a system is made. */
export interface SystemOptions {
  /** Time, randomness, ids, scheduling and log. Default: the real ones. */
  readonly environment?: Environment | undefined;
  /** Bounds for the mailboxes of all actors. */
  readonly mailbox?: MailboxOptions | undefined;
  /** Who among the actors at the top is restarted with one that failed. Default `oneForOne`. */
  readonly strategy?: SupervisionStrategy | undefined;
  /** Takes what happens from the start; see `inspect`. False: nobody can inspect the system later either. */
  readonly inspect?: Inspector | false | undefined;
  /** Carries contexts, such as traces, across messages. */
  readonly propagation?: Propagation | undefined;
}

/** How an actor is started. What the behaviour starts from, its `input`, is needed unless it takes undefined. */
export type SpawnOptions<Logic extends AnyLogic> = ChildSpawnOptions<Logic> & {
  /** Name within the parent, unique among its living children: letters, digits, `.`, `_` and `-`. */
  readonly name: string;
  /** The actor to start it under. Default: the top of the system. */
  readonly parent?: ActorRef<never> | undefined;
};

/** A tree of actors. Whoever creates it stops it. */
export interface ActorSystem {
  readonly environment: Environment;
  /** Messages that reached nobody. */
  readonly deadLetters: DeadLetters;
  /** Actors by what they offer. */
  readonly receptionist: Receptionist;
  /**
   * Starts an actor. Its entry actions have run when this returns.
   *
   * @throws SYSTEM_STOPPED after `stop`; NAME_TAKEN; INVALID_OPTIONS for a bad name or option; NOT_FOUND when the
   *   parent has ended.
   */
  spawn<Logic extends AnyLogic>(logic: Logic, options: SpawnOptions<Logic>): Actor<Logic>;
  /**
   * Sends a message and waits for the reply.
   *
   * @param message the message, or a function that puts the address for the reply into one
   * @throws (rejects) DEADLINE_EXCEEDED; CANCELLED by the signal; ACTOR_STOPPED; MAILBOX_FULL; ACTOR_FAILED when the
   *   receiver failed on the message; SYSTEM_STOPPED when the system ended before the reply; INVALID_OPTIONS
   */
  ask<Messages extends Message, Type extends Messages['type']>(
    receiver: ActorRef<Messages>,
    message: Messages & { readonly type: Type },
    options: AskOptions,
  ): Promise<ReplyTo<Messages, Type>>;
  ask<Messages extends Message, Reply>(
    receiver: ActorRef<Messages>,
    message: (replyTo: ReplyAddress<Reply>) => Messages,
    options: AskOptions,
  ): Promise<Reply>;
  /**
   * Ends one actor and its children, after the messages that wait. Settles when it has ended, at once when it had before.
   *
   * @throws (rejects) INVALID_OPTIONS for what is no actor of this system
   */
  stopActor(ref: ActorRef<never>): Promise<void>;
  /** The living actors, parents before their children. */
  actors(): readonly ActorRef[];
  /** The living actor with this path. */
  actor(path: string): ActorRef | undefined;
  /** Calls back for everything that happens. Returns the function that ends this. Costs time while anybody listens. */
  inspect(inspector: Inspector): () => void;
  /**
   * Stops everything: one actor after the other, the youngest first, all within one deadline. Messages from outside are
   * refused at once; actors may still tell each other until they stop themselves. Those that have not ended after
   * `deadlineMs` (default 10,000) are ended by force. Idempotent: later calls get the first one's report.
   *
   * @throws (rejects) INVALID_OPTIONS for a deadline that is no finite number of at least 0
   */
  stop(options?: { readonly deadlineMs?: number }): Promise<SystemStopReport>;
}

/** Where a reply goes; made by `ask`, valid for one reply. */
export interface ReplyAddress<Reply> {
  tell(reply: Reply): void;
}

/** Above the default `cleanUpMs`, so that one clean-up that hangs does not take the time of all the others. */
const STOP_DEADLINE_MS = 10_000;

const PRODUCTION: SystemRuntime = { createBacklog: () => new FifoBacklog(), createDispatcher };

/**
 * Creates an empty actor system.
 *
 * @throws InvalidOptionsError naming the option
 */
export function createSystem(options: SystemOptions = {}): ActorSystem {
  return new System(options, PRODUCTION);
}

/** Creates a system whose orders somebody else decides, such as the race kernel. */
export function createSystemOn(runtime: SystemRuntime, options: SystemOptions = {}): ActorSystem {
  return new System(options, runtime);
}

class System implements ActorSystem, SystemCore {
  readonly environment: Environment;
  readonly runtime: SystemRuntime;
  readonly dispatcher: Dispatcher;
  readonly timers: Timers;
  readonly inspection: Inspection;
  readonly deadLetters: DeadLetterOffice;
  readonly receptionist: SystemReceptionist;
  readonly propagation: Propagation | undefined;
  running: Cell | undefined = undefined;
  accepted = 0;
  delivered = 0;
  dropped = 0;
  readonly #inspectable: boolean;
  readonly #defaults: ChildPolicy;
  readonly #top = new Map<string, Cell>();
  #spawned = 0;
  #supervision: Supervision | undefined;
  #stopping: Promise<SystemStopReport> | undefined;

  constructor(options: SystemOptions, runtime: SystemRuntime) {
    requireObject('options', options);
    if (options.inspect !== undefined && options.inspect !== false) requireFunction('inspect', options.inspect);
    const environment = options.environment ?? createRealEnvironment();
    this.environment = { ...environment, log: createSafeLogger(environment.log) };
    this.runtime = runtime;
    const report = (text: string) => (error: unknown) => this.environment.log.log('error', text, { error });
    this.dispatcher = runtime.createDispatcher(this.environment);
    this.timers = new Timers(this.environment.clock, report('a timer failed'));
    this.inspection = new Inspection(report('an inspector threw'));
    this.deadLetters = new DeadLetterOffice(this.environment);
    this.receptionist = new SystemReceptionist(
      (ref) => (ref instanceof Cell && ref.system === this && ref.alive ? ref : undefined),
      (action) => callOutside(action, report('a subscriber of the receptionist threw')),
    );
    this.propagation = options.propagation;
    this.#inspectable = options.inspect !== false;
    const { mailbox, strategy } = options;
    this.#defaults = resolveChild({ mailbox, strategy });
    if (typeof options.inspect === 'function') this.inspection.add(options.inspect);
  }

  get stopping(): boolean {
    return this.#stopping !== undefined;
  }

  get top(): Iterable<Cell> {
    return this.#top.values();
  }

  topNamed(name: string): Cell | undefined {
    return this.#top.get(name);
  }

  spawn<Logic extends AnyLogic>(logic: Logic, options: SpawnOptions<Logic>): Actor<Logic> {
    requireObject('options', options);
    const parent = options.parent === undefined ? undefined : this.#living(options.parent);
    return this.spawnUnder(parent, options.name, logic, options) as unknown as Actor<Logic>;
  }

  spawnUnder(
    parent: Cell | undefined,
    name: string,
    logic: AnyLogic,
    options: ChildOptions & { readonly input?: unknown; readonly persist?: PersistOptions | undefined },
  ): Cell {
    requireName(name);
    if (this.#stopping !== undefined) throw new RuntimeError('SYSTEM_STOPPED', `cannot start actor "${name}"`);
    if (parent?.alive === false) throw new RuntimeError('NOT_FOUND', `actor "${parent.path}" has ended`);
    requireLogic(logic);
    const policy = resolveChild(requireObject('options', options), this.#defaults);
    const siblings = parent?.childMap ?? this.#top;
    if (siblings.has(name)) {
      throw new RuntimeError('NAME_TAKEN', `an actor named "${name}" lives under "${parent?.path ?? '/'}" already`);
    }
    const run = options.persist === undefined ? logic : durably(logic, options.persist);
    const cell = new Cell(this, parent, { name, serial: ++this.#spawned, logic: run, input: options.input, policy });
    siblings.set(name, cell);
    this.#supervisionFor(parent)?.memberAdded();
    this.#start(cell);
    return cell;
  }

  spawnAside(parent: Cell | undefined, name: string, logic: AnyLogic, input: unknown): Cell {
    const cell = new Cell(this, parent, { name, serial: ++this.#spawned, logic, input, policy: this.#defaults });
    this.#start(cell);
    return cell;
  }

  removeChild(cell: Cell): void {
    const { name, parent } = cell;
    const siblings = parent === undefined ? this.#top : parent.childMap;
    // An actor of the system's own stands in no map, and may have the name of nobody.
    if (siblings.get(name) !== cell) return;
    siblings.delete(name);
    if (parent !== undefined) rememberEnded(parent, cell);
    this.#supervisionFor(parent)?.memberRemoved(name);
  }

  supervisionOf(parent: Cell | undefined): Supervision {
    if (parent === undefined) {
      this.#supervision ??= new Supervision(this, undefined, this.#defaults.strategy);
      return this.#supervision;
    }
    const { extras } = parent;
    extras.supervision ??= new Supervision(this, parent, parent.policy.strategy);
    return extras.supervision;
  }

  ask(
    receiver: ActorRef,
    message: Message | ((replyTo: ReplyAddress<unknown>) => Message),
    options: AskOptions,
  ): Promise<never> {
    return new Promise((resolve, reject) => {
      requireReceiver(receiver);
      requireObject('options', options);
      this.startAsk(receiver, message, options, { replied: resolve as (value: unknown) => void, failed: reject });
    });
  }

  startAsk(
    receiver: ActorRef,
    message: Message | ((replyTo: ReplyAddress<unknown>) => Message),
    options: AskOptions,
    sink: AskSink,
  ): void {
    const { timers } = this;
    const asker = this.running?.path ?? '/';
    const onLate = (value: unknown): void => {
      const letter = this.deadLetters.add('lateReply', value, asker, receiver.path);
      if (this.inspection.active) this.inspection.emit({ type: 'deadLetter.added', letter });
    };
    const { log } = this.environment;
    const traced = this.propagation?.ask === undefined ? undefined : new TracedSink(sink, this.propagation, log);
    const pending = new PendingAsk(receiver, options, { sink: traced ?? sink, timers, onLate });
    if (pending.settled) return;
    pending.addressed = typeof message === 'function';
    try {
      const question =
        typeof message === 'function' ? message({ tell: (reply) => void pending.reply(reply) }) : message;
      if (traced === undefined) sendQuestion(receiver, question, pending);
      else traced.send({ ref: receiver, message: question }, () => sendQuestion(receiver, question, pending));
    } catch (error) {
      // The asker's own function, or a reference of somebody else's.
      pending.fail(RuntimeError.from(error));
    }
  }

  letterTo(receiver: string, reason: DeadLetterReason, message: Message): void {
    const letter = this.deadLetters.add(reason, message, receiver, this.running?.path);
    if (this.inspection.active) this.inspection.emit({ type: 'deadLetter.added', letter });
  }

  async stopActor(ref: ActorRef<never>): Promise<void> {
    if (!(ref instanceof Cell && ref.system === this)) {
      throw new InvalidOptionsError('ref', `must be the reference of an actor of this system, got ${shown(ref)}`);
    }
    await ref.stop();
  }

  actors(): readonly ActorRef[] {
    return [...walk(this.top)];
  }

  actor(path: string): ActorRef | undefined {
    if (typeof path !== 'string') throw new InvalidOptionsError('path', `must be a string, got ${shown(path)}`);
    const [first, ...rest] = path.replace(/^\//, '').split('/');
    let cell = first === undefined ? undefined : this.#top.get(first);
    for (const name of rest) cell = cell?.childNamed(name);
    return cell;
  }

  inspect(inspector: Inspector): () => void {
    requireFunction('inspector', inspector);
    if (this.#inspectable) return this.inspection.add(inspector);
    throw new RuntimeError('FAILED_PRECONDITION', 'the system was created with inspect: false');
  }

  stop(options: { readonly deadlineMs?: number } = {}): Promise<SystemStopReport> {
    try {
      const { deadlineMs = STOP_DEADLINE_MS } = requireObject('options', options);
      requireAtLeast('deadlineMs', deadlineMs, 0);
      this.#stopping ??= this.#stop(deadlineMs);
      return this.#stopping;
    } catch (error) {
      return Promise.reject(RuntimeError.from(error));
    }
  }

  async #stop(deadlineMs: number): Promise<SystemStopReport> {
    this.#supervision?.halt();
    const report = await stopSystem(this, deadlineMs, () => [...walk(this.top)]);
    this.timers.close();
    return report;
  }

  #start(cell: Cell): void {
    cell.start();
    reportSpawned(cell);
  }

  /** The supervision of the actors under `parent`, if one of them has ever failed. */
  #supervisionFor(parent: Cell | undefined): Supervision | undefined {
    return parent === undefined ? this.#supervision : parent.someExtras?.supervision;
  }

  #living(ref: ActorRef<never>): Cell {
    if (ref instanceof Cell && ref.system === this && ref.alive) return ref;
    requireReceiver(ref);
    throw new RuntimeError('NOT_FOUND', `actor "${ref.path}" has ended or belongs to another system`);
  }
}

function sendQuestion(receiver: ActorRef, question: Message, pending: PendingAsk): void {
  const outcome = receiver instanceof Cell ? receiver.deliver(question, pending) : receiver.tell(question);
  if (!outcome.accepted) pending.refuse(outcome.reason);
}

function* walk(cells: Iterable<Cell>): Generator<Cell> {
  for (const cell of cells) {
    yield cell;
    yield* walk(cell.children);
  }
}
