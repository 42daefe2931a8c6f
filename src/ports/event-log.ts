import type { WireEvent } from './domain-event.ts';

/** Keeps what is published, so that it can be read again. Behind the bus; the default keeps nothing. */
export interface EventLog {
  /** Settles when the event is kept. A rejection reaches the publisher by its receipt and stops nothing else. */
  append(event: WireEvent): Promise<void>;
}

const KEPT = Promise.resolve();

/** The log that keeps nothing: every event counts as kept at once. */
export const nullEventLog: EventLog = { append: () => KEPT };
