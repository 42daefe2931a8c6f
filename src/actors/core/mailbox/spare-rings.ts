// Rings for mailboxes in which something waits. Most mailboxes are empty most of the time: one that is gives its ring
// back, so that an idle actor takes no memory for messages, however many it has once had.
//
// Invariants:
//   P1. A spare ring is empty, and an emptied ring refers to nothing that was in it: no system sees another's messages.
//   P2. The spare rings together never have more than MOST_SPARE_SLOTS slots; the rest is left to the garbage collector.

import { Ring } from '../../../policy/index.ts';

/** Half a megabyte: some thousand small rings, or some dozens that once held a full mailbox. */
const MOST_SPARE_SLOTS = 65_536;

const spare: Ring<unknown>[] = [];
let spareSlots = 0;

/** A ring without bounds; the mailbox has them. */
export function takeRing<T>(): Ring<T> {
  const ring = spare.pop();
  if (ring === undefined) return new Ring(Number.POSITIVE_INFINITY);
  spareSlots -= ring.slots;
  return ring as Ring<T>;
}

/** Gives an empty ring back, which the caller then forgets. */
export function giveRingBack<T>(ring: Ring<T>): void {
  if (spareSlots + ring.slots > MOST_SPARE_SLOTS) return;
  spareSlots += ring.slots;
  spare.push(ring as Ring<unknown>);
}
