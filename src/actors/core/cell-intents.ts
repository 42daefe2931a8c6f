import { RuntimeError } from '../../errors/index.ts';
import type { Intent } from '../../machines/index.ts';
import type { ActorRef, Message } from '../../ports/index.ts';
import type { Cell } from './cell.ts';
import { isCell } from './cell-brand.ts';
import { Envelope } from './mailbox/envelope.ts';
import { MessageSignal } from './mailbox/signal.ts';
import type { Signal } from './mailbox/signal.ts';
import { watchedUnder } from './life/watching.ts';

/** Does what a behaviour asked for. Throws what the system throws; the cell guards it. */
export function performIntent(cell: Cell, intent: Intent): void {
  switch (intent.kind) {
    case 'tell':
      send(cell, intent.target, intent.message);
      return;
    case 'ask':
      ask(cell, intent);
      return;
    case 'reply':
      reply(cell, intent.value);
      return;
    case 'spawn': {
      const { name, logic, input, options = {} } = intent;
      const child = cell.system.spawnUnder(cell, name, logic as never, { ...options, input });
      cell.outbox?.noteSpawned(child);
      return;
    }
    case 'stop':
      void cell.childNamed(intent.name)?.stop();
      return;
    case 'watch':
      beginWatch(cell, intent.target);
      return;
    case 'unwatch':
      endWatch(cell, intent.target);
      return;
    case 'stash':
      stash(cell);
      return;
    case 'unstash':
      cell.mailbox.unstash();
      return;
    default:
      intent satisfies never;
  }
}

/** A child by its name, also one that has ended since the present transition started it. */
function childOf(cell: Cell, name: string): Cell | undefined {
  return cell.childNamed(name) ?? cell.outbox?.spawned?.get(name);
}

function send(cell: Cell, target: { tell(message: never): unknown } | string, message: Message): void {
  const receiver = typeof target === 'string' ? childOf(cell, target) : target;
  if (receiver === undefined) {
    cell.log('warn', `no child is named "${target as string}"; the message is lost`, { message: message.type });
    cell.system.letterTo(`${cell.path}/${target as string}`, 'unknown', message);
    return;
  }
  const outcome = receiver.tell(message as never);
  // A program that calls `tell` sees the refusal; a behaviour does not, so that the message would be lost without a trace.
  if (isCell(receiver) && isRefusedForRoom(outcome) && !receiver.mailbox.dropsOverflow) {
    cell.system.letterTo(receiver.path, 'overflow', message);
  }
}

function isRefusedForRoom(outcome: unknown): boolean {
  return (outcome as { readonly reason?: unknown } | undefined)?.reason === 'mailboxFull';
}

function ask(cell: Cell, intent: Extract<Intent, { kind: 'ask' }>): void {
  const { target, message, deadlineMs, onReply, onFailure } = intent;
  const { incarnation } = cell;
  const toSelf = (make: () => Message): void => {
    // A restarted behaviour has never asked; a reply to its predecessor would confuse it.
    if (!cell.alive || cell.incarnation !== incarnation) return;
    try {
      cell.pushSignal(new MessageSignal('ask', make(), incarnation));
    } catch (error) {
      // It is the behaviour's own code, and nothing else will tell it how the question ended.
      cell.bodyFailed(error);
    }
  };
  const sink = {
    replied: (value: unknown) => toSelf(() => onReply(value)),
    failed: (error: RuntimeError) => toSelf(() => onFailure(error)),
  };
  const receiver = typeof target === 'string' ? childOf(cell, target) : target;
  if (receiver === undefined) {
    cell.system.letterTo(`${cell.path}/${target as string}`, 'unknown', message);
    sink.failed(new RuntimeError('NOT_FOUND', `no child of "${cell.path}" is named "${target as string}"`));
    return;
  }
  try {
    cell.system.startAsk(receiver as ActorRef, message, { deadlineMs }, sink);
  } catch (error) {
    sink.failed(RuntimeError.from(error));
  }
}

function reply(cell: Cell, value: unknown): void {
  const pending = cell.current instanceof Envelope ? cell.current.ask : undefined;
  if (pending !== undefined) pending.reply(value);
  else cell.log('warn', 'nothing was asked, so that the reply reaches nobody');
}

function beginWatch(cell: Cell, target: ActorRef<never> | string): void {
  const subject = typeof target === 'string' ? childOrEnded(cell, target) : target;
  if (isCell(subject)) cell.watch(subject);
  else cell.log('warn', `nothing to watch is named "${typeof target === 'string' ? target : target.path}"`);
}

/** A child by its name, also one that has ended; the living one first. */
function childOrEnded(cell: Cell, name: string): Cell | undefined {
  return childOf(cell, name) ?? cell.someExtras?.endedChildren?.get(name);
}

function endWatch(cell: Cell, target: ActorRef<never> | string): void {
  const subject = typeof target === 'string' ? watchedUnder(cell, `${cell.path}/${target}`) : target;
  if (isCell(subject)) cell.unwatch(subject);
}

function stash(cell: Cell): void {
  const { current, mailbox, signal } = cell;
  if (current === undefined) {
    stashSignal(cell, signal);
    return;
  }
  // Once: a second `stash` of the same message would double it.
  cell.current = undefined;
  mailbox.stash(current);
  cell.extras.justStashed = true;
  // It will be processed once more, and counts then.
  cell.system.delivered--;
}

function stashSignal(cell: Cell, signal: Signal | undefined): void {
  const message = signal?.message;
  if (signal === undefined || message === undefined) {
    cell.log('warn', 'no message is processed, so that nothing is stashed');
    return;
  }
  cell.signal = undefined;
  // A copy, because the signal itself is spent: a watch, for instance, is answered once.
  cell.mailbox.stashSignal(new MessageSignal(signal.lane, message));
}
