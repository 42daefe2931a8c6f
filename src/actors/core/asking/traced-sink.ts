import type { RuntimeError } from '../../../errors/index.ts';
import type { Logger } from '../../../ports/index.ts';
import { callOutside } from './call-outside.ts';
import type { AskSink } from './asks.ts';
import type { AskTrace, Delivery, Propagation } from '../system-core.ts';

/** Tells whoever follows a question how it ended. What the telemetry throws or leaves undone costs nobody the answer. */
export class TracedSink implements AskSink {
  readonly #sink: AskSink;
  readonly #propagation: Propagation;
  readonly #log: Logger;
  #trace: AskTrace | undefined = undefined;

  /** @param log hears of what the telemetry throws */
  constructor(sink: AskSink, propagation: Propagation, log: Logger) {
    this.#sink = sink;
    this.#propagation = propagation;
    this.#log = log;
  }

  /** Sends within the trace of the question. */
  send(delivery: Delivery, send: () => void): void {
    callOutside(() => void (this.#trace = this.#propagation.ask?.(delivery)), this.#report);
    const trace = this.#trace;
    if (trace === undefined) {
      send();
      return;
    }
    let isSent = false;
    let failure: { readonly error: unknown } | undefined;
    const sendOnce = (): void => {
      if (isSent) return;
      isSent = true;
      try {
        send();
      } catch (error) {
        // It is the asker's, and must not be taken for a fault of the telemetry.
        failure = { error };
      }
    };
    callOutside(() => trace.run(sendOnce), this.#report);
    sendOnce();
    if (failure !== undefined) throw failure.error;
  }

  replied(value: unknown): void {
    this.#sink.replied(value);
    this.#ended(undefined);
  }

  failed(error: RuntimeError): void {
    this.#sink.failed(error);
    this.#ended(error);
  }

  #ended(error: RuntimeError | undefined): void {
    const trace = this.#trace;
    if (trace !== undefined) callOutside(() => trace.ended(error), this.#report);
  }

  readonly #report = (error: unknown): void => {
    this.#log.log('error', 'the propagation failed', { error });
  };
}
