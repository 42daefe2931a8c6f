// For users.
export { createHost } from './create-host.ts';
export type { Host, HostFact, HostOptions, HostStopReport } from './create-host.ts';
export type { LaunchOptions, ReattachOptions, ServiceMap } from './launch-options.ts';
export type { Plugin, PluginStatus } from './plugin.ts';

// For integrators.
export { createMemoryCrashBudget } from './memory-crash-budget.ts';
