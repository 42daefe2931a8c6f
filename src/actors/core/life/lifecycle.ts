// How an actor ends, and how the supervision begins it anew.
//
// Invariants, counted on from those of `cell.ts`:
//   C3. After the end nothing is processed, and every later `tell` says so. What waited is a dead letter, and so is what
//       the behaviour has stashed and not put back: only the behaviour knows when its time has come.
//   C4. Children end before their parent, in reverse order of their start.
//   C6. A restart keeps reference, name, mailbox, listeners and watchers. Children, timers, watches, questions and intents
//       end with the life that they began in. What was stashed comes first.
//   C8. Nobody is restarted whose parent is not open, nor in a system that stops.
//   C9. An actor that is told to stop works off what waits, lets its children end, hears what they tell it at their end,
//       and cleans up. One that failed is restarted after its children and its clean-up have ended. For the clean-up of
//       one that ends by itself or by force nobody waits.

import { RuntimeError } from '../../../errors/index.ts';
import { restarts } from '../../../policy/index.ts';
import type { ActorOutcome } from '../../../ports/index.ts';
import { STOPPED } from '../mailbox/acceptance.ts';
import type { Cell } from '../cell.ts';
import { reportEnded, reportFailed, reportRestarted } from '../inspection/cell-inspection.ts';
import { dropMessages, dropPoison } from '../mailbox/drop-messages.ts';
import { Envelope } from '../mailbox/envelope.ts';

/**
 * `suspended`: failed, and the supervision has not decided yet, or waits before the restart. `stopping`: works off what
 * waits. `closing`: its children end. `leaving`: works off what they told it at their end; then it cleans up.
 */
export type Phase = 'open' | 'suspended' | 'stopping' | 'closing' | 'leaving' | 'ended';

const STOPPED_OUTCOME: ActorOutcome = Object.freeze({ kind: 'stopped' });

/**
 * The behaviour has come to an end. The supervision starts it anew, or the actor ends.
 *
 * @param final no supervision can help, so that none is asked
 */
export function finished(cell: Cell, outcome: ActorOutcome, final = false): void {
  const { extras, parent, system } = cell;
  const again = !final && isToRestart(cell, outcome);
  if (outcome.kind === 'failed') reportFailed(cell, outcome.error, again);
  if (!again) {
    end(cell, outcome);
    return;
  }
  // The final transition of a chart did happen, and so do its effects.
  cell.outbox?.perform();
  cell.phase = 'suspended';
  if (cell.current instanceof Envelope) cell.current.ask?.abandon();
  cell.current = undefined;
  endLife(cell);
  void cell.body?.stop();
  const error = outcome.kind === 'failed' ? outcome.error : new RuntimeError('ACTOR_FAILED', 'it was done');
  extras.lastOutcome = outcome;
  if (extras.restarting) extras.startFailure = error;
  else system.supervisionOf(parent).memberEnded(cell, outcome.kind === 'failed' ? 'failed' : 'done', error);
}

/** Ends children and behaviour, and waits for `restart`. */
export async function suspend(cell: Cell): Promise<void> {
  if (cell.phase !== 'open' && cell.phase !== 'suspended') return;
  cell.phase = 'suspended';
  dropPoison(cell, new RuntimeError('ACTOR_FAILED', `actor "${cell.path}" was ended for a restart`));
  endLife(cell);
  await stopChildren(cell);
  // A stop may have come meanwhile, and has cleaned up.
  if (cell.suspended) await cell.body?.stop();
}

/** Starts the behaviour anew. Returns why that failed. */
export function restart(cell: Cell): RuntimeError | undefined {
  if (cell.phase !== 'suspended') return undefined;
  const { extras, mailbox } = cell;
  // Whom others have started under it meanwhile belongs to the life that is over (C6).
  killChildren(cell);
  extras.endedChildren = undefined;
  mailbox.forgetStashedSignals();
  mailbox.unstash();
  cell.phase = 'open';
  extras.startFailure = undefined;
  extras.restarting = true;
  cell.start();
  extras.restarting = false;
  if (extras.startFailure !== undefined) return extras.startFailure;
  // Done at once, and its rule does not restart it for that.
  if (!cell.open) return undefined;
  reportRestarted(cell);
  extras.notify(cell.snapshot(), cell);
  cell.log('warn', `actor "${cell.path}" was restarted`, { restarts: cell.restarts });
  if (cell.hasWork()) cell.note();
  return undefined;
}

/** Refuses further messages, and lets the actor end after the waiting ones and after its children. */
export function stop(cell: Cell): void {
  if (cell.phase === 'suspended') end(cell, STOPPED_OUTCOME);
  if (cell.phase !== 'open') return;
  cell.phase = 'stopping';
  cell.mailbox.offers?.refuseAll(STOPPED);
  cell.someExtras?.supervision?.halt();
  cell.note();
}

/** Nothing is left to do: goes on with the stop, if one has begun. */
export function rest(cell: Cell): void {
  if (cell.phase === 'leaving' || (cell.phase === 'stopping' && !cell.hasChildren)) {
    leave(cell);
    return;
  }
  if (cell.phase !== 'stopping') return;
  cell.phase = 'closing';
  void stopChildren(cell).then(() => {
    if (cell.phase !== 'closing') return;
    cell.phase = 'leaving';
    cell.note();
  });
}

/** Ends the actor and its children now. */
export function end(cell: Cell, outcome: ActorOutcome): void {
  if (cell.phase === 'ended') return;
  cell.phase = 'ended';
  killChildren(cell);
  const { outbox } = cell;
  cell.outbox = undefined;
  endLife(cell);
  void cell.body?.stop();
  if (outcome.kind === 'done') outbox?.performLast();
  cell.deliverEarlyFacts();
  dropMessages(cell);
  cell.system.removeChild(cell);
  if (cell.someExtras?.registered === true) cell.system.receptionist.forget(cell);
  reportEnded(cell, outcome);
  cell.leaveTree();
  cell.extras.end(cell, outcome);
}

function isToRestart({ open, parent, policy, system }: Cell, { kind }: ActorOutcome): boolean {
  const isParentOpen = parent === undefined ? !system.stopping : parent.open;
  return open && isParentOpen && restarts(policy.supervision.restart, kind);
}

/** Ends what belongs to the present life alone (C6). */
function endLife(cell: Cell): void {
  cell.outbox?.forget();
  const extras = cell.someExtras;
  if (extras === undefined) return;
  extras.supervision?.halt();
  extras.finishing = undefined;
  extras.timers?.cancelAll();
  for (const subject of extras.watching) cell.unwatch(subject);
}

/** Cleans up and ends; from now on nothing is processed. */
function leave(cell: Cell): void {
  cell.hold();
  endLife(cell);
  const cleanUp = cell.body?.stop();
  if (cleanUp === undefined) end(cell, STOPPED_OUTCOME);
  else void cleanUp.then(() => end(cell, STOPPED_OUTCOME));
}

async function stopChildren(cell: Cell): Promise<void> {
  for (const child of [...cell.children].reverse()) await child.stop();
}

function killChildren(cell: Cell): void {
  for (const child of [...cell.children].reverse()) child.kill();
}
