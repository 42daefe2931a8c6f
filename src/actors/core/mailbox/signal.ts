import type { Message } from '../../../ports/index.ts';
import type { Cell } from '../cell.ts';

/**
 * Something that the system tells an actor. Signals wait beside the messages: no bound counts or evicts them, and each
 * comes after the messages that were accepted before it.
 */
export abstract class Signal {
  /** How many messages the mailbox had accepted before it; the backlog's own. */
  after = 0;
  /** What orders it among other signals when a kernel explores orders: signals of one lane keep theirs. */
  abstract readonly lane: string;
  /** What the behaviour is given, while it is given something that it may stash. */
  message: Message | undefined = undefined;
  /** Does what it is for, in the cell's turn. */
  abstract deliver(cell: Cell): void;
}

/** A message that no bound may lose: a reply, a listing, a notice that was stashed. */
export class MessageSignal extends Signal {
  readonly lane: string;
  override readonly message: Message;
  readonly #incarnation: number | undefined;

  /** @param incarnation the start of the behaviour that it is for, when it is not for every one */
  constructor(lane: string, message: Message, incarnation?: number) {
    super();
    this.lane = lane;
    this.message = message;
    this.#incarnation = incarnation;
  }

  deliver(cell: Cell): void {
    if (this.#incarnation === undefined || this.#incarnation === cell.incarnation) cell.receiveMessage(this.message);
  }
}

/** A timer that has fired. */
export class TimerSignal extends Signal {
  readonly lane: string;
  readonly #fire: () => void;
  #cancelled = false;

  constructor(lane: string, fire: () => void, message?: Message) {
    super();
    this.lane = lane;
    this.message = message;
    this.#fire = fire;
  }

  /** A timer that is cancelled after it fired, and before its turn, is not delivered. */
  cancel(): void {
    this.#cancelled = true;
  }

  deliver(): void {
    if (!this.#cancelled) this.#fire();
  }
}
