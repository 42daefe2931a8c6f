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
} from './actor-ref.ts';
export type { AuditSink, SealedEntry } from './audit-sink.ts';
export type { Clock, TimerHandle, TimerOptions } from './clock.ts';
export type { BrokerListener, ConnectionBroker } from './connection-broker.ts';
export type { CrashPort, CrashReport } from './crash-port.ts';
export type { Denial, DenialPort } from './denials.ts';
export type {
  DomainEvent,
  DraftOf,
  EventDraft,
  EventMap,
  EventOf,
  EventType,
  WireEvent,
} from './domain-event.ts';
export type { Environment } from './environment.ts';
export { nullEventLog } from './event-log.ts';
export type { EventLog } from './event-log.ts';
export { HOST_EVENT_SERVICE_ID } from './host-event-service.ts';
export type { Ids } from './ids.ts';
export type { LogFields, Logger, LogLevel } from './logger.ts';
export { createManualEnvironment } from './manual-environment.ts';
export type { ManualEnvironment, ManualEnvironmentOptions } from './manual-environment.ts';
export { createRecordingLogger } from './manual-logger.ts';
export type { LogEntry, RecordingLogger, RecordingLoggerOptions } from './manual-logger.ts';
export { createSeededRandom } from './manual-random.ts';
export { createMemorySnapshotStore } from './memory-snapshot-store.ts';
export type { FailNextOptions, MemorySnapshotStore, StoreFailure } from './memory-snapshot-store.ts';
export type { PlacedPlugin, Placement, PlacementReport } from './placement.ts';
export type {
  CallOptions,
  MethodDescriptor,
  PackedStreamCall,
  PeerIdentity,
  PluginConnection,
  ServiceDescriptor,
} from './plugin-connection.ts';
export type { ProcessExit, ProcessLauncher, ProcessSpec, RunningProcess } from './process-launcher.ts';
export type { Random } from './random.ts';
export { createRealClock } from './real-clock.ts';
export { createRealEnvironment } from './real-environment.ts';
export type { RealEnvironmentOptions } from './real-environment.ts';
export { createRealLogger } from './real-logger.ts';
export type { RealLoggerOptions } from './real-logger.ts';
export { OLDEST_NODE, requireSupportedNode } from './runtime-version.ts';
export { createSafeLogger } from './safe-logger.ts';
export type { Scheduler } from './scheduler.ts';
export { createServiceClient, kindOf, service } from './service.ts';
export type {
  CallContext,
  ClientMethod,
  Messages,
  MethodHandler,
  MethodKind,
  RequestOf,
  ResponseOf,
  ServedService,
  ServiceClient,
  ServiceImplementation,
} from './service.ts';
export { createSilentLogger } from './silent-logger.ts';
export type { SnapshotStore, StoredSnapshot } from './snapshot-store.ts';
export { createVirtualClock } from './virtual-clock.ts';
export type { AdvanceAsyncOptions, RunToIdleOptions, VirtualClock, VirtualClockOptions } from './virtual-clock.ts';
export { within } from './within.ts';
