// What moves the events of one subscription to one process: at most one sender at a time, over one window.
//
// Invariants:
//   D1. One sender at most is active; what an older one still hears changes nothing.
//   D2. Whatever was taken from the source is settled once: delivered, failed, unknown, or given back.
//   D3. `release` gives back, in order, what was not settled, and tells apart what was sent; what was sent by a plain
//       stream is unknown.

import type { EventPlane } from '../../actors/index.ts';
import type { EventResult } from '../../gen/troupe/events/v1/events.ts';
import type { PlaneReport, StreamForm } from '../../machines/index.ts';
import type { Delivery } from '../event-source.ts';
import { openAcked } from './acked-sender.ts';
import { LateResults } from './late-results.ts';
import type { Sender, SenderPorts } from './sender.ts';
import { openStream } from './stream-sender.ts';
import type { StreamSender } from './stream-sender.ts';
import { openUnary } from './unary-sender.ts';
import type { UnarySender } from './unary-sender.ts';
import { Window } from './window.ts';

/** The data plane of one process. */
export interface DeliveryPlane extends EventPlane {
  /** Settles events of a plain stream, also late. Returns how many of the results were for such an event. */
  reportResults(results: readonly EventResult[]): number;
}

/** Makes the data plane, at rest. */
export function createEventPlane(
  options: Omit<SenderPorts, 'window' | 'report' | 'onSettled'>,
  report: (report: PlaneReport) => void,
): DeliveryPlane {
  return new SenderPlane(options, report);
}

class SenderPlane implements DeliveryPlane {
  readonly #ports: SenderPorts;
  readonly #late: LateResults;
  #generation = 0;
  #stream: Sender | undefined;
  #plain: StreamSender | undefined;
  #unary: UnarySender | undefined;
  #isDraining = false;
  #isReleased = false;

  constructor(options: Omit<SenderPorts, 'window' | 'report' | 'onSettled'>, report: (report: PlaneReport) => void) {
    const { source, policy, environment } = options;
    this.#ports = {
      ...options,
      window: new Window(policy.window.events),
      onSettled: () => this.#onSettled(),
      report: (one) => this.#report(one, report),
    };
    this.#late = new LateResults(source, environment.clock, policy.lateResultsMs, () => this.#onSettled());
    source.onAvailable(() => this.#active?.wake());
  }

  get #active(): Sender | undefined {
    return this.#stream ?? this.#unary;
  }

  openStream(form: StreamForm, generation: number): void {
    this.#generation = generation;
    this.#endSenders();
    if (form === 'acked') this.#stream = openAcked(this.#ports, generation);
    else this.#stream = this.#plain = openStream(this.#ports, generation, this.#late);
    if (this.#isDraining) this.#stream.drain();
  }

  trustStream(): void {
    this.#plain?.trust();
  }

  cutStream(): void {
    this.#stream?.cut();
    this.#forgetStream();
  }

  openUnary(): void {
    this.cutStream();
    this.#unary ??= openUnary(this.#ports, () => this.#generation);
  }

  pauseUnary(): void {
    if (this.#unary === undefined) this.#ports.report({ type: 'plane.paused' });
    else this.#unary.pause();
  }

  drain(): void {
    this.#isDraining = true;
    this.#active?.drain();
    this.#onSettled();
  }

  close(): void {
    const { report } = this.#ports;
    if (this.#active === undefined) report({ type: 'plane.ended' });
    else this.#active.close();
  }

  reportResults(results: readonly EventResult[]): number {
    let known = 0;
    for (const result of results) {
      if (this.#isReleased) break;
      if (this.#plain?.take(result) === true || this.#late.take(result)) known += 1;
    }
    return known;
  }

  release(): void {
    if (this.#isReleased) return;
    this.#isReleased = true;
    const { source, window } = this.#ports;
    source.onAvailable(undefined);
    this.#endSenders();
    this.#late.release();
    const sent: Delivery[] = [];
    const unsent: Delivery[] = [];
    while (window.size > 0) {
      const wasSent = window.sends(window.oldest) > 0;
      const delivery = window.shift();
      if (delivery === undefined) break;
      (wasSent ? sent : unsent).push(delivery);
    }
    // D3. What is given back last comes first.
    if (unsent.length > 0) source.giveBack(unsent, { sent: false });
    if (sent.length > 0) source.giveBack(sent, { sent: true });
  }

  #endSenders(): void {
    this.cutStream();
    this.#unary?.cut();
    this.#unary = undefined;
  }

  #forgetStream(): void {
    this.#stream = undefined;
    this.#plain = undefined;
  }

  /** D1. A sender that is over is let go of before the chart hears of it. */
  #report(one: PlaneReport, report: (report: PlaneReport) => void): void {
    if (this.#isReleased) return;
    if (one.type === 'plane.cut') this.#forgetStream();
    if (one.type === 'plane.refused' || one.type === 'plane.failed' || one.type === 'plane.paused') {
      this.#unary = undefined;
    }
    if (one.type === 'plane.ended') this.#endSenders();
    report(one);
  }

  #onSettled(): void {
    if (!this.#isDraining || this.#isReleased) return;
    const { window, source, report } = this.#ports;
    if (window.size > 0 || this.#late.size > 0 || source.waiting > 0) return;
    this.#isDraining = false;
    report({ type: 'plane.drained' });
  }
}
