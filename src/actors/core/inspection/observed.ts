import type { ActorOutcome } from '../../../ports/index.ts';
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
    let failure: Error | undefined;
    const process = (): Error | undefined => {
      // Telemetry that calls twice, or again later, must not process the message twice.
      if (isProcessed) return failure;
      isProcessed = true;
      const before = cell.someExtras?.lastOutcome;
      cell.receiveMessage(message);
      failure = failureSince(cell, before);
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

/** Why this actor failed on its message; another one that failed in the same turn has done so on its own account. */
function failureSince({ someExtras }: Cell, before: ActorOutcome | undefined): Error | undefined {
  const { lastOutcome, outcome } = someExtras ?? {};
  const own = outcome ?? (lastOutcome === before ? undefined : lastOutcome);
  return own?.kind === 'failed' ? own.error : undefined;
}
