// Who is down, who was stopped, and how often each member failed: the books of the supervisor chart, as pure functions.
//
// Invariants:
//   K1. A failure of a member is counted once, whenever it comes; that of a stranger, or of who left, never.
//   K2. `down` and `stopped` name members only, each once, in start order, and all of `stopped` are in `down`.

import { affected, backoffDelay, emptyCrashWindow, recordCrash } from '../policy/index.ts';
import type {
  Escalation,
  MemberFailure,
  MemberRecord,
  SupervisedMember,
  SupervisorContext,
  SupervisorInput,
} from './supervisor.types.ts';

/** The books with the first failure in them. */
export function openBooks({ strategy, members, failure }: SupervisorInput): SupervisorContext {
  const empty = { records: [], down: [], stopped: [], batch: [], failures: [], escalations: [] };
  return withFailure({ strategy, members, ...empty }, failure);
}

/** Whether the failure is one of a member (K1). */
export function isMember({ members }: SupervisorContext, name: string): boolean {
  return members.some((member) => member.name === name);
}

/** Counts a failure, and takes down whom the strategy restarts with the member. */
export function withFailure(context: SupervisorContext, failure: MemberFailure): SupervisorContext {
  const { name, at } = failure;
  const member = context.members.find((one) => one.name === name);
  if (member === undefined) return context;
  const { maxRestarts, withinMs } = member.policy;
  const before = recordOf(context, name);
  const verdict = recordCrash(before.window, at, { limit: maxRestarts + 1, windowMs: withinMs });
  const record = { name, window: verdict.window, attempts: before.attempts + 1 };
  const others = affected(context.strategy, namesOf(context.members), name);
  return {
    ...context,
    records: [...context.records.filter((one) => one.name !== name), record],
    down: inOrder(context, [...context.down, ...others]),
    failures: [...context.failures.filter((one) => one.name !== name), failure],
    escalations: verdict.exhausted
      ? withEscalation(context, escalationOf(record, failure, member))
      : context.escalations,
  };
}

/** Counts a start that failed. Who stands after it in the batch was not started, and so needs no stop. */
export function withFailedStart(context: SupervisorContext, failure: MemberFailure): SupervisorContext {
  const index = context.batch.indexOf(failure.name);
  // The effect names whom it was told to start. If it named another, nothing would be known about any of them.
  const missing = context.batch.slice(index + 1);
  const idle = index === -1 ? [] : missing.filter((name) => !context.down.includes(name));
  const down = inOrder(context, [...context.down, ...missing]);
  return withFailure({ ...context, down, stopped: inOrder(context, idle) }, failure);
}

/** Takes over the new list of members; what was known about those who left is forgotten. */
export function withMembers(context: SupervisorContext, members: readonly SupervisedMember[]): SupervisorContext {
  const next = { ...context, members };
  return {
    ...next,
    records: context.records.filter(({ name }) => isMember(next, name)),
    down: inOrder(next, context.down),
    stopped: inOrder(next, context.stopped),
    // One who left may come back under the same name, and is not the one whom the effect stops.
    batch: context.batch.filter((name) => isMember(next, name)),
    failures: context.failures.filter(({ name }) => isMember(next, name)),
    escalations: context.escalations.filter(({ name }) => isMember(next, name)),
  };
}

/** Who is still to be stopped, the last started first. */
export function namesToStop({ down, stopped }: SupervisorContext): readonly string[] {
  return down.filter((name) => !stopped.includes(name)).toReversed();
}

/** The books after the batch was stopped. */
export function withStopped(context: SupervisorContext): SupervisorContext {
  return { ...context, stopped: inOrder(context, [...context.stopped, ...context.batch]) };
}

/** Whom the last start brought up for good: those of the batch who did not go down again. */
export function namesUp({ batch, down }: SupervisorContext): readonly string[] {
  return batch.filter((name) => !down.includes(name));
}

/** The longest of the waits that the failures ask for. If all who failed have left, nobody waits. */
export function waitOf(context: SupervisorContext): {
  readonly attempt: number;
  readonly delayMs: number;
  readonly reason: string;
} {
  const waits = context.failures.flatMap(({ name, random, reason }) => {
    const { attempts: attempt } = recordOf(context, name);
    const ofMember = context.members.filter((member) => member.name === name);
    return ofMember.map(({ policy }) => ({
      attempt,
      delayMs: backoffDelay(policy.backoff, attempt - 1, random),
      reason,
    }));
  });
  const [longest] = waits.toSorted((a, b) => b.delayMs - a.delayMs);
  return longest ?? { attempt: 0, delayMs: 0, reason: '' };
}

/** How long nobody may fail until waits start from the beginning: what the strictest asks for of those who failed. */
export function stableMsOf(context: SupervisorContext): number {
  return Math.max(0, ...failed(context).map(({ policy }) => policy.stableMs));
}

/** How much longer failures count than waits grow. */
export function memoryMsOf(context: SupervisorContext): number {
  return Math.max(0, ...failed(context).map(({ policy }) => policy.withinMs)) - stableMsOf(context);
}

/** Why the supervisor gives up when it cannot stop or start its members. Names the member that failed last. */
export function escalationFrom(context: SupervisorContext, error: unknown): Escalation {
  const record = context.records.at(-1);
  const member = context.members.find(({ name }) => name === record?.name);
  return {
    name: record?.name ?? '',
    reason: error instanceof Error ? error.message : String(error),
    restarts: Math.max(0, (record?.window.length ?? 0) - 1),
    withinMs: member?.policy.withinMs ?? 0,
  };
}

/** Why the supervisor gave up: the first of the reasons. */
export function reasonOf(context: SupervisorContext): Escalation {
  return context.escalations[0] ?? escalationFrom(context, 'no reason');
}

/** The first reason of a member is the one that counts. */
function withEscalation({ escalations }: SupervisorContext, escalation: Escalation): readonly Escalation[] {
  return escalations.some(({ name }) => name === escalation.name) ? escalations : [...escalations, escalation];
}

function escalationOf(
  { name, window }: MemberRecord,
  { reason }: MemberFailure,
  { policy }: SupervisedMember,
): Escalation {
  return { name, reason, restarts: window.length - 1, withinMs: policy.withinMs };
}

function recordOf({ records }: SupervisorContext, name: string): MemberRecord {
  return records.find((record) => record.name === name) ?? { name, window: emptyCrashWindow, attempts: 0 };
}

function failed({ members, records }: SupervisorContext): readonly SupervisedMember[] {
  return members.filter(({ name }) => records.some((record) => record.name === name));
}

/** K2. */
function inOrder({ members }: Pick<SupervisorContext, 'members'>, names: readonly string[]): readonly string[] {
  return namesOf(members).filter((name) => names.includes(name));
}

function namesOf(members: readonly SupervisedMember[]): readonly string[] {
  return members.map(({ name }) => name);
}
