// For users.
export { createManualEnvironment, createSeededRandom, createVirtualClock } from '../ports/index.ts';
export type { ManualEnvironment, ManualEnvironmentOptions, VirtualClock } from '../ports/index.ts';
export { createMemoryConnection } from '../transport/memory/index.ts';
export { explore } from './explore/explore.ts';
export type { ExploreOptions } from './explore/explore.ts';
export { RaceError } from './explore/outcome.ts';
export type { Exploration, RaceFailure } from './explore/outcome.ts';
export { defineScenario } from './explore/scenario.ts';
export type { Client, ClientStep, Scenario, ScheduleContext, Verdict } from './explore/scenario.ts';
export type { FaultBudget } from './kernel/faults.ts';
export type { PortOptions } from './kernel/ports.ts';
export { eventually } from './oracles/eventually.ts';
export type { EventuallyOptions } from './oracles/eventually.ts';
export { exactlyOneTerminated } from './oracles/exactly-one-terminated.ts';
export { fifoPerPair } from './oracles/fifo-per-pair.ts';
export { linearizable } from './oracles/linearizable-history.ts';
export { never } from './oracles/never.ts';
export { noDeadLetters } from './oracles/no-dead-letters.ts';
export type { NoDeadLettersOptions } from './oracles/no-dead-letters.ts';
export { noLeaks } from './oracles/no-leaks.ts';
export type { Leftovers, Oracle, OracleWatch, ProcessedItem, ScheduleEnd, ScheduleView } from './oracles/oracle.ts';
export { createScriptedEventPeer } from './plugins/scripted-event-peer.ts';
export type {
  EventPeerScript,
  ReceivedEvent,
  ScriptedEventPeer,
  ScriptedEventPeerOptions,
  ScriptedForm,
  ScriptedOutcome,
} from './plugins/scripted-event-peer.ts';
export { dfs } from './explore/strategies/dfs.ts';
export type { DfsOptions } from './explore/strategies/dfs.ts';
export { pct } from './explore/strategies/pct.ts';
export type { PctOptions } from './explore/strategies/pct.ts';
export { portfolio } from './explore/strategies/portfolio.ts';
export type { Portfolio, PortfolioOptions } from './explore/strategies/portfolio.ts';
export { random } from './explore/strategies/random.ts';
export { follow, replay } from './explore/strategies/replay.ts';
export { drawSequence } from './explore/sequence-diagram.ts';
export type { SequenceDiagramOptions, TraceStep } from './explore/sequence-diagram.ts';
export type { Choice, Chooser, Decision, Strategy } from './explore/strategies/strategy.ts';
export { lintMachine } from './lint/lint-machine.ts';
export type { LintFinding, LintOptions, LintRule } from './lint/lint-finding.ts';
export { machineCoverage } from './lint/machine-coverage.ts';
export type { Coverage, GuardCoverage, MachineCoverage } from './lint/machine-coverage.ts';
export type { MachineOptions } from './lint/explore-machine.ts';
export { recordHistory } from './oracles/history.ts';
export type { HistoryEntry, HistoryRecorder, RecordHistoryOptions } from './oracles/history.ts';
export { checkLinearizable } from './oracles/linearizable.ts';
export type { LinearizableOptions, LinearizableResult, ModelCall, SequentialModel } from './oracles/linearizable.ts';
export { createPluginHarness } from './plugins/plugin-harness.ts';
export type { PluginHarness, PluginHarnessOptions } from './plugins/plugin-harness.ts';
export type { EmitRefusal, EmittedRecord } from './plugins/fake-event-host.ts';
export type { DeliveredResult, DeliverOptions } from './plugins/event-sender.ts';

// For integrators.
export { createRecorder } from './explore/recorder.ts';
export type { Recorder, RecorderOptions } from './explore/recorder.ts';
export { deriveSeed } from './explore/strategies/seeds.ts';
export { shrink } from './explore/shrink.ts';
export type { Fails, ShrinkOptions, ShrinkResult } from './explore/shrink.ts';
export { interceptRelay } from './explore/xstate-relay.ts';
export type { Delivery } from './explore/xstate-relay.ts';
