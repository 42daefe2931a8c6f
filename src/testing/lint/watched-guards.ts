// A copy of a machine whose guards tell what they say. Guards within `and`, `or`, `not` and `enqueueActions` count too.

import { and } from 'xstate';
import type { AnyMachineSnapshot, AnyStateMachine } from 'xstate';
import { labelOf, nodesOf, transitionsOf } from './machine-nodes.ts';

/** How often a guard said what. */
export interface GuardTally {
  true: number;
  false: number;
}

/** A machine and the tally of its guards: the named ones by name, the others by the transition that they stand at. */
export interface WatchedMachine {
  readonly machine: AnyStateMachine;
  readonly guards: ReadonlyMap<string, GuardTally>;
}

interface GuardArgs {
  readonly context: unknown;
  readonly event: unknown;
}

type PlainGuard = (args: GuardArgs, params: unknown) => boolean;

/** XState's own guards (`and`, `or`, `not`, `stateIn`) carry their check as a member. */
interface CombinedGuard {
  (args: GuardArgs, params: unknown): boolean;
  check?: (snapshot: AnyMachineSnapshot, args: GuardArgs, self: unknown) => boolean;
}

/** Makes a copy of the machine that counts; the machine itself is not touched. */
export function watchGuards(machine: AnyStateMachine): WatchedMachine {
  const guards = new Map<string, GuardTally>();
  const named = Object.entries(machine.implementations.guards as Record<string, CombinedGuard>);
  const copy = machine.provide({
    guards: Object.fromEntries(named.map(([name, guard]) => [name, watch(guard, tallyOf(guards, name))])),
  }) as AnyStateMachine;
  for (const transition of nodesOf(copy).flatMap(transitionsOf)) {
    const guard = transition.guard as CombinedGuard | string | object | undefined;
    if (typeof guard !== 'function') continue;
    const tally = tallyOf(guards, `inline guard of ${labelOf(transition)}`);
    (transition as { guard: unknown }).guard = watch(guard as CombinedGuard, tally);
  }
  return { machine: copy, guards };
}

function tallyOf(guards: Map<string, GuardTally>, name: string): GuardTally {
  const tally = { true: 0, false: 0 };
  guards.set(name, tally);
  return tally;
}

function watch(guard: CombinedGuard, tally: GuardTally): CombinedGuard {
  const count = (verdict: boolean): boolean => {
    tally[verdict ? 'true' : 'false']++;
    return verdict;
  };
  // A plain one gets parameters, which a combined one does not; so each kind stays what it is.
  if (guard.check === undefined) return ((args, params) => count(Boolean(guard(args, params)))) satisfies PlainGuard;
  const around = and([guard as never]) as unknown as Required<CombinedGuard>;
  const watched: CombinedGuard = () => false;
  watched.check = (snapshot, args) => count(around.check(snapshot, args, around));
  return watched;
}
