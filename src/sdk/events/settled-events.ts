// What became of the last events of this process, by id.
//
// Invariants:
//   S1. An id is found exactly when the same bytes were added before, among the last 10,000 at least and 20,000 at most.
//       Of ids that take more than 16 MiB fewer are found, and of a larger window more: always a window of them.
//   S2. What is remembered has a bound: two generations, of which the older one is given up when the younger one is full.
//       That costs nothing to forget, unlike a list in order of use.
//   S3. Nothing of the messages is kept: ids are copied. No string and no entry of a map is made for an event that is
//       done and has nothing more to say, which is nearly every one.
//   S4. An id that the host may send again is found: the host has at most a window of events without a result. What
//       was returned may be forgotten earlier than the id (`KeptOutcomes`); then that is what is found.

import type { EventView } from '../../transport/events/index.ts';
import { KeptOutcomes } from './kept-outcomes.ts';
import { DONE, saysMore } from './outcome.ts';
import type { Outcome } from './outcome.ts';

/** Ids of one generation, unless a window has more. */
const REMEMBERED = 10_000;
/** Bytes of ids after which a generation is full once it has a window of them. */
const REMEMBERED_BYTES = 16 * 1024 * 1024;
/** Places at first: a power of two, so large that most ids are found, or missed, at their first place. */
const PLACES = 32_768;
/** Room for ids at first, and room that an empty generation keeps. */
const FIRST_ID_BYTES = 64 * 1024;
const LARGEST_KEPT_BYTES = 1024 * 1024;

/** Outcomes by event id. */
export class SettledEvents {
  readonly #kept = new KeptOutcomes();
  #young: Generation;
  #old: Generation;
  /** The event whose id was hashed last: it is looked for, and then added. */
  #hashed: EventView | undefined;
  #hash = 0;

  /** @param window most events that the host may send again */
  constructor(window: number) {
    this.#young = new Generation(window, this.#kept);
    this.#old = new Generation(window, this.#kept);
  }

  /** What became of an event with this id; undefined when there was none. */
  find(view: EventView): Outcome | undefined {
    const hash = this.#hashOf(view);
    return this.#young.find(view, hash) ?? this.#old.find(view, hash);
  }

  /** Adds an event that was not found. */
  add(view: EventView, outcome: Outcome): void {
    const hash = this.#hashOf(view);
    this.#hashed = undefined;
    if (this.#young.isFull) {
      const reused = this.#old;
      this.#old = this.#young;
      this.#young = reused;
      reused.clear();
    }
    this.#young.add(view, hash, outcome);
  }

  /** The host has what became of an event, and needs nothing but the id any more. */
  confirm(outcome: Outcome): void {
    this.#kept.confirm(outcome);
  }

  #hashOf(view: EventView): number {
    if (this.#hashed !== view) {
      this.#hash = view.hashId();
      this.#hashed = view;
    }
    return this.#hash;
  }
}

/** A table of ids with open addressing. */
class Generation {
  readonly #window: number;
  readonly #most: number;
  readonly #kept: KeptOutcomes;
  /** Number of the id, counted from 1; 0 for none. */
  #places = new Int32Array(PLACES);
  #hashes = new Int32Array(REMEMBERED);
  /** Where each id ends; it begins where the one before it ends. */
  #ends = new Float64Array(REMEMBERED);
  #ids = new Uint8Array(FIRST_ID_BYTES);
  #size = 0;
  #idBytes = 0;
  /** S3. By number, those that say more than "done". */
  readonly #outcomes = new Map<number, Outcome>();

  constructor(window: number, kept: KeptOutcomes) {
    this.#window = window;
    this.#most = Math.max(REMEMBERED, window);
    this.#kept = kept;
  }

  /** S4. */
  get isFull(): boolean {
    return this.#size >= this.#most || (this.#idBytes > REMEMBERED_BYTES && this.#size >= this.#window);
  }

  find(view: EventView, hash: number): Outcome | undefined {
    if (this.#size === 0) return undefined;
    const mask = this.#places.length - 1;
    for (let place = hash & mask; ; place = (place + 1) & mask) {
      const number = this.#places[place] as number;
      if (number === 0) return undefined;
      if (this.#hashes[number - 1] === hash && this.#isSame(number, view)) return this.#outcomes.get(number) ?? DONE;
    }
  }

  add({ bytes, idStart, idEnd }: EventView, hash: number, outcome: Outcome): void {
    if (this.#size === this.#hashes.length) this.#widen();
    const place = this.#placeFor(hash);
    const start = this.#idBytes;
    const end = start + idEnd - idStart;
    if (end > this.#ids.length) this.#grow(end);
    const ids = this.#ids;
    // Ids are short: a call that copies takes longer.
    for (let at = start, from = idStart; at < end; at += 1, from += 1) ids[at] = bytes[from] as number;
    this.#hashes[this.#size] = hash;
    this.#ends[this.#size] = end;
    this.#idBytes = end;
    this.#size += 1;
    this.#places[place] = this.#size;
    if (!saysMore(outcome)) return;
    this.#outcomes.set(this.#size, outcome);
    this.#kept.add(outcome);
  }

  clear(): void {
    this.#places.fill(0);
    for (const outcome of this.#outcomes.values()) this.#kept.release(outcome);
    this.#outcomes.clear();
    this.#size = 0;
    this.#idBytes = 0;
    if (this.#ids.length > LARGEST_KEPT_BYTES) this.#ids = new Uint8Array(FIRST_ID_BYTES);
  }

  #isSame(number: number, { bytes, idStart, idEnd }: EventView): boolean {
    const start = number === 1 ? 0 : (this.#ends[number - 2] as number);
    if ((this.#ends[number - 1] as number) - start !== idEnd - idStart) return false;
    for (let at = idStart; at < idEnd; at += 1) {
      if (this.#ids[start + at - idStart] !== bytes[at]) return false;
    }
    return true;
  }

  /** The first free place for a hash. */
  #placeFor(hash: number): number {
    const mask = this.#places.length - 1;
    let place = hash & mask;
    while (this.#places[place] !== 0) place = (place + 1) & mask;
    return place;
  }

  /** Only for a window above 10,000. */
  #widen(): void {
    const [hashes, ends] = [this.#hashes, this.#ends];
    this.#hashes = new Int32Array(hashes.length * 2);
    this.#hashes.set(hashes);
    this.#ends = new Float64Array(ends.length * 2);
    this.#ends.set(ends);
    this.#places = new Int32Array(this.#places.length * 2);
    for (let number = 1; number <= this.#size; number += 1) {
      this.#places[this.#placeFor(this.#hashes[number - 1] as number)] = number;
    }
  }

  #grow(needed: number): void {
    const ids = new Uint8Array(Math.max(needed, this.#ids.length * 2));
    ids.set(this.#ids.subarray(0, this.#idBytes));
    this.#ids = ids;
  }
}
