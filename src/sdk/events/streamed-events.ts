// StreamEvents, the plugin's side: events come in one by one, results go out by calls to the host.
//
// Invariants:
//   W1. What was taken in runs, also when the stream is cut: the host does not send it again.
//   W2. At most a window of events waits or has a result that the host has not got; then nothing is read.
//   W3. A result that cannot be reported ends the call: else the host would wait for it as long as the stream is open.

import type { StreamEventsResponse } from '../../gen/troupe/events/v1/events.ts';
import type { EventView, StreamedEvent } from '../../transport/events/index.ts';
import { refuse, requireEvent } from './deliver.ts';
import type { Dispatcher, EventOwner } from './dispatcher.ts';
import { resultOf, saysMore } from './outcome.ts';
import type { Outcome } from './outcome.ts';
import type { ResultReports } from './result-reports.ts';

/** Answers one call of StreamEvents when all its events have run. */
export async function streamEvents(
  dispatcher: Dispatcher,
  reports: ResultReports,
  window: number,
  requests: AsyncIterable<StreamedEvent>,
): Promise<StreamEventsResponse> {
  const lost = Promise.withResolvers<never>();
  const owner = new StreamOwner(dispatcher, reports);
  // W3.
  const stopListening = reports.onLost((problem) => {
    owner.isGone = true;
    lost.reject(problem);
  });
  try {
    return await Promise.race([takeIn(owner, window, requests), lost.promise]);
  } finally {
    stopListening();
  }
}

async function takeIn(
  owner: StreamOwner,
  window: number,
  requests: AsyncIterable<StreamedEvent>,
): Promise<StreamEventsResponse> {
  const { dispatcher, reports } = owner;
  let received = 0;
  for await (const { event, sequence, attempt } of requests) {
    if (owner.isGone) break;
    if (sequence !== received + 1) refuse(`has event ${sequence} after event ${received}`);
    requireEvent(event);
    received = sequence;
    owner.open += 1;
    dispatcher.add([event], attempt, sequence, owner);
    dispatcher.work();
    // W2.
    if (owner.open + reports.waiting >= window) {
      await owner.idle();
      await reports.flushed();
    }
  }
  await owner.idle();
  return { received: BigInt(received) };
}

class StreamOwner implements EventOwner {
  /** Events that have not settled. */
  open = 0;
  /** Whether the call has ended for want of results. */
  isGone = false;
  readonly dispatcher: Dispatcher;
  readonly reports: ResultReports;
  #whenIdle: (() => void) | undefined;

  constructor(dispatcher: Dispatcher, reports: ResultReports) {
    this.dispatcher = dispatcher;
    this.reports = reports;
  }

  /** Settles when no event is open; one caller at a time. */
  idle(): Promise<void> {
    if (this.open === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#whenIdle = resolve;
    });
  }

  settled(sequence: number, { id }: EventView, outcome: Outcome): void {
    this.open -= 1;
    const onReported = saysMore(outcome) ? () => this.dispatcher.confirm(outcome) : undefined;
    this.reports.add(resultOf(sequence, id, outcome), onReported);
    if (this.open > 0) return;
    this.#whenIdle?.();
    this.#whenIdle = undefined;
  }

  flush(): void {
    this.reports.flush();
  }
}
