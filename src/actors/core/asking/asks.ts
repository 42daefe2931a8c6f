// Questions that wait for their answer.
//
// Invariants:
//   Q1. A question settles exactly once: by its reply, its deadline, its signal, the refusal, failure or end of the receiver
//       that has it in hand, or the end of the system.
//   Q2. What comes after that is a dead letter with the reason `lateReply`.
//   Q3. A settled question holds no timer and no listener.

import { DeadlineExceededError, InvalidOptionsError, RuntimeError } from '../../../errors/index.ts';
import type { ActorRef, RefusalReason } from '../../../ports/index.ts';
import type { Timers, TimerTicket } from '../timers.ts';

/** How a question is bounded. */
export interface AskOptions {
  /** Milliseconds until the question fails with DEADLINE_EXCEEDED. Has no default: an answer may never come. */
  readonly deadlineMs: number;
  /** Gives the question up; it then rejects with CANCELLED. */
  readonly signal?: AbortSignal | undefined;
}

/** Where a question's settlement goes. */
export interface AskSink {
  replied(value: unknown): void;
  failed(error: RuntimeError): void;
}

/** One question. */
export class PendingAsk {
  readonly #path: string;
  readonly #sink: AskSink;
  readonly #timers: Timers;
  readonly #onLate: (value: unknown) => void;
  readonly #signal: AbortSignal | undefined;
  /** The message carries an address for the reply, so that others than the receiver may answer. */
  addressed = false;
  #timer: TimerTicket | undefined;
  #settled = false;

  /** @param onLate takes a reply that came too late */
  constructor(
    receiver: ActorRef<never>,
    options: AskOptions,
    { sink, timers, onLate }: { sink: AskSink; timers: Timers; onLate: (value: unknown) => void },
  ) {
    this.#path = receiver.path;
    this.#sink = sink;
    this.#timers = timers;
    this.#onLate = onLate;
    this.#signal = options.signal;
    const { deadlineMs, signal } = options;
    if (!(Number.isFinite(deadlineMs) && deadlineMs > 0)) {
      throw new InvalidOptionsError('deadlineMs', `must be a finite number above 0, got ${String(deadlineMs)}`);
    }
    if (signal?.aborted === true) {
      this.#cancel();
      return;
    }
    signal?.addEventListener('abort', this.#cancel, { once: true });
    this.#timer = timers.start(deadlineMs, (closed) => {
      const question = `the question to actor "${this.#path}"`;
      if (closed)
        this.fail(new RuntimeError('SYSTEM_STOPPED', `${question} has no answer, and nobody is left to give one`));
      else this.fail(new DeadlineExceededError(question, deadlineMs));
    });
  }

  get settled(): boolean {
    return this.#settled;
  }

  /** False when the question was settled before. */
  reply(value: unknown): boolean {
    if (!this.#settle()) {
      this.#onLate(value);
      return false;
    }
    this.#sink.replied(value);
    return true;
  }

  fail(error: RuntimeError): void {
    if (this.#settle()) this.#sink.failed(error);
  }

  /** The receiver took the message not at all. */
  refuse(reason: RefusalReason): void {
    const text = `actor "${this.#path}" refused the question: ${reason}`;
    this.fail(new RuntimeError(REFUSALS[reason], text));
  }

  /** The receiver has ended on the message without a reply. */
  abandon(): void {
    if (!this.addressed) this.refuse('stopped');
  }

  readonly #cancel = (): void => {
    const cause = this.#signal?.reason as unknown;
    this.fail(new RuntimeError('CANCELLED', `the question to actor "${this.#path}" was given up`, { cause }));
  };

  #settle(): boolean {
    if (this.#settled) return false;
    this.#settled = true;
    this.#timers.cancel(this.#timer);
    this.#signal?.removeEventListener('abort', this.#cancel);
    return true;
  }
}

const REFUSALS = {
  mailboxFull: 'MAILBOX_FULL',
  stopped: 'ACTOR_STOPPED',
  reserved: 'MESSAGE_RESERVED',
  undecodable: 'MESSAGE_INVALID',
} as const;
