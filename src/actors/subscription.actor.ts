import { fromPromise } from 'xstate';
import { subscriptionMachine } from '../machines/index.ts';
import type { SubscriptionReport } from '../machines/index.ts';

/** What a subscription does at its end. */
export interface SubscriptionPorts {
  /** Drops what waits, gives up what is in flight, and says what became of all events. */
  closeQueue(): SubscriptionReport;
}

/** The subscription chart with its effect; spawn it in an actor system. */
export function createSubscriptionLogic(ports: SubscriptionPorts): typeof subscriptionMachine {
  return subscriptionMachine.provide({
    actors: { closeQueue: fromPromise(async () => ports.closeQueue()) },
  });
}
