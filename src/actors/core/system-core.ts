import type { ChildOptions } from '../../policy/index.ts';
import type { ActorRef, Environment, Message } from '../../ports/index.ts';
import type { PersistOptions } from '../durable/persist-options.ts';
import type { AskOptions, AskSink } from './asking/asks.ts';
import type { Backlog } from './mailbox/backlog.ts';
import type { Cell } from './cell.ts';
import type { DeadLetterOffice, DeadLetterReason } from './inspection/dead-letters.ts';
import type { Dispatcher } from './dispatcher.ts';
import type { Inspection } from './inspection/inspection.ts';
import type { AnyLogic } from './body/logic.ts';
import type { SystemReceptionist } from './receptionist.ts';
import type { Supervision } from './life/supervision.ts';
import type { Timers } from './timers.ts';

/** Carries a context, such as a trace, from the sender of a message to the processing of it. */
export interface Propagation {
  /** Called at the sender, for each message. */
  capture(): unknown;
  /** Calls `process`, once and at once, in what was captured. It returns why the actor failed on the message, if it did. */
  run(captured: unknown, delivery: Delivery, process: () => Error | undefined): void;
  /** Called for each question before it is sent. */
  ask?(delivery: Delivery): AskTrace;
}

/** A message and the actor that it is for. */
export interface Delivery {
  readonly ref: ActorRef<never>;
  readonly message: Message;
}

/** Follows one question. */
export interface AskTrace {
  /** Calls `send`, once and at once. */
  run(send: () => void): void;
  /** Called once, when the question is settled. */
  ended(error: Error | undefined): void;
}

/**
 * What decides orders: how messages wait, and which actor is next. Production has queues and fair turns; the race
 * kernel of `testing` brings its own, and everything else stays the same.
 */
export interface SystemRuntime {
  createBacklog(cell: Cell): Backlog;
  createDispatcher(environment: Environment): Dispatcher;
  /** Called for each XState root, before it starts. */
  readonly onRoot?: ((root: object, cell: Cell) => void) | undefined;
}

/** What a cell needs of its system. */
export interface SystemCore {
  readonly environment: Environment;
  readonly runtime: SystemRuntime;
  readonly dispatcher: Dispatcher;
  readonly timers: Timers;
  readonly inspection: Inspection;
  readonly receptionist: SystemReceptionist;
  readonly deadLetters: DeadLetterOffice;
  readonly propagation: Propagation | undefined;
  /** The cell whose message is processed: whoever sends now. */
  running: Cell | undefined;
  /** Whether its stop has begun. */
  readonly stopping: boolean;
  /** Messages accepted, processed, and accepted but never processed, since the system began. */
  accepted: number;
  delivered: number;
  dropped: number;
  /** The living actors at the top, in the order of their start. */
  readonly top: Iterable<Cell>;
  topNamed(name: string): Cell | undefined;
  spawnUnder(
    parent: Cell | undefined,
    name: string,
    logic: AnyLogic,
    options: ChildOptions & { readonly input?: unknown; readonly persist?: PersistOptions | undefined },
  ): Cell;
  /** Starts an actor of the system's own, which is nobody's child. */
  spawnAside(parent: Cell | undefined, name: string, logic: AnyLogic, input: unknown): Cell;
  removeChild(cell: Cell): void;
  supervisionOf(parent: Cell | undefined): Supervision;
  letterTo(receiver: string, reason: DeadLetterReason, message: Message): void;
  startAsk(receiver: ActorRef, message: Message, options: AskOptions, sink: AskSink): void;
}
