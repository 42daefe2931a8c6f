// What is wrong with a statechart, found by reading it and by visiting everything that it can come to.

import type { AnyStateMachine } from 'xstate';
import { exploreMachine, nodesIn } from './explore-machine.ts';
import type { MachineExploration, Visit } from './explore-machine.ts';
import type { LintFinding, LintOptions } from './lint-finding.ts';
import { nodesOf } from './machine-nodes.ts';
import {
  findDeadEnds,
  findLongDelays,
  findSwallowedErrors,
  findUnhandledErrors,
  LONGEST_DELAY_MS,
  longDelay,
  unhandled,
} from './static-rules.ts';
import type { Step } from './stepper.ts';

/** All findings, each once, in the order of the rules. Nothing of the machine runs: no action, no child, no timer. */
export function lintMachine(machine: AnyStateMachine, options: LintOptions = {}): readonly LintFinding[] {
  const met = new Map<string, LintFinding>();
  const note = (findings: readonly LintFinding[]): void => {
    for (const finding of findings) met.set(`${finding.rule} ${finding.message}`, finding);
  };
  const seen = exploreMachine(machine, options, (visit) => {
    note([...findArmedDelays(visit.to), ...findDoubled(visit.to, machine.id), ...findFailure(visit)]);
  });
  const beforehand = [
    ...findMissing(seen),
    ...findDeadEnds(seen.machine, options),
    ...findUnhandledErrors(seen.machine),
    ...findSwallowedErrors(seen.machine),
    ...findLongDelays(seen.machine),
    ...seen.starts.flatMap((start) => [...findArmedDelays(start), ...findDoubled(start, machine.id)]),
  ];
  const later = [...met.values()];
  met.clear();
  note([...beforehand, ...later]);
  return [...met.values()];
}

/** What was not seen says something only when everything was looked at. */
function findMissing(seen: MachineExploration): LintFinding[] {
  const failed = seen.starts.find(({ position }) => position === undefined);
  if (failed !== undefined) return [threw(seen.machine.id, 'the initial state', failed.error)];
  return seen.complete ? [...findUnreachable(seen), ...findOneSidedGuards(seen)] : [tooMany(seen)];
}

function findUnreachable({ machine, activeNodes }: MachineExploration): LintFinding[] {
  return nodesOf(machine)
    .filter((node) => !activeNodes.has(node))
    .map(({ id }) => ({ rule: 'unreachable', state: id, message: `"${id}" is never entered` }));
}

function findOneSidedGuards({ machine, guards }: MachineExploration): LintFinding[] {
  return [...guards]
    .filter(([, tally]) => tally.true === 0 || tally.false === 0)
    .map(([name, tally]) => {
      const verdict = tally.true + tally.false === 0 ? 'asked' : tally.true === 0 ? 'true' : 'false';
      return { rule: 'one-sided-guard', state: machine.id, message: `guard "${name}" is never ${verdict}` };
    });
}

function tooMany({ machine, positions }: MachineExploration): LintFinding {
  const message = `"${machine.id}" has more than ${positions} positions; give "serialize" or raise "limit"`;
  return { rule: 'too-many-states', state: machine.id, message };
}

function findArmedDelays({ delays }: Step): LintFinding[] {
  return [...delays]
    .filter(([, delay]) => !(delay >= 0 && delay <= LONGEST_DELAY_MS))
    .map(([id, delay]) => longDelay(/^xstate\.after\.[^.]+\.(.*)$/.exec(id)?.[1] ?? id, delay));
}

function findDoubled({ doubled, position }: Step, machine: string): LintFinding[] {
  const state = position === undefined ? machine : innermost(position.snapshot);
  return doubled.map((id) => ({
    rule: 'duplicate-child-id',
    state,
    message: `a child "${id}" is started while another one of that id runs, which nobody can stop any more`,
  }));
}

function findFailure({ from, event, to }: Visit): LintFinding[] {
  if (to.position !== undefined) return [];
  const state = innermost(from.snapshot);
  const child = /^xstate\.error\.actor\.(.*)$/.exec(event.type)?.[1];
  // With no transition for it, the machine fails with the very error of its child.
  const isChilds = child !== undefined && to.error === (event as { readonly error?: unknown }).error;
  return [
    isChilds ? unhandled(ownerOf(child, state), from.children.get(child) ?? child) : threw(state, event.type, to.error),
  ];
}

/** An invoked child without an id of its own is named `<number>.<id of its state>`. */
function ownerOf(child: string, state: string): string {
  return /^\d+\.(.+)$/.exec(child)?.[1] ?? state;
}

function threw(state: string, event: string, error: unknown): LintFinding {
  const text = error instanceof Error ? error.message : String(error);
  return { rule: 'throws', state, message: `"${state}" throws on ${event}: ${text}` };
}

function innermost(snapshot: Visit['from']['snapshot']): string {
  return nodesIn(snapshot).toSorted((a, b) => b.path.length - a.path.length)[0]?.id ?? snapshot.machine.id;
}
