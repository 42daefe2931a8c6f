// For users.
export { behavior } from './body/behavior.ts';
export type {
  ActorContext,
  Behavior,
  BehaviorAskOptions,
  BehaviorDefinition,
  ChildSpawnOptions,
  TimerRule,
} from './body/behavior.ts';
export { serviceKey } from './receptionist.ts';
export type { ListingMessage, Receptionist, ServiceKey } from './receptionist.ts';
export { createSystem } from './system.ts';
export type { ActorSystem, ReplyAddress, SpawnOptions, SystemOptions } from './system.ts';
export type { SystemStopReport } from './life/system-stop.ts';
export type { AskOptions } from './asking/asks.ts';
export type { DeadLetter, DeadLetterReason, DeadLetters } from './inspection/dead-letters.ts';
export type { InspectionEvent, Inspector } from './inspection/inspection.ts';
export type {
  Actor,
  AnyActor,
  AnyBehavior,
  AnyLogic,
  FactOf,
  InputOf,
  MessageOf,
  OutputOf,
  SnapshotOf,
} from './body/logic.ts';
export type { AskTrace, Delivery, Propagation } from './system-core.ts';

// For integrators.
export type { Backlog } from './mailbox/backlog.ts';
export { Cell } from './cell.ts';
export { createDispatcher } from './dispatcher.ts';
export type { Dispatcher, Runnable } from './dispatcher.ts';
export { Envelope, messageOf } from './mailbox/envelope.ts';
export type { Queued } from './mailbox/envelope.ts';
export { MessageSignal, Signal, TimerSignal } from './mailbox/signal.ts';
export { createSystemOn } from './system.ts';
export type { SystemRuntime } from './system-core.ts';
export { TerminatedSignal } from './life/watching.ts';
