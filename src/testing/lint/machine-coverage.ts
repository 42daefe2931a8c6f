import type { AnyStateMachine, AnyStateNode } from 'xstate';
import { exploreMachine, nodesIn } from './explore-machine.ts';
import type { MachineOptions, Visit } from './explore-machine.ts';
import { hasEffect, isWithin, labelOf, nodesOf, transitionsOf } from './machine-nodes.ts';

/** What of a kind was seen, and what was not. */
export interface Coverage {
  readonly seen: readonly string[];
  readonly missing: readonly string[];
}

/** How often a guard said what. */
export interface GuardCoverage {
  readonly name: string;
  readonly true: number;
  readonly false: number;
}

/** How much of a machine an exploration reaches. */
export interface MachineCoverage {
  /** By the ids of the states. */
  readonly states: Coverage;
  /** Named by state and event: `door.open on close, 1 of 2`. Those that only forbid an event do not count. */
  readonly transitions: Coverage;
  readonly guards: readonly GuardCoverage[];
  /** What each state without children did with each event that it met: `[state][event]`. */
  readonly eventMatrix: Readonly<Record<string, Readonly<Record<string, 'handled' | 'ignored' | 'failed'>>>>;
  /** How many positions were visited. */
  readonly positions: number;
  /** False when there are more positions than `limit`. */
  readonly complete: boolean;
}

/** Measures what can be reached in a machine. Nothing of it runs: no action, no child, no timer. */
export function machineCoverage(machine: AnyStateMachine, options: MachineOptions = {}): MachineCoverage {
  const eventMatrix: Matrix = {};
  const seen = exploreMachine(machine, options, (visit) => enter(visit, eventMatrix));
  const nodes = nodesOf(seen.machine);
  const transitions = nodes.flatMap(transitionsOf).filter(hasEffect);
  return {
    states: split(
      nodes,
      (node) => seen.activeNodes.has(node),
      ({ id }) => id,
    ),
    transitions: split(transitions, (one) => seen.taken.has(one), labelOf),
    guards: [...seen.guards].map(([name, tally]) => ({ name, ...tally })),
    eventMatrix,
    positions: seen.positions,
    complete: seen.complete,
  };
}

function split<Item>(
  items: readonly Item[],
  isSeen: (item: Item) => boolean,
  nameOf: (item: Item) => string,
): Coverage {
  return {
    seen: items.filter(isSeen).map(nameOf),
    missing: items.filter((item) => !isSeen(item)).map(nameOf),
  };
}

const OUTCOMES = ['ignored', 'handled', 'failed'] as const;

type Matrix = Record<string, Record<string, (typeof OUTCOMES)[number]>>;

/** An event that was handled in some position counts as handled in the state, one that failed in any as failed. */
function enter(visit: Visit, matrix: Matrix): void {
  const { type } = visit.event;
  for (const node of nodesIn(visit.from.snapshot).filter((one) => one.type === 'atomic')) {
    const row = (matrix[node.id] ??= {});
    const outcome = outcomeOf(visit, node);
    const known = row[type] ?? 'ignored';
    row[type] = OUTCOMES.indexOf(outcome) > OUTCOMES.indexOf(known) ? outcome : known;
  }
}

/** What another region of a parallel state does is not the state's own doing. */
function outcomeOf({ to }: Visit, node: AnyStateNode): (typeof OUTCOMES)[number] {
  if (to.position === undefined) return 'failed';
  return to.taken.some(({ source }) => isWithin(node, source as AnyStateNode)) ? 'handled' : 'ignored';
}
