// A plain stream: one event a message. Results come on another way, or never.
//
// Invariants:
//   T1. Events leave in order, no faster than the call takes them, and not more than the window holds without results.
//   T2. What was sent when the stream was cut is never sent again: its results may come late, and then it is unknown. The
//       one exception is a stream that the plugin has refused before it handled anything.
//   T3. Where no results exist, an event counts as handled once the call has taken it and nothing was refused for long
//       enough.

import { RuntimeError } from '../../errors/index.ts';
import type { EventResult } from '../../gen/troupe/events/v1/events.ts';
import type { StreamEventsFrame } from '../../transport/events/index.ts';
import type { Delivery } from '../event-source.ts';
import type { LateResults } from './late-results.ts';
import { Outbox } from './outbox.ts';
import { settle } from './results.ts';
import { SendWatch } from './send-watch.ts';
import type { Sender, SenderPorts } from './sender.ts';

/** Events that are taken from the queue at once: they are on their way soon, and may not wait anywhere else for long. */
const TAKEN_AT_ONCE = 64;

/** A plain stream. */
export interface StreamSender extends Sender {
  /** What the call has taken was not refused for long enough. */
  trust(): void;
  /** Settles the event of a result; false when it is none of this stream. */
  take(result: EventResult): boolean;
}

/** Opens a plain stream. */
export function openStream(ports: SenderPorts, generation: number, late: LateResults): StreamSender {
  return new PlainStream(ports, generation, late);
}

class PlainStream implements StreamSender {
  readonly #ports: SenderPorts;
  readonly #generation: number;
  readonly #late: LateResults;
  readonly #abort = new AbortController();
  readonly #messages: Outbox<StreamEventsFrame>;
  readonly #watch: SendWatch;
  readonly #fill = (): void => this.#send();
  /** What is taken off the numbers of the window: the first event of a stream has the number 1. */
  readonly #offset: number;
  /** The newest event that the call has pulled, and may not have taken yet. */
  #pulled: number;
  /** The newest event that waits in the outbox. */
  #queued: number;
  #isFilling = false;
  #isOver = false;
  #isClosing = false;
  #isDraining = false;
  #isTrusted = false;
  #hasProved = false;

  constructor(ports: SenderPorts, generation: number, late: LateResults) {
    const { window, environment, policy } = ports;
    this.#ports = ports;
    this.#generation = generation;
    this.#late = late;
    this.#offset = window.oldest - 1;
    this.#pulled = this.#offset;
    this.#queued = this.#offset;
    this.#messages = new Outbox(() => this.#onPulled());
    this.#watch = new SendWatch(environment.clock, policy.sendTimeoutMs, {
      isBlocked: () => !this.#isOver && !this.#isClosing && this.#hasMore(),
      blocked: () => ports.report({ type: 'plane.blocked', generation }),
      progressed: () => ports.report({ type: 'plane.progressed', generation }),
    });
    void this.#run();
    this.wake();
  }

  wake(): void {
    if (this.#isOver || this.#isFilling) return;
    this.#isFilling = true;
    this.#ports.environment.scheduler.defer(this.#fill);
  }

  drain(): void {
    this.#isDraining = true;
    this.#endWhenEmpty();
  }

  trust(): void {
    this.#isTrusted = true;
    this.#settleTaken(this.#messages.isWanted ? this.#pulled : this.#pulled - 1);
  }

  close(): void {
    this.#isClosing = true;
    this.#watch.stop();
    this.#messages.end();
  }

  cut(): void {
    if (this.#isOver) return;
    this.#end();
    this.#abort.abort();
    this.#leave();
  }

  take(result: EventResult): boolean {
    const { window, source, onSettled } = this.#ports;
    const sequence = Number(result.sequence) + this.#offset;
    if (this.#isOver || sequence > this.#pulled) return false;
    if (window.at(sequence)?.queued.wire.id !== result.eventId) return false;
    const delivery = window.remove(sequence);
    if (delivery === undefined) return false;
    settle(source, delivery, result);
    this.#prove();
    this.#watch.progress();
    onSettled();
    this.wake();
    return true;
  }

  async #run(): Promise<void> {
    const { connection, wire } = this.#ports;
    try {
      await connection.clientStream(wire.streamEvents, this.#messages, { signal: this.#abort.signal });
      this.#finish(undefined);
    } catch (error) {
      this.#finish(RuntimeError.from(error));
    }
  }

  #finish(error: RuntimeError | undefined): void {
    if (this.#isOver) return;
    const { report, environment, source, wire, onSettled } = this.#ports;
    const hasEnded = error === undefined && (this.#isClosing || (this.#isDraining && this.#queued === this.#pulled));
    if (hasEnded && !wire.hasResults) this.#deliver(this.#pulled);
    this.#end();
    this.#abort.abort();
    if (hasEnded) {
      // T2. Results that are missing now will not be waited for.
      this.#leave();
      report({ type: 'plane.ended' });
      return onSettled();
    }
    const { code, rawMessage: message } =
      error ?? new RuntimeError('UNAVAILABLE', `plugin "${source.name}" ended a stream of events`);
    if (code === 'UNIMPLEMENTED' && !this.#hasProved) this.#takeBack();
    else this.#leave();
    const random = environment.random.next();
    report({ type: 'plane.cut', generation: this.#generation, code, message, proved: this.#hasProved, random });
  }

  #end(): void {
    this.#isOver = true;
    this.#watch.stop();
    this.#messages.end();
  }

  /** T2. Nothing of it was handled. */
  #takeBack(): void {
    const { window } = this.#ports;
    for (let sequence = window.oldest; sequence <= this.#pulled; sequence++) window.forgetSend(sequence);
  }

  /** T2. What the call has pulled may have been handled. */
  #leave(): void {
    const { window, source, wire, onSettled } = this.#ports;
    const left: Delivery[] = [];
    while (window.oldest <= this.#pulled) {
      const delivery = window.shift();
      if (delivery === undefined) break;
      left.push(delivery);
    }
    if (wire.hasResults) return this.#late.add(left);
    for (const delivery of left) source.unknown(delivery);
    onSettled();
  }

  #onPulled(): void {
    if (this.#isOver) return;
    // Whoever asks for the next message has taken the one before.
    this.#settleTaken(this.#pulled);
    if (this.#queued > this.#pulled) this.#countPulled();
    this.#watch.progress();
    if (this.#messages.size <= 1) this.wake();
  }

  #countPulled(): void {
    this.#pulled += 1;
    this.#ports.window.countSend(this.#pulled);
  }

  /** T3. */
  #settleTaken(upTo: number): void {
    if (!this.#ports.wire.hasResults && this.#isTrusted) this.#deliver(upTo);
  }

  #deliver(upTo: number): void {
    const { window, source, onSettled } = this.#ports;
    while (window.oldest <= upTo) {
      const delivery = window.shift();
      if (delivery === undefined) break;
      source.delivered(delivery);
      this.#prove();
    }
    onSettled();
  }

  #prove(): void {
    if (this.#hasProved) return;
    this.#hasProved = true;
    this.#ports.report({ type: 'plane.opened', generation: this.#generation });
    this.#ports.report({ type: 'plane.proved', generation: this.#generation });
  }

  /** Whether anything waits to be sent. */
  #hasMore(): boolean {
    const { window, source } = this.#ports;
    return this.#queued < window.next - 1 || source.waiting > 0 || this.#messages.size > 0;
  }

  #send(): void {
    this.#isFilling = false;
    if (this.#isOver || this.#isClosing) return;
    while (this.#messages.size < TAKEN_AT_ONCE && this.#queueNext());
    this.#watch.update();
    if (this.#isDraining) this.#endWhenEmpty();
  }

  #queueNext(): boolean {
    const { window, source, policy } = this.#ports;
    if (this.#queued === window.next - 1) {
      const room = Math.min(TAKEN_AT_ONCE, policy.window.events - window.size);
      const bytes = policy.window.bytes - window.bytes;
      if (source.waiting === 0 || room <= 0 || bytes <= 0) return false;
      for (const delivery of source.take(room, bytes)) window.add(delivery);
      if (this.#queued === window.next - 1) return false;
    }
    const sequence = this.#queued + 1;
    const delivery = window.at(sequence);
    if (delivery === undefined) return false;
    const attempt = window.attempt(sequence);
    this.#queued = sequence;
    // A call that waits for a message has it with this.
    if (this.#messages.isWanted) this.#countPulled();
    this.#messages.put({ event: delivery.queued.encoded, sequence: sequence - this.#offset, attempt });
    return true;
  }

  /** Without results, only the end of the call tells that all was taken. */
  #endWhenEmpty(): void {
    if (this.#ports.wire.hasResults || this.#isOver || this.#hasMore()) return;
    this.#messages.end();
  }
}
