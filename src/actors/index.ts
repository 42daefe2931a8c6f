// For users.
export { behavior, createSystem, serviceKey } from './core/index.ts';
export type {
  Actor,
  ActorContext,
  ActorSystem,
  AnyActor,
  AnyBehavior,
  AnyLogic,
  AskOptions,
  AskTrace,
  Behavior,
  BehaviorAskOptions,
  BehaviorDefinition,
  ChildSpawnOptions,
  DeadLetter,
  DeadLetterReason,
  DeadLetters,
  Delivery,
  InspectionEvent,
  Inspector,
  ListingMessage,
  Propagation,
  Receptionist,
  ReplyAddress,
  ServiceKey,
  SpawnOptions,
  SystemOptions,
  SystemStopReport,
  TimerRule,
} from './core/index.ts';
export type {
  DurableRecord,
  PersistOptions,
  RestoredInfo,
  StateCodec,
  StoredTimer,
  TimerResume,
} from './durable/index.ts';
export {
  describeActors,
  inspectInStately,
  observeWithOpenTelemetry,
  otelPropagation,
  redactSecrets,
} from './observe/index.ts';
export type {
  ActorDescription,
  ActorFilter,
  CopyLimits,
  OtelMetricsOptions,
  OtelPropagationOptions,
  Redactor,
  StatelyInspection,
  StatelyInspector,
  StatelyOptions,
  ValuePath,
  ViewOptions,
} from './observe/index.ts';
export { createMemorySnapshotStore } from '../ports/index.ts';
export type {
  FailNextOptions,
  MemorySnapshotStore,
  SnapshotStore,
  StoredSnapshot,
  StoreFailure,
} from '../ports/index.ts';
export { ask, reply, spawn, stash, stop, tell, unstash, unwatch, watch } from '../machines/index.ts';
export type { AskActionOptions, MessageTarget } from '../machines/index.ts';
export type { ChildOptions, MailboxOptions, OverflowPolicy, SupervisionOptions } from '../policy/index.ts';
export type {
  ActorOutcome,
  ActorRef,
  Expects,
  Message,
  OfferOptions,
  RefusalReason,
  ReplyTo,
  TellOutcome,
  TerminatedMessage,
} from '../ports/index.ts';

// For integrators.
export { DEFAULT_MAILBOX_CAPACITY } from '../policy/index.ts';
export { createDevLoopLogic } from './dev-loop.actor.ts';
export type { DevLoopPorts, DevWatchFacts } from './dev-loop.actor.ts';
export { createEventStreamLogic } from './event-stream.actor.ts';
export type { EventPlane, EventStreamPorts } from './event-stream.actor.ts';
export { createLogTailLogic } from './log-tail.actor.ts';
export type { LogTailPorts } from './log-tail.actor.ts';
export { createPluginLifecycleLogic } from './plugin-lifecycle.actor.ts';
export type { PluginLifecyclePorts } from './plugin-lifecycle.actor.ts';
export { createPluginProcessLogic } from './plugin-process.actor.ts';
export type { CallAdmission, PluginProcessPorts } from './plugin-process.actor.ts';
export { createPluginReplacementLogic } from './plugin-replacement.actor.ts';
export type { PluginReplacementPorts } from './plugin-replacement.actor.ts';
export { createAuditRelayLogic } from './audit-relay.actor.ts';
export type { AuditRelayPorts } from './audit-relay.actor.ts';
export { createHostLogic } from './host.actor.ts';
export type { HostPorts } from './host.actor.ts';
export { createSubscriptionLogic } from './subscription.actor.ts';
export type { SubscriptionPorts } from './subscription.actor.ts';
