// For users.
export { DEFAULT_BUNDLE_LIMITS } from './bundles/bundle-limits.ts';
export { createArtifactStore } from './bundles/store/artifact-store.ts';
export type {
  Artifact,
  ArtifactStore,
  ArtifactStoreOptions,
  StagedArtifact,
  StageOptions,
  VerifiedArtifact,
} from './bundles/store/artifact-store.ts';
export { createSigningKey, packBundle, readSigningKey, signBundle, verifyBundle } from './bundles/index.ts';
export type {
  BundleLimits,
  PackOptions,
  SignaturePolicies,
  SignaturePolicy,
  VerifiedBundle,
  VerifyBundleOptions,
  WriteBundleOptions,
  WrittenBundle,
} from './bundles/index.ts';
export { createHost } from './create-host.ts';
export type { Host, HostFact, HostOptions, HostStopReport } from './create-host.ts';
export type { HostEventOptions, PluginEventFact } from './host-bus.ts';
export type {
  OperationInfo,
  Operations,
  StepOrder,
  Steps,
  StepTypeInfo,
  ValidationIssue,
  Validators,
} from './kind-clients.ts';
export type { LaunchOptions, ReattachOptions, ServiceMap } from './launch-options.ts';
export type {
  DiscoveryOptions,
  LoadedManifest,
  Manifest,
  ManifestInput,
  ManifestProblem,
  PluginKind,
  SkippedPlugin,
} from './manifest/index.ts';
export type { PlacementName } from './placements.ts';
export type { PluginEventOptions } from './plugin-event-options.ts';
export type { EditionStatus } from './edition.ts';
export type { Plugin, PluginStatus } from './plugin.ts';
export type {
  KeepOptions,
  ReplacementOutcome,
  ReplacementStatus,
  StagedPlugin,
  SwapOptions,
} from './staged-plugin.ts';
export type { StartFailurePolicy, StartOptions } from './start-options.ts';
export type { FailedStart, StartReport } from './start-plugins.ts';

// For integrators.
export { createBreaker, createLifecycle } from './lifecycle/index.ts';
export type {
  Artifacts,
  BootReport,
  Breaker,
  ConsentOptions,
  DeactivateOptions,
  InstalledPlugin,
  InstallOptions,
  Lifecycle,
  LifecycleFact,
  LifecycleOperation,
  LifecycleOptions,
  Migrator,
  OperationOptions,
  OperationProgress,
  PluginSource,
  PluginSummary,
  UninstallOptions,
} from './lifecycle/index.ts';
export { createAuditor, createFileSink, verifyAudit } from './audit/index.ts';
export type {
  AuditAnchor,
  AuditFact,
  Auditor,
  AuditorOptions,
  AuditReport,
  AuditRetention,
  AuditStatus,
  AuditStopReport,
  FileSinkOptions,
  VerifyAuditOptions,
} from './audit/index.ts';
export { createCapabilityRegistry, createPermissionChecker } from './permissions/index.ts';
export type {
  Capability,
  CapabilityRegistry,
  PermissionChecker,
  PermissionCheckerOptions,
} from './permissions/index.ts';
export { createDevRoutes, provideSdk, unpackBundle } from './dev/index.ts';
export type { DevLogSource, DevRoutes, DevRoutesOptions } from './dev/index.ts';
export {
  diagnoseHost,
  hostHealth,
  PRINCIPAL_FIELD,
  principalField,
  requireAdminSocket,
  serveAdmin,
  sharedHealth,
} from './admin/index.ts';
export type {
  AdminOptions,
  AdminPorts,
  AdminServer,
  AuditChainReport,
  HostCheck,
  HostFacts,
  PendingSetting,
  ReloadReport,
} from './admin/index.ts';
export {
  dataDirectoryAt,
  prepareDataDirectory,
  readOrMakeSecret,
  readRunningHost,
  readSecret,
  takeHostLock,
} from './data-directory/index.ts';
export type { DataDirectory, HostLock, RunningHost } from './data-directory/index.ts';
export { createOutputLog, openPluginLogs } from './logs/index.ts';
export type { LogHub, LogItem, LogRecord, PluginLogs, PluginLogsOptions, TailOptions } from './logs/index.ts';
export { hostMetrics, hostRoutes, openOpsListener } from './ops/index.ts';
export type { OpsHandler, OpsListener, OpsListenerOptions, OpsRequest, OpsResponse, OpsRoute } from './ops/index.ts';
export { createMemoryCrashBudget } from './memory-crash-budget.ts';
export { readManifest } from './read-manifest.ts';
export { readTrust } from './read-trust.ts';
export type { TrustedKey, TrustOptions } from './bundles/signing/trust.ts';
