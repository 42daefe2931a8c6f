// An actor system: a tree of actors that share one environment.

import type { AnyActorLogic, InputFrom } from 'xstate';
import { InvalidOptionsError, RuntimeError } from '../errors/index.ts';
import { createRealEnvironment, createSafeLogger } from '../ports/index.ts';
import type { Environment, TimerHandle } from '../ports/index.ts';
import type { Actor, ActorRef } from './actor-ref.ts';
import { Cell } from './cell.ts';
import { createDispatcher } from './dispatcher.ts';
import { resolveCapacity } from './mailbox.ts';
import type { MailboxOptions } from './mailbox.ts';

/** How a system is made. */
export interface SystemOptions {
  /** Time, randomness, ids, scheduling and log. Default: the real ones. */
  readonly environment?: Environment;
  /** Bounds for the mailboxes of all actors. */
  readonly mailbox?: MailboxOptions;
}

/** How an actor is started. */
export interface SpawnOptions<Logic extends AnyActorLogic> {
  /** Name within the parent, unique among its living children: letters, digits, `.`, `_` and `-`. */
  readonly name: string;
  /** What the behaviour starts from. */
  readonly input?: InputFrom<Logic>;
  /** The actor to start it under. Default: the top of the system. */
  readonly parent?: ActorRef<never>;
  /** Bounds for its mailbox. Default: those of the system. */
  readonly mailbox?: MailboxOptions;
}

/** How a stop went. The two counts cover every actor that lived when it began. */
export interface SystemStopReport {
  /** Actors that ended by themselves within the deadline. */
  readonly stopped: number;
  /** Actors that were ended at the deadline. */
  readonly forced: number;
  /** Messages that were waiting in the mailboxes of the forced ones. */
  readonly dropped: number;
}

/** A tree of actors. Whoever creates it stops it. */
export interface ActorSystem {
  readonly environment: Environment;
  /**
   * Starts an actor. Its entry actions have run when this returns.
   *
   * @throws SYSTEM_STOPPED after `stop`; NAME_TAKEN; INVALID_OPTIONS for a bad name or capacity; NOT_FOUND when the
   *   parent has ended.
   */
  spawn<Logic extends AnyActorLogic>(logic: Logic, options: SpawnOptions<Logic>): Actor<Logic>;
  /** Ends one actor and its children, after the messages that wait. Settles when it has ended. */
  stopActor(ref: ActorRef<never>): Promise<void>;
  /** The living actors, parents before their children. */
  actors(): readonly ActorRef[];
  /**
   * Stops everything, the youngest first. Actors that have not ended after `deadlineMs` (default 5,000) are ended by
   * force. Idempotent: later calls get the first one's report.
   */
  stop(options?: { readonly deadlineMs?: number }): Promise<SystemStopReport>;
}

const NAME = /^[A-Za-z0-9._-]{1,128}$/;

/** Creates an empty actor system. */
export function createSystem(options: SystemOptions = {}): ActorSystem {
  return new System(options);
}

class System implements ActorSystem {
  readonly environment: Environment;
  readonly #dispatcher;
  readonly #capacity: number;
  readonly #top = new Map<string, Cell>();
  #stopping: Promise<SystemStopReport> | undefined;

  constructor(options: SystemOptions) {
    const environment = options.environment ?? createRealEnvironment();
    this.environment = { ...environment, log: createSafeLogger(environment.log) };
    this.#dispatcher = createDispatcher(this.environment);
    this.#capacity = resolveCapacity(options.mailbox);
  }

  spawn<Logic extends AnyActorLogic>(logic: Logic, options: SpawnOptions<Logic>): Actor<Logic> {
    const parent = options.parent === undefined ? undefined : this.#living(options.parent);
    const capacity = resolveCapacity(options.mailbox, this.#capacity);
    return this.#spawn(parent, options.name, logic, options.input, capacity) as unknown as Actor<Logic>;
  }

  async stopActor(ref: ActorRef<never>): Promise<void> {
    if (ref instanceof Cell) await ref.stop();
  }

  actors(): readonly ActorRef[] {
    return [...walk(this.#top)];
  }

  stop({ deadlineMs = 5000 }: { readonly deadlineMs?: number } = {}): Promise<SystemStopReport> {
    this.#stopping ??= this.#stop(deadlineMs);
    return this.#stopping;
  }

  async #stop(deadlineMs: number): Promise<SystemStopReport> {
    const { clock } = this.environment;
    const before = [...walk(this.#top)];
    let timer: TimerHandle | undefined;
    const deadline = new Promise<void>((resolve) => {
      timer = clock.setTimeout(resolve, deadlineMs);
    });
    await Promise.race([this.#stopInReverse(), deadline]);
    clock.clearTimeout(timer);
    const left = [...walk(this.#top)];
    let dropped = 0;
    for (const cell of [...this.#top.values()].reverse()) dropped += cell.kill();
    return { stopped: before.length - left.length, forced: left.length, dropped };
  }

  async #stopInReverse(): Promise<void> {
    for (const cell of [...this.#top.values()].reverse()) await cell.stop();
  }

  #spawn(parent: Cell | undefined, name: string, logic: AnyActorLogic, input: unknown, capacity: number): Cell {
    if (this.#stopping !== undefined) throw new RuntimeError('SYSTEM_STOPPED', `cannot start actor "${name}"`);
    if (!NAME.test(name)) throw new InvalidOptionsError('name', `is "${name}"; it takes 1 to 128 of A-Z a-z 0-9 . _ -`);
    const siblings = parent?.children ?? this.#top;
    if (siblings.has(name)) {
      throw new RuntimeError('NAME_TAKEN', `an actor named "${name}" lives under "${parent?.path ?? '/'}" already`);
    }
    const cell: Cell = new Cell({
      name,
      path: `${parent?.path ?? ''}/${name}`,
      id: this.environment.ids.next('actor'),
      logic,
      input,
      capacity,
      environment: this.environment,
      dispatcher: this.#dispatcher,
      spawnChild: (under, child, childLogic, childInput) =>
        this.#spawn(under, child, childLogic, childInput, this.#capacity),
      onEnded: () => siblings.delete(name),
    });
    siblings.set(name, cell);
    cell.start();
    return cell;
  }

  #living(ref: ActorRef<never>): Cell {
    for (const cell of walk(this.#top)) if (cell === (ref as unknown)) return cell;
    throw new RuntimeError('NOT_FOUND', `actor "${ref.path}" has ended or belongs to another system`);
  }
}

function* walk(cells: ReadonlyMap<string, Cell>): Generator<Cell> {
  for (const cell of cells.values()) {
    yield cell;
    yield* walk(cell.children);
  }
}
