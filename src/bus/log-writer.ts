import { RuntimeError } from '../errors/index.ts';
import { nullEventLog } from '../ports/index.ts';
import type { Clock, EventLog, WireEvent } from '../ports/index.ts';
import type { FactBoard } from './bus-facts.ts';
import { DONE } from './receipt.ts';
import { settledWithin } from './settled-within.ts';

/** What a writer is made of. */
export interface LogWriterOptions {
  readonly log: EventLog;
  readonly facts: FactBoard;
  /** Most appends that may be under way. */
  readonly maxAppends: number;
}

/** Hands events to the log behind a bus, and knows what it has not kept yet. */
export class LogWriter {
  readonly #options: LogWriterOptions;
  #underWay = 0;
  #failed = 0;
  #onIdle: (() => void) | undefined = undefined;

  constructor(options: LogWriterOptions) {
    this.#options = options;
  }

  /** Appends that have not ended. */
  get underWay(): number {
    return this.#underWay;
  }

  /** Events that the log did not keep. */
  get failed(): number {
    return this.#failed;
  }

  /** Throws `EVENT_LOG_FULL` when the log is to get no more for now. */
  requireRoom(): void {
    const { maxAppends } = this.#options;
    if (this.#underWay < maxAppends) return;
    throw new RuntimeError('EVENT_LOG_FULL', `the event log has ${this.#underWay} events that it has not kept yet`, {
      details: { maxAppends },
    });
  }

  /** Settles when the log has the event; rejects with `EVENT_LOG_FAILED`. Nobody has to look. */
  store(wire: WireEvent): Promise<void> {
    const { log } = this.#options;
    if (log === nullEventLog) return DONE;
    this.#underWay++;
    const stored = append(log, wire).catch((cause: unknown) => {
      throw new RuntimeError('EVENT_LOG_FAILED', `the event log did not keep event "${wire.id}"`, { cause });
    });
    stored.then(
      () => this.#ended(),
      (error: unknown) => this.#lost(wire, error),
    );
    return stored;
  }

  /** Waits until no append is under way, or the time is up. Leaves no timer. One caller at a time. */
  async settled(clock: Clock, limitMs: number): Promise<void> {
    if (this.#underWay === 0 || limitMs === 0) return;
    const idle = new Promise<void>((resolve) => {
      this.#onIdle = resolve;
    });
    await settledWithin(clock, limitMs, idle);
    this.#onIdle = undefined;
  }

  #lost({ id }: WireEvent, error: unknown): void {
    this.#failed++;
    this.#options.facts.tell('log.failed', { eventId: id, error: RuntimeError.from(error) });
    this.#ended();
  }

  #ended(): void {
    this.#underWay--;
    if (this.#underWay === 0) this.#onIdle?.();
  }
}

/** The log is somebody else's: it may throw instead of rejecting, or return no promise. */
async function append(log: EventLog, wire: WireEvent): Promise<void> {
  // Nobody else outside of the bus gets it as it is.
  await log.append(Object.freeze(wire));
}
