import { RuntimeError } from '../../errors/index.ts';
import type { HandleEventResponse } from '../../gen/troupe/events/v1/events.ts';
import type { CallContext } from '../../ports/index.ts';
import type { HandledEvent } from '../../transport/events/index.ts';
import { requireEvent } from './deliver.ts';
import type { Dispatcher, EventOwner } from './dispatcher.ts';
import type { Outcome } from './outcome.ts';

/**
 * Answers one call of HandleEvent. A call that is given up before its event has begun leaves nothing behind: the host
 * sends the event again.
 */
export async function handleEvent(
  dispatcher: Dispatcher,
  window: number,
  { event, attempt }: HandledEvent,
  { signal }: CallContext,
): Promise<HandleEventResponse> {
  requireEvent(event);
  if (dispatcher.waiting >= window) {
    throw new RuntimeError('RESOURCE_EXHAUSTED', `${dispatcher.waiting} events wait for their handlers`);
  }
  const outcome = await new Promise<Outcome>((resolve) => {
    const owner: EventOwner = {
      get isGone() {
        return signal.aborted;
      },
      settled: (_sequence, _id, settled) => resolve(settled),
      flush: () => {},
    };
    // Nobody hears what becomes of a call that was given up.
    signal.addEventListener('abort', () => resolve({ emitted: [], error: undefined }), { once: true });
    dispatcher.add(event, attempt, 0, owner);
    dispatcher.work();
  });
  return { emitted: [...outcome.emitted], error: outcome.error };
}
