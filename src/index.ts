// For users.
export { createHost, readManifest } from './host/index.ts';
export type {
  DiscoveryOptions,
  FailedStart,
  Host,
  HostEventOptions,
  HostFact,
  HostOptions,
  HostStopReport,
  LaunchOptions,
  LoadedManifest,
  Manifest,
  ManifestInput,
  ManifestProblem,
  OperationInfo,
  Operations,
  Plugin,
  PluginEventFact,
  PluginEventOptions,
  PluginKind,
  PluginStatus,
  ReattachOptions,
  ServiceMap,
  SkippedPlugin,
  StartFailurePolicy,
  StartOptions,
  StartReport,
  StepOrder,
  Steps,
  StepTypeInfo,
  ValidationIssue,
  Validators,
} from './host/index.ts';
export { createBus, createLifecycleEvents, HOST_EVENT_SERVICE_ID, maskSecrets } from './bus/index.ts';
export type {
  AcceptedReceipt,
  Bus,
  BusCounters,
  BusFacts,
  BusOptions,
  BusStopReport,
  EventRefused,
  LifecycleEvents,
  LocalHandlerContext,
  PublishOptions,
  Receipt,
  RefusedReceipt,
  SubscribeOptions,
  Subscription,
  SubscriptionCounters,
  SubscriptionView,
} from './bus/index.ts';
export { nullEventLog, service } from './ports/index.ts';
export type { DomainEvent, EventDraft, EventLog, EventMap, WireEvent } from './ports/index.ts';
export type {
  BrokerListener,
  CallContext,
  CallOptions,
  ConnectionBroker,
  MethodDescriptor,
  PeerIdentity,
  PluginConnection,
  ServedService,
  ServiceClient,
  ServiceDescriptor,
  ServiceImplementation,
} from './ports/index.ts';
export {
  CODES,
  DeadlineExceededError,
  HandshakeError,
  InvalidOptionsError,
  isRuntimeError,
  PluginCrashedError,
  RuntimeError,
} from './errors/index.ts';
export type { Code, CodeInfo, PluginPhase } from './errors/index.ts';

// For integrators.
export { createMemoryCrashBudget } from './host/index.ts';
export { DEFAULT_ENVIRONMENT_NAMES } from './policy/index.ts';
export type { BackoffOptions, CrashBudgetOptions, ProcessPolicyOptions } from './policy/index.ts';
export { createRealEnvironment, createSilentLogger } from './ports/index.ts';
export type {
  Clock,
  CrashPort,
  CrashReport,
  Environment,
  Logger,
  LogFields,
  LogLevel,
  ProcessLauncher,
} from './ports/index.ts';
export type { PluginProcessFact, PluginProcessOutcome, PluginProcessState } from './machines/index.ts';
export { parseReattach } from './transport/index.ts';
export type { MagicCookie, PluginOutputChunk, ReattachConfig } from './transport/index.ts';
