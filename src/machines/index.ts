// For users.
export { hostMachine } from './host.machine.ts';
export type { HostEvent, HostOutcome } from './host.machine.ts';
export { pluginProcessMachine } from './plugin-process.machine.ts';
export { spawn, stop, tell } from './system-actions.ts';
export type { MessageTarget } from './system-actions.ts';
export type {
  PluginProcessEvent,
  PluginProcessFact,
  PluginProcessGoal,
  PluginProcessInput,
  PluginProcessOutcome,
  PluginProcessState,
  ProcessFailure,
} from './plugin-process.types.ts';

// For integrators.
export { describeExit } from './plugin-process.failures.ts';
export type { CleanUpReport, RestartVerdict, PluginProcessContext } from './plugin-process.types.ts';
export { connectIntents } from './system-actions.ts';
export type { Intent, IntentSink } from './system-actions.ts';
