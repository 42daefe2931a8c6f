import { onTestFinished } from 'vitest';
import { createSystem } from '../../../src/actors/index.ts';
import type { QueuedEvent } from '../../../src/bus/event-source.ts';
import { createSubscription } from '../../../src/bus/subscription/index.ts';
import type {
  Subscription,
  SubscriptionDependencies,
  SubscriptionOptions,
} from '../../../src/bus/subscription/index.ts';
import { createManualEnvironment } from '../../../src/ports/index.ts';
import type { DomainEvent, ManualEnvironment } from '../../../src/ports/index.ts';
import { nextTurn } from '../../actors/support.ts';

/** An event for a queue, of so many bytes; its id is `e` and the number. */
export function queuedEvent(number: number, { bytes = 1, depth = 0 } = {}): QueuedEvent {
  const id = `e${number}`;
  const event: DomainEvent = {
    id,
    type: 'order.paid',
    time: 0,
    source: 'shop',
    contentType: 'application/json',
    metadata: {},
    payload: number,
    depth,
  };
  const wire = { ...event, subject: '', payload: new Uint8Array(), causationId: '' };
  return { wire, event, encoded: { chunk: Buffer.alloc(0), start: 0, end: 0 }, bytes };
}

/** A subscription with all that it needs, in virtual time. */
export interface World {
  readonly environment: ManualEnvironment;
  readonly subscription: Subscription;
  /** Offers events with these numbers. */
  offer(...numbers: readonly number[]): unknown[];
  /** Takes at most so many and gives their numbers. */
  take(count?: number): ReturnType<Subscription['source']['take']>;
}

/** A subscription that ends with the test. */
export function createWorld(
  options: Partial<SubscriptionOptions> = {},
  ports: Partial<Omit<SubscriptionDependencies, 'system'>> = {},
): World {
  const environment = createManualEnvironment();
  const system = createSystem({ environment });
  const subscription = createSubscription(
    { name: 'audit', ...options },
    { system, publishEmitted: () => [], ...ports },
  );
  onTestFinished(async () => {
    await subscription.stop({ drainMs: 0 });
    await system.stop();
  });
  return {
    environment,
    subscription,
    offer: (...numbers) => numbers.map((number) => subscription.offer(queuedEvent(number))),
    take: (count = 100) => subscription.source.take(count, Number.POSITIVE_INFINITY),
  };
}

/** The numbers of events. */
export function numbersOf(deliveries: readonly { readonly queued: QueuedEvent }[]): number[] {
  return deliveries.map(({ queued }) => Number(queued.wire.id.slice(1)));
}

export { nextTurn };
