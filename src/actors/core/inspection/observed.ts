import { callOutside } from '../asking/call-outside.ts';
import type { Cell } from '../cell.ts';
import { Envelope, messageOf } from '../mailbox/envelope.ts';
import type { Queued } from '../mailbox/envelope.ts';

/** Processes a message while somebody watches: with the time it takes, and in the trace of its sender. */
export function receiveObserved(cell: Cell, item: Queued): void {
  const { environment, inspection, propagation } = cell.system;
  const message = messageOf(item);
  const startedAt = inspection.active ? environment.clock.monotonic() : 0;
  if (propagation === undefined) cell.receiveMessage(message);
  else {
    const trace = item instanceof Envelope ? item.trace : undefined;
    let isProcessed = false;
    const process = (): Error | undefined => {
      isProcessed = true;
      cell.system.failure = undefined;
      cell.receiveMessage(message);
      const { failure } = cell.system;
      // What the message leads to leaves within its trace.
      cell.settle();
      return failure;
    };
    callOutside(
      () => propagation.run(trace, { ref: cell, message }, process),
      (error) => cell.log('error', 'the propagation failed', { error }),
    );
    // A fault of the telemetry costs nobody a message.
    if (!isProcessed) process();
  }
  if (!inspection.active) return;
  inspection.emit({
    type: 'message.delivered',
    ref: cell,
    message,
    sender: item instanceof Envelope ? item.sender : undefined,
    waiting: cell.mailbox.waiting,
    tookMs: environment.clock.monotonic() - startedAt,
  });
}
