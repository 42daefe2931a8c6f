// For users.
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
export type { PluginEventOptions } from './plugin-event-options.ts';
export type { Plugin, PluginStatus } from './plugin.ts';
export type { StartFailurePolicy, StartOptions } from './start-options.ts';
export type { FailedStart, StartReport } from './start-plugins.ts';

// For integrators.
export { createMemoryCrashBudget } from './memory-crash-budget.ts';
export { readManifest } from './read-manifest.ts';
