// What could happen next, the oldest first.
//
// Invariants:
//   A1. Each pending thing stands here once, in the order of its oldest part.
//   A2. The options are the same for the same past: nothing here depends on real time or on addresses.

import type { Pending } from './pending.ts';

/** The things that wait to happen in one schedule. */
export class Agenda {
  readonly #items: Pending[] = [];
  #count = 0;

  get size(): number {
    return this.#items.length;
  }

  /** The place of whatever comes now. */
  nextOrder(): number {
    return ++this.#count;
  }

  /** Puts something in its place by `order`. */
  add(pending: Pending): void {
    const items = this.#items;
    let place = items.length;
    for (let before = items[place - 1]; before !== undefined && before.order > pending.order; ) {
      place--;
      before = items[place - 1];
    }
    if (place === items.length) items.push(pending);
    else items.splice(place, 0, pending);
  }

  /** Does nothing when it is not here. */
  remove(pending: Pending): void {
    const place = this.#items.indexOf(pending);
    if (place === this.#items.length - 1) this.#items.pop();
    else if (place >= 0) this.#items.splice(place, 1);
  }

  /** What could happen now. The result may be the agenda's own list: read it at once, and change nothing. */
  options(): readonly Pending[] {
    const items = this.#items;
    for (let i = 0; i < items.length; i++) {
      if (items[i]?.eligible !== true) return items.filter(({ eligible }) => eligible);
    }
    return items;
  }

  /** Everything that waits, also what cannot happen now. */
  all(): readonly Pending[] {
    return [...this.#items];
  }
}
