// For users.
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
export { pluginProcessMachine } from './plugin-process.machine.ts';
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

// For integrators.
export type { HostChannelContext } from './host-channel.machine.ts';
export type { EventStreamContext, PlaneCommand, PlaneReport, StreamForm } from './event-stream.types.ts';
export { describeExit } from './plugin-process.failures.ts';
export { PLUGIN_PROCESS_STATES } from './plugin-process.types.ts';
export type { CleanUpReport, RestartVerdict, PluginProcessContext } from './plugin-process.types.ts';
export type { Intent, IntentSink } from './intents.ts';
export { WARNING_INTERVAL_MS } from './subscription.machine.ts';
export type { OverflowNote, SubscriptionContext } from './subscription.types.ts';
export type { MemberNames, MemberRecord, StartReport, SupervisorContext } from './supervisor.types.ts';
