import type { Message } from '../../../ports/index.ts';
import type { PendingAsk } from '../asking/asks.ts';
import type { Cell } from '../cell.ts';

/** A message with what travels beside it. Messages without any of it wait bare, which saves an allocation each. */
export class Envelope {
  readonly message: Message;
  /** The question to be answered, when the message was asked. */
  readonly ask: PendingAsk | undefined;
  /** Who sent it; known while somebody inspects the system. */
  readonly sender: Cell | undefined;
  /** What the telemetry captured at the sender. */
  readonly trace: unknown;
  /** Bytes it counts for, where the mailbox is bounded by bytes. */
  readonly bytes: number;

  constructor(message: Message, ask: PendingAsk | undefined, sender: Cell | undefined, trace: unknown, bytes: number) {
    this.message = message;
    this.ask = ask;
    this.sender = sender;
    this.trace = trace;
    this.bytes = bytes;
  }
}

/** What waits in a mailbox. */
export type Queued = Message | Envelope;

/** The message itself. */
export function messageOf(item: Queued): Message {
  return item instanceof Envelope ? item.message : item;
}
