// What becomes of messages that an actor will not process.

import { RuntimeError } from '../../../errors/index.ts';
import { STOPPED } from './acceptance.ts';
import type { Cell } from '../cell.ts';
import { Envelope, messageOf } from './envelope.ts';

/** Makes dead letters of everything that waits for an actor that ends, and answers whoever asked. */
export function dropMessages(cell: Cell): void {
  const { current, mailbox, system } = cell;
  cell.current = undefined;
  if (current instanceof Envelope) current.ask?.abandon();
  mailbox.offers?.refuseAll(STOPPED);
  const items = mailbox.drain();
  system.dropped += items.length;
  for (const item of items) {
    system.letterTo(cell.path, 'stopped', messageOf(item));
    if (item instanceof Envelope) item.ask?.refuse('stopped');
  }
}

/** Makes a dead letter of the message at work, if there is one: the actor failed on it. */
export function dropPoison(cell: Cell, error: RuntimeError): void {
  const item = cell.current ?? takeJustStashed(cell);
  cell.current = undefined;
  if (item === undefined) return;
  cell.system.letterTo(cell.path, 'poison', messageOf(item));
  if (!(item instanceof Envelope)) return;
  item.ask?.fail(new RuntimeError('ACTOR_FAILED', `actor "${cell.path}" failed`, { cause: error }));
}

/** A message that was put aside before the actor failed on it would else come first after the restart, and so for ever. */
function takeJustStashed(cell: Cell): ReturnType<Cell['mailbox']['unstashLast']> {
  if (cell.someExtras?.justStashed !== true) return undefined;
  cell.extras.justStashed = undefined;
  const item = cell.mailbox.unstashLast();
  if (item !== undefined) cell.system.delivered++;
  return item;
}
