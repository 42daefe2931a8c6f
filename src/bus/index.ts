// For users.
export { createBus } from './bus.ts';
export type { Bus, HandlerOptions } from './bus.ts';
export type { BusOptions } from './bus-options.ts';
export type { BusFacts, BusFactSource, EventRefused } from './bus-facts.ts';
export { createLifecycleEvents, maskSecrets } from './lifecycle-events.ts';
export type {
  LifecycleEvents,
  LifecycleEventsOptions,
  PluginLifeFact,
  StepRun,
  WorkflowRun,
} from './lifecycle-events.ts';
export type { BusCounters, PublishOptions } from './publisher.ts';
export type { AcceptedReceipt, QueuedOutcome, Receipt, RefusedReceipt } from './receipt.ts';
export type {
  DeliveryRecord,
  LocalHandler,
  LocalHandlerContext,
  Subscription,
  SubscriptionCounters,
  SubscriptionOptions,
  SubscriptionState,
  SubscriptionStopOptions,
} from './subscription/index.ts';
export type { BusStopReport, SubscribeOptions, SubscriptionView } from './subscriptions.ts';
export type { EventHandler, EventsMatching } from './typed-events.ts';

// For integrators.
export { resolveBusOptions } from './bus-options.ts';
export type { BusGateway } from './bus-gateway.ts';
export type { Delivery, EventSource, QueuedEvent } from './event-source.ts';
export type { PublishEmitted, SourceTap } from './subscription/index.ts';
export { createEmitGate, createHostEventService, HOST_EVENT_SERVICE_ID } from './emit/index.ts';
export type { EmitCause, EmitGate, EmitGateOptions, HostEventServiceOptions } from './emit/index.ts';
export { startEventStream } from './delivery/index.ts';
export type { EventContract, EventStream, EventStreamOptions } from './delivery/index.ts';
