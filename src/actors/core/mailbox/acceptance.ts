// Which messages an actor takes, and what each outcome of a tell is.

import type { Message, OfferOptions, TellOutcome } from '../../../ports/index.ts';
import type { PendingAsk } from '../asking/asks.ts';
import type { Cell } from '../cell.ts';
import type { DeadLetterReason } from '../inspection/dead-letters.ts';
import { Envelope, messageOf } from './envelope.ts';
import type { Queued } from './envelope.ts';
import { typeOf } from './message-type.ts';
import { Offers } from './offers.ts';

export const ACCEPTED: TellOutcome = Object.freeze({ accepted: true });
export const STOPPED: TellOutcome = Object.freeze({ accepted: false, reason: 'stopped' });
export const FULL: TellOutcome = Object.freeze({ accepted: false, reason: 'mailboxFull' });
const RESERVED: TellOutcome = Object.freeze({ accepted: false, reason: 'reserved' });
const UNDECODABLE: TellOutcome = Object.freeze({ accepted: false, reason: 'undecodable' });

/** Why a message is not even looked at; it is a dead letter then. Undefined when it may come in. */
export function refusalOf(cell: Cell, message: Message): TellOutcome | undefined {
  if (!cell.accepts || isPastStop(cell)) return refuse(cell, STOPPED, 'stopped', message);
  const type = typeOf(message);
  if (type === undefined) return refuse(cell, UNDECODABLE, 'undecodable', message);
  return isReserved(type) ? refuse(cell, RESERVED, 'rejected', message) : undefined;
}

/** Once its system stops, only actors still reach an actor: it is to work off what waits, not what programs go on sending. */
function isPastStop({ system }: Cell): boolean {
  return system.stopping && system.running === undefined;
}

/** Puts a message that may come in, asked by `ask` where there is one, into the mailbox. */
export function accept(cell: Cell, message: Message, ask: PendingAsk | undefined): TellOutcome {
  const { system } = cell;
  const sender = system.running;
  const item = wrap(cell, message, ask, sender);
  if (item === undefined) return refuse(cell, UNDECODABLE, 'undecodable', message);
  if (!cell.mailbox.push(item, sender)) return FULL;
  system.accepted++;
  cell.note();
  return ACCEPTED;
}

/** Like `accept`, and waits for room under the policy `block`. */
export function acceptWhenRoom(cell: Cell, message: Message, options?: OfferOptions | null): Promise<TellOutcome> {
  const { mailbox, system } = cell;
  const { overflow, blockMs, maxBytes } = mailbox.policy;
  if (overflow !== 'block') return Promise.resolve(accept(cell, message, undefined));
  const item = wrap(cell, message, undefined, system.running);
  if (item === undefined) return Promise.resolve(refuse(cell, UNDECODABLE, 'undecodable', message));
  const bytes = item instanceof Envelope ? item.bytes : 0;
  // What is larger than the whole mailbox would wait in vain.
  if (mailbox.isFree(bytes) || bytes > maxBytes) return Promise.resolve(accept(cell, message, undefined));
  mailbox.offers ??= new Offers(mailbox, system.timers, {
    offerAccepted() {
      system.accepted++;
      cell.note();
      return ACCEPTED;
    },
    offerRefused: (refused) => system.letterTo(cell.path, 'stopped', messageOf(refused)),
  });
  return mailbox.offers.wait(item, system.running, { blockMs, signal: options?.signal, refusal: FULL });
}

function refuse(cell: Cell, outcome: TellOutcome, reason: DeadLetterReason, message: Message): TellOutcome {
  cell.system.letterTo(cell.path, reason, message);
  return outcome;
}

/** Puts what travels beside the message around it; undefined when its size cannot be told. */
function wrap(cell: Cell, message: Message, ask: PendingAsk | undefined, sender: Cell | undefined): Queued | undefined {
  const { inspection, propagation } = cell.system;
  const { sizeOf } = cell.mailbox.policy;
  if (ask === undefined && sizeOf === undefined && propagation === undefined && !inspection.active) return message;
  let bytes = 0;
  try {
    if (sizeOf !== undefined) bytes = sizeOf(message as never);
  } catch {
    // The message is not what the receiver takes; the refusal says so.
    return undefined;
  }
  // Anything else, infinity included, would spoil the sum for good.
  if (!(Number.isFinite(bytes) && bytes >= 0)) return undefined;
  return new Envelope(message, ask, sender, captured(cell), bytes);
}

/** What the telemetry says of the sender. Its faults are not the sender's. */
function captured({ system }: Cell): unknown {
  try {
    return system.propagation?.capture();
  } catch (error) {
    system.environment.log.log('error', 'the propagation could not capture its context', { error });
    return undefined;
  }
}

const A = 97;
const X = 120;

/** Whether only the system sends messages of this type. */
function isReserved(type: string): boolean {
  const first = type.charCodeAt(0);
  return (first === A && type.startsWith('actor.')) || (first === X && type.startsWith('xstate.'));
}
