// An acknowledged stream: batches out, cumulative acknowledgements and results in.
//
// Invariants:
//   A1. Events leave in the order of their sequences, without a gap, and not above the send limit of the plugin. What was
//       left of an earlier stream goes first, under the sequences it had.
//   A2. Nothing is sent before the first answer, which says where the plugin stands.
//   A3. At most so many messages, events and bytes are on their way; an idle stream sends at once, a busy one collects.
//   A4. An event is settled once, by the first answer that covers it, with the result that has come for it.
//   A5. An answer that cannot be believed settles nothing and ends the stream with EVENT_PROTOCOL_VIOLATION.
//   A6. After the end of the stream nothing of it changes anything.

import { RuntimeError } from '../../errors/index.ts';
import type { EventResult } from '../../gen/troupe/events/v1/events.ts';
import type { DeliverAnswer, DeliverFrame, EncodedEvent } from '../../transport/events/index.ts';
import type { Delivery } from '../event-source.ts';
import { checkAnswer, protocolBroken } from './check-answer.ts';
import { Outbox } from './outbox.ts';
import { settle } from './results.ts';
import { SendWatch } from './send-watch.ts';
import type { Sender, SenderPorts } from './sender.ts';

/** Results without any event to send along, after which the plugin is told that it may forget them. */
const RESULTS_UNTOLD = 128;

/** Opens an acknowledged stream. */
export function openAcked(ports: SenderPorts, generation: number): Sender {
  return new AckedSender(ports, generation);
}

class AckedSender implements Sender {
  readonly #ports: SenderPorts;
  readonly #generation: number;
  readonly #abort = new AbortController();
  readonly #frames: Outbox<DeliverFrame>;
  readonly #watch: SendWatch;
  /** Sequences with which messages end that are on their way. */
  readonly #messages: number[] = [];
  /** Results that came before their acknowledgement. */
  readonly #results = new Map<number, EventResult>();
  readonly #fill = (): void => this.#send();
  readonly #fillLater = (): void => this.#ports.environment.scheduler.yield(this.#fill);
  #isOver = false;
  #isOpen = false;
  #isClosing = false;
  #hasProved = false;
  #isFilling = false;
  #settled = 0;
  #sendLimit = 0;
  /** The highest sequence that was sent on this stream. */
  #sent: number;
  #resultsUntold = 0;

  constructor(ports: SenderPorts, generation: number) {
    const { session, window, environment, policy } = ports;
    this.#ports = ports;
    this.#generation = generation;
    this.#sent = window.oldest - 1;
    this.#frames = new Outbox({ onAsked: () => this.#onAsked() });
    this.#watch = new SendWatch(environment.clock, policy.sendTimeoutMs, {
      isBlocked: () => this.#isOpen && !this.#isClosing && this.#hasMore(),
      blocked: () => ports.report({ type: 'plane.blocked', generation }),
      progressed: () => ports.report({ type: 'plane.progressed', generation }),
    });
    const start = { session, nextSequence: window.oldest };
    this.#frames.put({ start, firstSequence: 0, events: [], attempt: 0, resultsReceived: window.oldest - 1 });
    void this.#run();
  }

  wake(): void {
    if (!this.#isOpen || this.#isFilling) return;
    this.#isFilling = true;
    // A busy stream collects what comes within a turn of the event loop; an idle one only what comes at once.
    if (this.#messages.length > 0) this.#fillLater();
    else this.#ports.environment.scheduler.defer(this.#fill);
  }

  drain(): void {
    // Each event has a result, which tells when it is done.
  }

  close(): void {
    this.#isClosing = true;
    this.#frames.end();
    this.#watch.stop();
  }

  cut(): void {
    if (this.#isOver) return;
    this.#end();
    this.#abort.abort();
  }

  async #run(): Promise<void> {
    const { connection, wire } = this.#ports;
    try {
      if (wire.deliver === undefined) throw new RuntimeError('UNIMPLEMENTED', 'the contract has no Deliver');
      const answers = connection.bidiStream(wire.deliver, this.#frames, { signal: this.#abort.signal });
      for await (const answer of answers) {
        // A6. Also when the event before has led to the end.
        if (this.#isOver) return;
        this.#take(answer);
      }
      this.#finish(undefined);
    } catch (error) {
      this.#finish(RuntimeError.from(error));
    }
  }

  #finish(error: RuntimeError | undefined): void {
    if (this.#isOver) return;
    this.#end();
    this.#abort.abort();
    const { report, environment, source } = this.#ports;
    if (error === undefined && this.#isClosing) return report({ type: 'plane.ended' });
    const { code, rawMessage: message } =
      error ?? new RuntimeError('UNAVAILABLE', `plugin "${source.name}" ended a stream of events`);
    const random = environment.random.next();
    report({ type: 'plane.cut', generation: this.#generation, code, message, proved: this.#hasProved, random });
  }

  #end(): void {
    this.#isOver = true;
    this.#isOpen = false;
    this.#watch.stop();
    this.#frames.end();
  }

  #take(answer: DeliverAnswer): void {
    const { window, source, report } = this.#ports;
    const isFirst = !this.#isOpen;
    // Of what is left of an earlier stream, the plugin may have settled all, although this stream has sent nothing yet.
    const newest = isFirst ? window.next - 1 : this.#sent;
    const known = { isFirst, settled: this.#settled, sendLimit: this.#sendLimit, oldest: window.oldest, newest };
    checkAnswer(source.name, answer, known);
    for (const result of answer.results) this.#keep(result);
    const hasMoved = isFirst || answer.settled > this.#settled || answer.sendLimit > this.#sendLimit;
    this.#settled = answer.settled;
    this.#sendLimit = answer.sendLimit;
    const before = window.oldest;
    this.#isOpen = true;
    this.#settle(answer.settled);
    if (this.#isOver) return;
    if (isFirst) report({ type: 'plane.opened', generation: this.#generation });
    if (window.oldest > before) this.#prove();
    if (hasMoved) this.#watch.progress();
    if (this.#isFilling) return;
    // Not from here: acknowledgements that came in one piece would be answered one by one.
    this.#isFilling = true;
    this.#fillLater();
  }

  #keep(result: EventResult): void {
    const sequence = Number(result.sequence);
    const id = this.#ports.window.at(sequence)?.queued.wire.id;
    if (result.eventId !== '' && result.eventId !== id) {
      throw protocolBroken(this.#ports.source.name, `a result for event ${sequence} names another id`);
    }
    this.#results.set(sequence, result);
    this.#resultsUntold += 1;
  }

  #settle(upTo: number): void {
    const { window, source, onSettled } = this.#ports;
    // Most events have none.
    const hasResults = this.#results.size > 0;
    while (window.oldest <= upTo) {
      const sequence = window.oldest;
      const delivery = window.shift();
      if (delivery === undefined) break;
      if (hasResults) this.#settleWithResult(sequence, delivery);
      else source.delivered(delivery);
      // What hears of it may have ended this stream.
      if (this.#isOver) break;
    }
    this.#sent = Math.max(this.#sent, window.oldest - 1);
    while ((this.#messages[0] ?? Number.POSITIVE_INFINITY) <= upTo) this.#messages.shift();
    onSettled();
  }

  #settleWithResult(sequence: number, delivery: Delivery): void {
    const result = this.#results.get(sequence);
    if (result !== undefined) this.#results.delete(sequence);
    settle(this.#ports.source, delivery, result);
  }

  #prove(): void {
    if (this.#hasProved) return;
    this.#hasProved = true;
    this.#ports.report({ type: 'plane.proved', generation: this.#generation });
  }

  #onAsked(): void {
    this.#watch.progress();
    this.#watch.update();
  }

  #send(): void {
    this.#isFilling = false;
    if (!this.#isOpen || this.#isClosing) return;
    const { messages } = this.#ports.policy.batch;
    while (this.#messages.length < messages && (this.#sendAgain() || this.#sendNew()));
    if (this.#messages.length === 0 && this.#resultsUntold >= RESULTS_UNTOLD) this.#put(0, [], 0);
    this.#watch.update();
  }

  /** Whether anything waits to be sent. */
  #hasMore(): boolean {
    const { window, source } = this.#ports;
    return this.#sent < window.next - 1 || source.waiting > 0 || this.#frames.size > 0;
  }

  /** A1. A batch of what an earlier stream has left. */
  #sendAgain(): boolean {
    const { window, policy } = this.#ports;
    const first = this.#sent + 1;
    const end = Math.min(window.next, this.#sendLimit + 1, first + policy.batch.events);
    if (first >= end) return false;
    const attempt = window.attempt(first);
    const events: EncodedEvent[] = [];
    let bytes = 0;
    for (let sequence = first; sequence < end && bytes < policy.batch.bytes; sequence++) {
      const delivery = window.at(sequence);
      // One message has one attempt.
      if (delivery === undefined || window.attempt(sequence) !== attempt) break;
      events.push(delivery.queued.encoded);
      bytes += delivery.queued.bytes;
    }
    this.#put(first, events, attempt);
    return true;
  }

  /** A batch of what waits. */
  #sendNew(): boolean {
    const { window, policy, source } = this.#ports;
    // Only once nothing is left of an earlier stream.
    if (this.#sent !== window.next - 1 || source.waiting === 0) return false;
    const room = Math.min(policy.batch.events, this.#sendLimit - this.#sent, policy.window.events - window.size);
    const bytes = Math.min(policy.batch.bytes, policy.window.bytes - window.bytes);
    if (room <= 0 || bytes <= 0) return false;
    const deliveries = source.take(room, bytes);
    const [oldest] = deliveries;
    if (oldest === undefined) return false;
    const first = window.next;
    const events: EncodedEvent[] = [];
    for (const delivery of deliveries) {
      window.add(delivery);
      events.push(delivery.queued.encoded);
    }
    this.#put(first, events, oldest.attempt);
    return true;
  }

  #put(firstSequence: number, events: readonly EncodedEvent[], attempt: number): void {
    const { window } = this.#ports;
    const end = firstSequence + events.length;
    for (let sequence = firstSequence; sequence < end; sequence++) window.countSend(sequence);
    if (events.length > 0) {
      this.#sent = end - 1;
      this.#messages.push(this.#sent);
    }
    this.#resultsUntold = 0;
    const resultsReceived = window.oldest - 1;
    this.#frames.put({ firstSequence: firstSequence || window.next, events, attempt, resultsReceived });
  }
}
