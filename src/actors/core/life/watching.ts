// Who hears of whose end.
//
// Invariants:
//   C7. Each watch is answered exactly once, also when the subject had ended before, unless it or its watcher ends first.

import type { Message } from '../../../ports/index.ts';
import type { Cell } from '../cell.ts';
import { Signal } from '../mailbox/signal.ts';

/** Most children that an actor finds by name after their end. */
const MOST_ENDED = 64;

/** The end of a watched actor. */
export class TerminatedSignal extends Signal {
  readonly lane: string;
  readonly subject: Cell;

  constructor(subject: Cell) {
    super();
    this.lane = subject.path;
    this.subject = subject;
  }

  deliver(cell: Cell): void {
    const { subject } = this;
    // The watch may have ended meanwhile, or have been answered.
    if (!answerWatch(cell, subject)) return;
    this.message = { type: 'actor.terminated', ref: subject, outcome: subject.extras.outcome } as Message;
    cell.receiveMessage(this.message);
  }
}

/** Tells the watcher once when the subject has ended. Watching twice counts once. */
export function watch(watcher: Cell, subject: Cell): void {
  if (!watcher.alive) return;
  watcher.extras.watching.add(subject);
  if (subject.alive) subject.extras.watchers.add(watcher);
  else watcher.pushSignal(new TerminatedSignal(subject));
}

/** Ends a watch. A notice that is under way is not delivered. */
export function unwatch(watcher: Cell, subject: Cell): void {
  watcher.someExtras?.watching.delete(subject);
  subject.someExtras?.watchers.delete(watcher);
}

/** Whom the actor watches under this path, also when it has ended meanwhile and its name is free again. */
export function watchedUnder(watcher: Cell, path: string): Cell | undefined {
  for (const subject of watcher.someExtras?.watching ?? []) if (subject.path === path) return subject;
  return undefined;
}

/** Keeps a child that has ended for a `watch` by its name (C7). */
export function rememberEnded(parent: Cell, child: Cell): void {
  if (!parent.alive) return;
  const { extras } = parent;
  extras.endedChildren ??= new Map();
  const ended = extras.endedChildren;
  // Anew, so that it is the youngest.
  ended.delete(child.name);
  ended.set(child.name, child);
  if (ended.size <= MOST_ENDED) return;
  for (const oldest of ended.keys()) {
    ended.delete(oldest);
    return;
  }
}

/** Whether the end of the subject is still to be told; from now on it is not (C7). */
function answerWatch(watcher: Cell, subject: Cell): boolean {
  return watcher.someExtras?.watching.delete(subject) === true;
}
