// For users.
export { createHost } from './host/index.ts';
export type {
  Host,
  HostFact,
  HostOptions,
  HostStopReport,
  LaunchOptions,
  Plugin,
  PluginStatus,
  ReattachOptions,
  ServiceMap,
} from './host/index.ts';
export { service } from './ports/index.ts';
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
