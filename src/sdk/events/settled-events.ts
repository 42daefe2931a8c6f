import type { Outcome } from './outcome.ts';

/** Ids that are remembered at least. */
const REMEMBERED = 10_000;
/** Bytes of returned events that are remembered before older ones make room. */
const REMEMBERED_BYTES = 16 * 1024 * 1024;

/**
 * What became of the last events of this process, by id: the last 10,000 at least, 20,000 at most, fewer when their
 * returned events take more than 16 MiB.
 *
 * Two generations instead of one list in order of use: it costs one entry of a map for each event, and nothing to forget.
 */
export class SettledEvents {
  #young = new Map<string, Outcome>();
  #old = new Map<string, Outcome>();
  #youngBytes = 0;

  get(id: string): Outcome | undefined {
    return this.#young.get(id) ?? this.#old.get(id);
  }

  add(id: string, outcome: Outcome): void {
    for (const { payload } of outcome.emitted) this.#youngBytes += payload.length;
    if (this.#young.size >= REMEMBERED || this.#youngBytes > REMEMBERED_BYTES) {
      this.#old = this.#young;
      this.#young = new Map();
      this.#youngBytes = 0;
    }
    this.#young.set(id, outcome);
  }
}
