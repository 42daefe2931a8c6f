import { RuntimeError } from '../../errors/index.ts';
import type { HandleEventResponse } from '../../gen/troupe/events/v1/events.ts';
import type { CallContext } from '../../ports/index.ts';
import type { HandledEvent } from '../../transport/events/index.ts';
import { requireEvent } from './deliver.ts';
import type { Dispatcher, EventOwner } from './dispatcher.ts';
import { DONE } from './outcome.ts';
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
  return new Promise<HandleEventResponse>((resolve) => {
    const giveUp = (): void => {
      dispatcher.drop(owner);
      // Nobody hears what becomes of a call that was given up.
      resolve(responseOf(DONE));
    };
    const owner: EventOwner = {
      settled: (_sequence, _view, outcome) => {
        signal.removeEventListener('abort', giveUp);
        resolve(responseOf(outcome));
        dispatcher.confirm(outcome);
      },
      flush: () => {},
    };
    if (signal.aborted) return giveUp();
    signal.addEventListener('abort', giveUp, { once: true });
    dispatcher.add([event], attempt, 0, owner);
    dispatcher.work();
  });
}

function responseOf({ emitted, error }: Outcome): HandleEventResponse {
  return { emitted: [...emitted], error };
}
