// Counts at the actors themselves, so that it holds the system to its word and not to its books.

import { Cell, MessageSignal } from '../../actors/core/index.ts';
import type { Oracle } from './oracle.ts';

/** Fails when a watch is answered twice, or when a watched actor has ended and a watcher that lives was not told. */
export function exactlyOneTerminated(): Oracle<unknown> {
  return {
    name: 'exactlyOneTerminated',
    watch(view) {
      const watches: Watch[] = [];
      let found: string | undefined;
      const answered = (watcher: Cell, subject: unknown): void => {
        const watch = watches.find((one) => one.watcher === watcher && one.subject === subject);
        if (watch === undefined || watch.open <= 0) {
          found ??= `${watcher.path} was told once too often that ${pathOf(subject)} has ended`;
        } else watch.open--;
      };
      view.onCell((cell) => spyOn(cell, watches, answered));
      return {
        afterStep: () => found,
        atEnd() {
          const missed = watches.find(
            ({ watcher, subject, open, incarnation }) =>
              open > 0 && watcher.alive && !subject.alive && watcher.incarnation === incarnation,
          );
          if (missed === undefined) return undefined;
          return `${missed.watcher.path} was not told that ${missed.subject.path} has ended`;
        },
      };
    },
  };
}

interface Watch {
  readonly watcher: Cell;
  readonly subject: Cell;
  /** A restarted actor has watched nobody. */
  readonly incarnation: number;
  /** Answers that are due: 1, or 0. */
  open: number;
}

function spyOn(cell: Cell, watches: Watch[], answered: (watcher: Cell, subject: unknown) => void): void {
  cell.watch = (subject) => {
    const { incarnation } = cell;
    const known = watches.find((one) => one.watcher === cell && one.subject === subject);
    if (known?.incarnation === incarnation) known.open = 1;
    else {
      if (known !== undefined) watches.splice(watches.indexOf(known), 1);
      watches.push({ watcher: cell, subject, incarnation, open: 1 });
    }
    Cell.prototype.watch.call(cell, subject);
  };
  cell.unwatch = (subject) => {
    const known = watches.find((one) => one.watcher === cell && one.subject === subject);
    if (known !== undefined) known.open = 0;
    Cell.prototype.unwatch.call(cell, subject);
  };
  cell.receiveMessage = (message) => {
    // A notice that was put aside comes again, as a message of its own.
    const isRepeated = cell.signal instanceof MessageSignal;
    if (message.type === 'actor.terminated' && !isRepeated) answered(cell, (message as { readonly ref?: unknown }).ref);
    Cell.prototype.receiveMessage.call(cell, message);
  };
}

function pathOf(subject: unknown): string {
  return subject instanceof Cell ? subject.path : 'somebody';
}
