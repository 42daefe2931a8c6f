// A plain stream: one event a message. Results come on another way, or never.
//
// Invariants:
//   T1. Events leave in order, no faster than the call takes them, and not more than the window holds without results.
//   T2. What was sent when the stream was cut is never sent again: its results may come late, and then it is unknown. The
//       one exception is a stream that the plugin has refused before it handled anything.
//   T3. Where no results exist, an event counts as handled once the call has taken it and nothing was refused for long
//       enough.
//   T4. Nothing is sent before the peer has accepted the call, or has not refused it for long enough: what a process that
//       does not know this form had in flight at its end would count as unknown, and it may go by calls.

import { RuntimeError } from '../../errors/index.ts';
import type { EventResult } from '../../gen/troupe/events/v1/events.ts';
import type { TimerHandle } from '../../ports/index.ts';
import type { StreamEventsFrame } from '../../transport/events/index.ts';
import type { Delivery } from '../event-source.ts';
import type { LateResults } from './late-results.ts';
import { Outbox } from './outbox.ts';
import type { PackLimits } from './outbox.ts';
import { settle } from './results.ts';
import { SendWatch } from './send-watch.ts';
import type { Sender, SenderPorts } from './sender.ts';

/** Events that are taken from the queue at once: they are on their way soon, and may not wait anywhere else for long. */
const TAKEN_AT_ONCE = 64;

/** How long a stream that is drained before the chart trusts it has to be refused, in milliseconds. */
const TRUST_MS = 1_000;

/** What goes out in one write, where the connection can do that. */
const PACK: PackLimits<StreamEventsFrame> = {
  messages: TAKEN_AT_ONCE,
  bytes: 256 * 1024,
  sizeOf: ({ event }) => event.end - event.start,
};

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
  /** Whether the call takes many events at once. */
  readonly #isPacked: boolean;
  readonly #watch: SendWatch;
  readonly #fill = (): void => this.#send();
  /** What is taken off the numbers of the window: the first event of a stream has the number 1. */
  readonly #offset: number;
  /** The newest event that the call has pulled, and may not have taken yet. */
  #pulled: number;
  /** The newest event that the call has taken. */
  #taken: number;
  /** The newest event that waits in the outbox. */
  #queued: number;
  #isFilling = false;
  #isOver = false;
  #isClosing = false;
  #isDraining = false;
  #isTrusted = false;
  /** T4. */
  #isOpen = false;
  #trustTimer: TimerHandle | undefined;
  #hasProved = false;

  constructor(ports: SenderPorts, generation: number, late: LateResults) {
    const { window, environment, policy } = ports;
    this.#ports = ports;
    this.#generation = generation;
    this.#late = late;
    this.#offset = window.oldest - 1;
    this.#pulled = this.#offset;
    this.#taken = this.#offset;
    this.#queued = this.#offset;
    this.#messages = new Outbox({ onAsked: () => this.#onAsked(), onGiven: (count) => this.#onGiven(count) });
    this.#isPacked = ports.connection.packedStream !== undefined;
    this.#watch = new SendWatch(environment.clock, policy.sendTimeoutMs, {
      isBlocked: () => !this.#isOver && !this.#isClosing && this.#hasMore(),
      blocked: () => ports.report({ type: 'plane.blocked', generation }),
      progressed: () => ports.report({ type: 'plane.progressed', generation }),
    });
    void this.#run();
  }

  wake(): void {
    if (this.#isOver || this.#isFilling) return;
    this.#isFilling = true;
    this.#ports.environment.scheduler.defer(this.#fill);
  }

  drain(): void {
    this.#isDraining = true;
    const { environment, wire } = this.#ports;
    const isSettling = wire.hasResults ? this.#isOpen : this.#isTrusted;
    if (!isSettling && !this.#isOver) {
      // The chart is past the state in which it says so; without it, nothing would be sent, or ever be settled.
      this.#trustTimer = environment.clock.setTimeout(() => this.trust(), TRUST_MS);
    }
    this.#endWhenEmpty();
  }

  trust(): void {
    this.#isTrusted = true;
    this.#isOpen = true;
    this.#clearTrust();
    this.#settleTaken(this.#messages.isWanted ? this.#pulled : this.#taken);
    // There was no room for more while nothing was settled.
    this.wake();
    // Before that, the chart does not count time-outs.
    this.#watch.repeat();
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
    try {
      await this.#call();
      this.#finish(undefined);
    } catch (error) {
      this.#finish(RuntimeError.from(error));
    }
  }

  #call(): Promise<unknown> {
    const { connection, wire } = this.#ports;
    const options = { signal: this.#abort.signal, onAccepted: () => this.#accepted() };
    const packed = connection.packedStream?.(wire.streamEvents, this.#messages.packs(PACK), options);
    return packed ?? connection.clientStream(wire.streamEvents, this.#messages, options);
  }

  /** T4. */
  #accepted(): void {
    if (this.#isOver || this.#isOpen) return;
    this.#isOpen = true;
    this.#ports.report({ type: 'plane.opened', generation: this.#generation });
    this.wake();
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
    this.#clearTrust();
    this.#watch.stop();
    this.#messages.end();
  }

  #clearTrust(): void {
    this.#ports.environment.clock.clearTimeout(this.#trustTimer);
    this.#trustTimer = undefined;
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

  #onAsked(): void {
    if (this.#isOver) return;
    // Whoever asks for the next message has taken the one before.
    this.#taken = this.#pulled;
    this.#settleTaken(this.#taken);
    this.#watch.progress();
    if (this.#isPacked || this.#messages.size <= 1) this.wake();
  }

  #onGiven(count: number): void {
    if (this.#isOver) return;
    const { window } = this.#ports;
    const end = this.#pulled + count;
    while (this.#pulled < end) {
      this.#pulled += 1;
      window.countSend(this.#pulled);
    }
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
    if (this.#isOver || this.#isClosing || !this.#isOpen) return;
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
    this.#messages.put({ event: delivery.queued.encoded, sequence: sequence - this.#offset, attempt });
    return true;
  }

  /** Without results, only the end of the call tells that all was taken. */
  #endWhenEmpty(): void {
    if (this.#ports.wire.hasResults || this.#isOver || this.#hasMore()) return;
    this.#messages.end();
  }
}
