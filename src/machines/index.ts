// For users.
export { auditRelayMachine } from './audit-relay.machine.ts';
export type {
  AuditFailure,
  AuditRelayEvent,
  AuditRelayFact,
  AuditRelayInput,
  AuditRelayOutcome,
  AuditStep,
} from './audit-relay.types.ts';
export { devLoopMachine } from './dev-loop.machine.ts';
export type { DevLoopEvent, DevLoopFact, DevLoopInput, DevLoopOutcome } from './dev-loop.types.ts';
export { eventStreamMachine } from './event-stream.machine.ts';
export type {
  EventForm,
  EventStreamCommand,
  EventStreamEvent,
  EventStreamFact,
  EventStreamFailure,
  EventStreamInput,
  EventStreamOutcome,
} from './event-stream.types.ts';
export { hostMachine } from './host.machine.ts';
export type { HostEvent, HostOutcome } from './host.machine.ts';
export { hostChannelMachine } from './host-channel.machine.ts';
export type { HostChannelEvent, HostChannelInput } from './host-channel.machine.ts';
export { logTailMachine } from './log-tail.machine.ts';
export type { LogTailEvent, LogTailFact, LogTailInput, TailEntry, TailPage } from './log-tail.machine.ts';
export { pluginLeaseMachine } from './plugin-lease.machine.ts';
export { pluginLifecycleMachine } from './plugin-lifecycle.machine.ts';
export { pluginProcessMachine } from './plugin-process.machine.ts';
export { pluginReplacementMachine } from './plugin-replacement.machine.ts';
export type {
  LifecycleOperation,
  LifecyclePolicy,
  LeasePolicy,
  LifecycleRequest,
  PluginLifecycleEvent,
  PluginLifecycleFact,
  PluginLifecycleInput,
  PluginState,
  UpkeepOperation,
} from './plugin-lifecycle.types.ts';
export { ask, reply, spawn, stash, stop, tell, unstash, unwatch, watch } from './system-actions.ts';
export type { AskActionOptions } from './system-actions.ts';
export type { MessageTarget, PlainLogic } from './intents.ts';
export { subscriptionMachine } from './subscription.machine.ts';
export type {
  SubscriptionEvent,
  SubscriptionFact,
  SubscriptionInput,
  SubscriptionOutcome,
  SubscriptionReport,
} from './subscription.types.ts';
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
export type {
  PluginReplacementAnswer,
  PluginReplacementEvent,
  PluginReplacementFact,
  PluginReplacementInput,
  PluginReplacementOutcome,
  ReplacementEnd,
  ReplacementFailure,
  ReplacementPhase,
  VerifyReport,
} from './plugin-replacement.types.ts';

// For integrators.
export type { AuditRelayContext } from './audit-relay.types.ts';
export type { PluginLeaseInput, RenewalReport } from './plugin-lease.machine.ts';
export {
  EXPECTED_STATES,
  isPassing,
  originOf,
  PASSING_STATE_OF,
  resetTarget,
  stateOfRow,
} from './plugin-lifecycle.rules.ts';
export type { CountCrashInput, SettleInput, VerifyInput } from './plugin-lifecycle.setup.ts';
export { LIFECYCLE_OPERATIONS } from './plugin-lifecycle.types.ts';
export type {
  LeaseClaim,
  LifecycleFailure,
  LifecycleOutcome,
  LifecycleWorkInput,
  PendingCrash,
  PluginLifecycleContext,
  RemovalReport,
  StageReport,
  WriteReport,
} from './plugin-lifecycle.types.ts';
export { REPLACEMENT_PHASES } from './plugin-replacement.types.ts';
export type { PluginReplacementContext, SwapOrder } from './plugin-replacement.types.ts';
export type {
  DevArtifact,
  DevBuildInput,
  DevCompareInput,
  DevFailure,
  DevLoopContext,
  DevPermissionChange,
  DevPhase,
  DevProject,
  DevUploadAnswer,
  DevUploadInput,
  DevVerifyInput,
} from './dev-loop.types.ts';
export type { LogTailContext } from './log-tail.machine.ts';
export type { HostChannelContext } from './host-channel.machine.ts';
export type { EventStreamContext, PlaneCommand, PlaneReport, StreamForm } from './event-stream.types.ts';
export { describeExit, KILL_TIMEOUT_MS } from './plugin-process.failures.ts';
export { PLUGIN_PROCESS_STATES } from './plugin-process.types.ts';
export type { CleanUpReport, RestartVerdict, PluginProcessContext } from './plugin-process.types.ts';
export type { Intent, IntentSink } from './intents.ts';
export { WARNING_INTERVAL_MS } from './subscription.machine.ts';
export type { OverflowNote, SubscriptionContext } from './subscription.types.ts';
export type { MemberNames, MemberRecord, StartReport, SupervisorContext } from './supervisor.types.ts';
