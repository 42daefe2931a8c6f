// Single calls: one event at a time.
//
// Invariants:
//   U1. One call is under way at most, and the next event goes only when this one is settled.
//   U2. A call that ran into its time is made again with the same id and a higher attempt, so many times; then the event
//       has failed.
//   U3. A call that did not get through settles nothing: the event stays in the window, and the calls end.

import { RuntimeError } from '../../errors/index.ts';
import type { Code } from '../../errors/index.ts';
import { settle } from './results.ts';
import type { Sender, SenderPorts } from './sender.ts';
import type { HandledAnswer } from './wire.ts';

/** Codes that say nothing about the event: the call did not reach the plugin, or its answer did not come back. */
const NO_CONNECTION: ReadonlySet<Code> = new Set(['UNAVAILABLE', 'CANCELLED', 'PLUGIN_UNAVAILABLE']);

/** Single calls, until they are paused. */
export interface UnarySender extends Sender {
  /** Begins no further call, and reports `plane.paused` when none is under way. */
  pause(): void;
}

/** Begins to make single calls. */
export function openUnary(ports: SenderPorts, generation: () => number): UnarySender {
  return new SingleCalls(ports, generation);
}

class SingleCalls implements UnarySender {
  readonly #ports: SenderPorts;
  readonly #generation: () => number;
  readonly #abort = new AbortController();
  readonly #step = (): void => this.#next();
  #isOver = false;
  #isCalling = false;
  #isWaking = false;
  #isPausing = false;
  #isClosing = false;
  #hasProved = false;
  #hasReplayed = false;
  /** Calls for the event under way that ran into their time. */
  #timeouts = 0;

  constructor(ports: SenderPorts, generation: () => number) {
    this.#ports = ports;
    this.#generation = generation;
    this.#wakeSoon();
  }

  wake(): void {
    if (!this.#isCalling) this.#wakeSoon();
  }

  pause(): void {
    this.#isPausing = true;
    if (!this.#isCalling) this.#endPaused();
  }

  drain(): void {
    // Each event has a result, which tells when it is done.
  }

  close(): void {
    this.#isClosing = true;
    if (!this.#isCalling) this.#endClosed();
  }

  cut(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#abort.abort();
  }

  #wakeSoon(): void {
    if (this.#isWaking || this.#isOver) return;
    this.#isWaking = true;
    this.#ports.environment.scheduler.defer(this.#step);
  }

  #next(): void {
    this.#isWaking = false;
    if (this.#isOver || this.#isCalling) return;
    if (this.#isPausing) return this.#endPaused();
    if (this.#isClosing) return this.#endClosed();
    const { window, source, report } = this.#ports;
    if (window.size === 0) {
      if (!this.#hasReplayed) {
        this.#hasReplayed = true;
        report({ type: 'plane.replayed' });
      }
      const [delivery] = source.take(1, Number.MAX_SAFE_INTEGER);
      if (delivery === undefined) return;
      window.add(delivery);
    }
    void this.#call();
  }

  async #call(): Promise<void> {
    const { window, connection, wire, policy } = this.#ports;
    const delivery = window.at(window.oldest);
    if (delivery === undefined) return;
    this.#isCalling = true;
    const request = { event: delivery.queued.encoded, attempt: window.attempt(window.oldest) };
    window.countSend(window.oldest);
    const options = { timeoutMs: policy.unary.timeoutMs, signal: this.#abort.signal };
    let answer: HandledAnswer;
    try {
      answer = wire.handled(await connection.unary(wire.handleEvent, request, options));
    } catch (error) {
      this.#isCalling = false;
      if (!this.#isOver) this.#fail(RuntimeError.from(error));
      return;
    }
    this.#isCalling = false;
    if (this.#isOver) return;
    this.#settle(undefined, answer);
  }

  #fail(error: RuntimeError): void {
    const { report, environment, policy, source } = this.#ports;
    if (error.code === 'UNIMPLEMENTED') {
      this.#isOver = true;
      return report({ type: 'plane.refused', message: error.rawMessage });
    }
    if (NO_CONNECTION.has(error.code)) {
      this.#isOver = true;
      const random = environment.random.next();
      report({ type: 'plane.failed', code: error.code, message: error.rawMessage, random });
      // U3. Whoever waits for the pause need not wait for more.
      return this.#isPausing ? report({ type: 'plane.paused' }) : undefined;
    }
    this.#timeouts += 1;
    if (error.code === 'DEADLINE_EXCEEDED' && this.#timeouts < policy.unary.attempts) return this.#wakeSoon();
    const text = `plugin "${source.name}" failed on an event: ${error.rawMessage}`;
    this.#settle(new RuntimeError(error.code, text, { cause: error, details: { plugin: source.name } }));
  }

  #settle(error: RuntimeError | undefined, answer?: HandledAnswer): void {
    const { window, source, report, onSettled } = this.#ports;
    this.#timeouts = 0;
    const delivery = window.shift();
    if (delivery === undefined) return;
    if (error === undefined) {
      settle(source, delivery, answer);
      if (!this.#hasProved) {
        this.#hasProved = true;
        report({ type: 'plane.proved', generation: this.#generation() });
      }
    } else source.failed(delivery, error);
    onSettled();
    this.#wakeSoon();
  }

  #endPaused(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#ports.report({ type: 'plane.paused' });
  }

  #endClosed(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#ports.report({ type: 'plane.ended' });
  }
}
