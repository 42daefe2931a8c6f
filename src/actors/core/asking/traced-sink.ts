import type { RuntimeError } from '../../../errors/index.ts';
import type { AskSink } from './asks.ts';
import type { AskTrace, Delivery, Propagation } from '../system-core.ts';

/** Tells whoever follows a question how it ended. */
export class TracedSink implements AskSink {
  readonly #sink: AskSink;
  readonly #propagation: Propagation;
  #trace: AskTrace | undefined = undefined;

  constructor(sink: AskSink, propagation: Propagation) {
    this.#sink = sink;
    this.#propagation = propagation;
  }

  /** Sends within the trace of the question. */
  send(delivery: Delivery, send: () => void): void {
    this.#trace = this.#propagation.ask?.(delivery);
    if (this.#trace === undefined) send();
    else this.#trace.run(send);
  }

  replied(value: unknown): void {
    this.#trace?.ended(undefined);
    this.#sink.replied(value);
  }

  failed(error: RuntimeError): void {
    this.#trace?.ended(error);
    this.#sink.failed(error);
  }
}
