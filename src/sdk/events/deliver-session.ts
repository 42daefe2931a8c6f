// What a plugin process remembers of Deliver across its streams.
//
// Invariants:
//   S1. `settled` only grows, without gaps: an event settles after all those before it.
//   S2. A result that says more than "done" is kept until the host has it; while a whole window of them is kept, the host
//       gets no further credits. So a host that never takes results has a bounded number of them kept.
//   S3. `sendLimit` never goes back.

import type { EventResult } from '../../gen/troupe/events/v1/events.ts';
import type { DeliverAnswer } from '../../transport/events/index.ts';
import { resultOf, saysMore } from './outcome.ts';
import type { Outcome } from './outcome.ts';

/** Most results in one answer. */
const MOST_RESULTS = 1_024;
/** Bytes of payload after which an answer takes no further result. */
const RESULT_BYTES = 1024 * 1024;

/** What an answer says, and what is left to say. */
export interface SessionReport {
  readonly answer: DeliverAnswer;
  /** Whether results are left over for the next answer. */
  readonly more: boolean;
  /** The number up to which results were told. */
  readonly told: number;
}

/** One session: the numbering of the events of one host for one process. */
export class DeliverSession {
  readonly id: string;
  readonly #window: number;
  /** By number, in rising order. */
  readonly #results = new Map<number, EventResult>();
  #settled: number;
  #sendLimit: number;

  constructor(id: string, nextSequence: number, window: number) {
    this.id = id;
    this.#window = window;
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
    for (const sequence of this.#results.keys()) {
      if (sequence > upTo) break;
      this.#results.delete(sequence);
    }
    this.#grant();
  }

  /** S1. A number that is settled already, by an earlier stream, changes nothing. */
  settle(sequence: number, eventId: string, outcome: Outcome): void {
    if (sequence !== this.#settled + 1) return;
    this.#settled = sequence;
    if (saysMore(outcome)) this.#results.set(sequence, resultOf(sequence, eventId, outcome));
    this.#grant();
  }

  /** What is to be said to a host that was told the results up to `told`. */
  report(told: number): SessionReport {
    const results: EventResult[] = [];
    let bytes = 0;
    for (const [sequence, result] of this.#results) {
      if (sequence <= told) continue;
      // The host takes every number up to `settled` without a result for "done".
      if (results.length === MOST_RESULTS || bytes > RESULT_BYTES) {
        const answer = { settled: sequence - 1, sendLimit: this.#sendLimit, results };
        return { answer, more: true, told: sequence - 1 };
      }
      results.push(result);
      for (const { payload } of result.emitted) bytes += payload.length;
    }
    const answer = { settled: this.#settled, sendLimit: this.#sendLimit, results };
    return { answer, more: false, told: this.#settled };
  }

  #grant(): void {
    if (this.#results.size < this.#window) this.#sendLimit = Math.max(this.#sendLimit, this.#settled + this.#window);
  }
}
