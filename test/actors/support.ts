import { fromCallback, fromTransition } from 'xstate';
import type { CallbackActorLogic, EventObject, TransitionActorLogic } from 'xstate';

/** Plain logic that remembers the types of its messages; XState's own, which comes at the end, aside. */
export function collector(): {
  readonly logic: TransitionActorLogic<undefined, EventObject, undefined>;
  readonly got: string[];
} {
  const got: string[] = [];
  const logic = fromTransition((_: undefined, { type }: EventObject) => {
    if (type !== 'xstate.stop') got.push(type);
    return undefined;
  }, undefined);
  return { logic, got };
}

/** Logic that notes when it begins and when it is ended. */
export function witness(name: string, notes: string[]): CallbackActorLogic<EventObject> {
  return fromCallback(() => {
    notes.push(`${name} begins`);
    return () => void notes.push(`${name} ends`);
  });
}

/** Lets everything happen that needs no time: promises, deferred work, and as many turns of the event loop. */
export async function nextTurn(turns = 2): Promise<void> {
  for (let i = 0; i < turns; i++) await new Promise((resolve) => void setImmediate(resolve));
}
