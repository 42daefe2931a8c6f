// For users.
export type { Artifacts, StageArtifactOptions, StagedArtifact, StoredArtifact } from './artifacts.ts';
export { createBreaker } from './breaker.ts';
export type { Breaker } from './breaker.ts';
export { createLifecycle } from './create-lifecycle.ts';
export { createDataDirectories } from './data-directories.ts';
export type { DataDirectories } from './data-directories.ts';
export type { BreakerOptions, LifecycleOptions, LifecycleTimes, RetentionOptions } from './lifecycle-options.ts';
export type { MigrationContext, Migrator } from './migrator.ts';
export type {
  BootReport,
  ConsentOptions,
  DeactivateOptions,
  InstalledPlugin,
  InstallOptions,
  Lifecycle,
  LifecycleFact,
  LifecycleOperation,
  OperationOptions,
  OperationProgress,
  PluginSource,
  PluginSummary,
  UninstallOptions,
} from './types.ts';
