// How the plugin-process chart turns errors and exits into one failure that explains them. Pure functions.

import { RuntimeError } from '../errors/index.ts';
import type { Code, PluginPhase } from '../errors/index.ts';
import { backoffDelay } from '../policy/index.ts';
import type { ProcessExit } from '../ports/index.ts';
import type {
  CleanUpReport,
  PluginProcessContext,
  PluginProcessOutcome,
  ProcessFailure,
} from './plugin-process.types.ts';

/** Milliseconds after SIGKILL before the operating system counts as unable to end the process. */
export const KILL_TIMEOUT_MS = 5000;

// What callers see when the process behind a connection dies; the exit explains these, not the other way round.
const BROKEN_CONNECTION: ReadonlySet<Code> = new Set(['CONNECT_FAILED', 'PROBE_FAILED', 'UNAVAILABLE', 'CANCELLED']);

/** The failure that a rejected effect stands for. Errors without a code get the fallback. */
export function failureOf(reason: unknown, phase: PluginPhase, fallback: Code): ProcessFailure {
  const { code, rawMessage } = RuntimeError.from(reason, fallback);
  return { code, message: rawMessage, phase };
}

/** The failure with the plugin's name in its text; effects below the chart do not always know it. */
export function named({ plugin }: PluginProcessContext, failure: ProcessFailure): ProcessFailure {
  const isNamed = failure.message.includes(`"${plugin}"`);
  return isNamed ? failure : { ...failure, message: `plugin "${plugin}": ${failure.message}` };
}

/** `exited with code 3` or `was ended by SIGKILL`. */
export function describeExit({ code, signal }: ProcessExit): string {
  if (code !== null) return `exited with code ${code}`;
  return signal === null ? 'ended' : `was ended by ${signal}`;
}

/** A ready process ended by itself. */
export function crashOf(plugin: string, exit: ProcessExit): ProcessFailure {
  const message = `plugin "${plugin}" ${describeExit(exit)} without being asked to`;
  return { code: 'PLUGIN_CRASHED', message, phase: 'ready' };
}

/** A process ended by itself before it was ready. */
export function earlyExit({ plugin, step }: PluginProcessContext, exit: ProcessExit): ProcessFailure {
  const message = `plugin "${plugin}" ${describeExit(exit)} before it was ready`;
  return { code: 'PLUGIN_EXITED_EARLY', message, phase: step };
}

/** The start took too long. */
export function lateStart({ plugin, policy, step }: PluginProcessContext): ProcessFailure {
  const message = `plugin "${plugin}" was not ready within ${policy.startTimeoutMs} ms`;
  return { code: 'HANDSHAKE_TIMEOUT', message, phase: step };
}

/** Keeps a failure that has nothing to do with the exit; replaces one that the exit explains. */
export function explainExit(context: PluginProcessContext, exit: ProcessExit): ProcessFailure | undefined {
  const { failure } = context;
  return failure !== undefined && BROKEN_CONNECTION.has(failure.code) ? earlyExit(context, exit) : failure;
}

/** An exit that nobody asked for, in the words of whoever looked into it. */
export function refine(
  { failure }: PluginProcessContext,
  diagnosis: CleanUpReport['diagnosis'],
): ProcessFailure | undefined {
  const isExit = failure?.code === 'PLUGIN_EXITED_EARLY' || failure?.code === 'PLUGIN_CRASHED';
  return diagnosis !== undefined && isExit ? { ...failure, ...diagnosis } : failure;
}

/** The failure so far. */
export function knownFailure({ failure, plugin }: PluginProcessContext): ProcessFailure {
  return failure ?? { code: 'INTERNAL', message: `plugin "${plugin}" failed without a reason`, phase: 'ready' };
}

/** The operating system could not end the process. */
export function outlivedKill({ plugin, pid }: PluginProcessContext): ProcessFailure {
  const message = `process ${pid} of plugin "${plugin}" still runs ${KILL_TIMEOUT_MS} ms after SIGKILL`;
  return { code: 'KILL_TIMED_OUT', message, phase: 'killing' };
}

/** True when the newest process did not end even by force. */
export function hasOutlivedKill({ failure }: PluginProcessContext): boolean {
  return failure?.code === 'KILL_TIMED_OUT';
}

/** How the plugin ended for good. */
export function outcomeOf(context: PluginProcessContext): PluginProcessOutcome {
  const { goal, failure, exit, stderrTail } = context;
  if (failure === undefined || (goal === 'stop' && !hasOutlivedKill(context))) return { kind: 'stopped' };
  return { kind: 'failed', failure, exit, stderrTail };
}

/** The wait before the next start. */
export function backoffOf({ policy, attempt, random }: PluginProcessContext): number {
  return backoffDelay(policy.backoff, Math.max(0, attempt - 1), random);
}
