// What handlers returned, as far as it is kept for senders that ask again.
//
// Invariants:
//   K1. What takes more than 16 MiB in all is forgotten, the oldest first, of what the host has got; the newest stays,
//       since its answer may still be lost.
//   K2. What the host has not got is kept beyond that, up to 256 MiB; then the oldest of it goes, which most likely is on
//       its way already.
//   K3. A forgotten outcome says so: it is never taken for "done", and its event does not run again.

import type { Outcome } from './outcome.ts';

/** Bytes beyond which nothing is kept that the host has got. */
const CONFIRMED_BYTES = 16 * 1024 * 1024;
/** Bytes beyond which nothing is kept. */
const MOST_BYTES = 256 * 1024 * 1024;

/** Outcomes that say more than "done". */
export class KeptOutcomes {
  /** In the order in which they came. */
  readonly #open = new Set<Outcome>();
  /** In the order in which the host got them. */
  readonly #confirmed = new Set<Outcome>();
  #bytes = 0;

  /** Keeps an outcome that the host has not got. */
  add(outcome: Outcome): void {
    this.#open.add(outcome);
    this.#bytes += outcome.bytes;
    this.#trim();
  }

  /** The host has it. */
  confirm(outcome: Outcome): void {
    if (!this.#open.delete(outcome)) return;
    this.#confirmed.add(outcome);
    this.#trim();
  }

  /** Nobody can ask for it any more. */
  release(outcome: Outcome): void {
    if (this.#open.delete(outcome) || this.#confirmed.delete(outcome)) this.#bytes -= outcome.bytes;
  }

  #trim(): void {
    // K1, K2.
    if (this.#bytes > CONFIRMED_BYTES) this.#forget(this.#confirmed, CONFIRMED_BYTES);
    if (this.#bytes > MOST_BYTES) this.#forget(this.#open, MOST_BYTES);
  }

  #forget(outcomes: Set<Outcome>, limit: number): void {
    for (const outcome of outcomes) {
      if (this.#bytes <= limit || outcomes.size === 1) return;
      this.release(outcome);
      // K3.
      outcome.forget();
    }
  }
}
