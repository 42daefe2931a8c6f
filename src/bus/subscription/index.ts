// For users.
export { createSubscription } from './subscription.ts';
export type {
  Subscription,
  SubscriptionDependencies,
  SubscriptionState,
  SubscriptionStopOptions,
} from './subscription.ts';
export type { SubscriptionCounters } from './counters.ts';
export type { DeliveryRecord } from './delivery-record.ts';
export type { LocalHandler, LocalHandlerContext, SubscriptionOptions } from './subscription-options.ts';
export type { SourceTap } from './source-tap.ts';
export type { EmittedOutcomes, OfferOutcome, PublishEmitted } from './subscription-queue.ts';
