// What a plugin process remembers of Deliver across its streams.
//
// Invariants:
//   S1. `settled` only grows, without gaps: an event settles after all those before it.
//   S2. A result that says more than "done" is kept until the host has it; while more than a window of them is kept, the
//       host gets no further credits. So a host that never takes results has at most two windows of them kept. With a
//       window of them it must get credits: it tells what it has got along with the events that it sends.
//   S3. `sendLimit` never goes back.
//   S4. What an answer says is settled has its results in this answer or an earlier one of the stream, and its credits
//       reach a window beyond that: of no more events than a window is the host without a result.

import type { EventResult } from '../../gen/troupe/events/v1/events.ts';
import type { DeliverAnswer, EventView } from '../../transport/events/index.ts';
import { resultOf, saysMore } from './outcome.ts';
import type { Outcome } from './outcome.ts';

/** Most results in one answer. */
const MOST_RESULTS = 1_024;
/** Bytes after which an answer takes no further result. */
const RESULT_BYTES = 1024 * 1024;

/** What an answer says, and what is left to say. */
export interface SessionReport {
  readonly answer: DeliverAnswer;
  /** Whether results are left over for the next answer. */
  readonly more: boolean;
  /** The number up to which results were told. */
  readonly told: number;
}

/** A result that the host has not got. */
interface OpenResult {
  readonly eventId: string;
  readonly outcome: Outcome;
}

/** One session: the numbering of the events of one host for one process. */
export class DeliverSession {
  readonly id: string;
  readonly #window: number;
  readonly #confirm: (outcome: Outcome) => void;
  /** By number, in rising order. */
  readonly #results = new Map<number, OpenResult>();
  #settled: number;
  #sendLimit: number;

  /** @param confirm called when the host has a result that says more than "done" */
  constructor(id: string, nextSequence: number, window: number, confirm: (outcome: Outcome) => void) {
    this.id = id;
    this.#window = window;
    this.#confirm = confirm;
    this.#settled = nextSequence - 1;
    this.#sendLimit = this.#settled + window;
  }

  get settled(): number {
    return this.#settled;
  }

  get sendLimit(): number {
    return this.#sendLimit;
  }

  /** The host opens another stream, and has the results of all before `nextSequence`. */
  resume(nextSequence: number): void {
    this.received(nextSequence - 1);
    // What was settled by another form meanwhile is done with, too.
    if (this.#settled < nextSequence - 1) this.#settled = nextSequence - 1;
    this.#grant();
  }

  /** The host has the results up to this number. */
  received(upTo: number): void {
    for (const [sequence, { outcome }] of this.#results) {
      if (sequence > upTo) break;
      this.#results.delete(sequence);
      this.#confirm(outcome);
    }
    this.#grant();
  }

  /** The host has begun another session, and asks for nothing of this one any more. */
  end(): void {
    this.received(this.#settled);
  }

  /** S1. A number that is settled already, by an earlier stream, changes nothing. */
  settle(sequence: number, view: EventView, outcome: Outcome): void {
    if (sequence !== this.#settled + 1) return;
    this.#settled = sequence;
    if (saysMore(outcome)) this.#results.set(sequence, { eventId: view.id, outcome });
    this.#grant();
  }

  /**
   * What is to be said to a host that was told the results up to `told`.
   *
   * @param upTo nothing is said of later events
   */
  report(told: number, upTo: number): SessionReport {
    const results: EventResult[] = [];
    const last = Math.min(this.#settled, upTo);
    let bytes = 0;
    for (const [sequence, { eventId, outcome }] of this.#results) {
      if (sequence <= told) continue;
      if (sequence > last) break;
      // S4. The host takes every number up to `settled` without a result for "done".
      if (results.length === MOST_RESULTS || bytes > RESULT_BYTES) return this.#said(sequence - 1, results, true);
      bytes += outcome.bytes;
      results.push(resultOf(sequence, eventId, outcome));
    }
    return this.#said(last, results, false);
  }

  #said(settled: number, results: readonly EventResult[], more: boolean): SessionReport {
    const sendLimit = Math.min(this.#sendLimit, settled + this.#window);
    return { answer: { settled, sendLimit, results }, more, told: settled };
  }

  /** S2. */
  #grant(): void {
    if (this.#results.size <= this.#window) this.#sendLimit = Math.max(this.#sendLimit, this.#settled + this.#window);
  }
}
