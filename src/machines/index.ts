// For users.
export { hostMachine } from './host.machine.ts';
export type { HostEvent, HostOutcome } from './host.machine.ts';
export { pluginProcessMachine } from './plugin-process.machine.ts';
export { ask, reply, spawn, stash, stop, tell, unstash, unwatch, watch } from './system-actions.ts';
export type { AskActionOptions } from './system-actions.ts';
export type { MessageTarget, PlainLogic } from './intents.ts';
export { supervisorMachine } from './supervisor.machine.ts';
export type {
  Escalation,
  MemberFailure,
  SupervisedMember,
  SupervisorEvent,
  SupervisorFact,
  SupervisorInput,
  SupervisorOutcome,
} from './supervisor.types.ts';
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
export { PLUGIN_PROCESS_STATES } from './plugin-process.types.ts';
export type { CleanUpReport, RestartVerdict, PluginProcessContext } from './plugin-process.types.ts';
export type { Intent, IntentSink } from './intents.ts';
export type { MemberNames, MemberRecord, StartReport, SupervisorContext } from './supervisor.types.ts';
