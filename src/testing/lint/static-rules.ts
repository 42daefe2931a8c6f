// What can be found wrong with a machine by reading it.

import type { AnyStateMachine, AnyStateNode } from 'xstate';
import type { LintFinding, LintOptions } from './lint-finding.ts';
import { hasEffect, isWithin, lineageOf, nodesOf, transitionsOf } from './machine-nodes.ts';

/** The longest delay that `setTimeout` takes, in milliseconds; a longer one fires at once. */
export const LONGEST_DELAY_MS = 2 ** 31 - 1;

/** A state that is not final and that nothing leads out of, unless it is declared to be one to rest in. */
export function findDeadEnds(
  machine: AnyStateMachine,
  { resting = [], restingTag = 'resting' }: LintOptions,
): LintFinding[] {
  return nodesOf(machine)
    .filter(
      (node) =>
        node.parent !== undefined &&
        node.type === 'atomic' &&
        !node.tags.includes(restingTag) &&
        !resting.includes(node.id),
    )
    .filter((node) => !lineageOf(node).some((one) => leadsOut(one, node)))
    .map((node) => ({
      rule: 'no-exit',
      state: node.id,
      message: `nothing leads out of "${node.id}", and it is neither final nor tagged "${restingTag}"`,
    }));
}

/** Whether a transition of the one state leaves the other one, which lies within it. */
function leadsOut(one: AnyStateNode, node: AnyStateNode): boolean {
  return transitionsOf(one).some(({ target }) => target?.some((to) => !isWithin(to as AnyStateNode, node)) ?? false);
}

/** A child whose failure no state around it expects: it ends the machine. */
export function findUnhandledErrors(machine: AnyStateMachine): LintFinding[] {
  return nodesOf(machine).flatMap((node) =>
    node.invoke
      .filter(({ id }) => !lineageOf(node).some((one) => handles(one, errorOf(id)) || one.transitions.has('*')))
      .map(({ id, src }) => unhandled(node.id, typeof src === 'string' ? src : id)),
  );
}

/** The finding for a child whose failure ends the machine. */
export function unhandled(state: string, child: string): LintFinding {
  const message = `an error of "${child}" is handled neither in "${state}" nor around it, and ends the machine`;
  return { rule: 'unhandled-child-error', state, message };
}

/** A `*` that gets the errors of children: it was meant for unknown events, and hides failures. */
export function findSwallowedErrors(machine: AnyStateMachine): LintFinding[] {
  const nodes = nodesOf(machine);
  return nodes
    .filter((node) => node.transitions.get('*')?.some(({ guard }) => guard === undefined))
    .flatMap((wild) =>
      nodes.flatMap((node) =>
        node.invoke
          .filter(({ id }) => reachesWildcard(wild, node, errorOf(id)))
          .map(({ src, id }) => ({
            rule: 'swallowed-error' as const,
            state: wild.id,
            message: `"*" of "${wild.id}" swallows errors of "${typeof src === 'string' ? src : id}" in "${node.id}"`,
          })),
      ),
    );
}

/** Events go from the inside out, and within one state the exact type comes first. */
function reachesWildcard(wild: AnyStateNode, invoking: AnyStateNode, error: string): boolean {
  if (handles(wild, error)) return false;
  // Deeper than the child's own state, the wildcard is asked before its onError.
  if (isWithin(wild, invoking)) return true;
  return isWithin(invoking, wild) && !lineageOf(invoking).some((one) => isWithin(one, wild) && handles(one, error));
}

/** A delay that is written down as a number and is too long. */
export function findLongDelays(machine: AnyStateMachine): LintFinding[] {
  const named = Object.entries(machine.implementations.delays as Record<string, unknown>);
  const isLong = (value: unknown): value is number => typeof value === 'number' && value > LONGEST_DELAY_MS;
  return nodesOf(machine).flatMap((node) =>
    node.after.flatMap(({ delay }) => {
      const value = named.find(([name]) => name === delay)?.[1] ?? delay;
      return isLong(value) ? [longDelay(node.id, value)] : [];
    }),
  );
}

/** The finding for a delay that no timer can wait for. */
export function longDelay(state: string, delay: number): LintFinding {
  const message = `"${state}" waits ${delay} ms; a timer takes at most ${LONGEST_DELAY_MS} ms and not less than 0`;
  return { rule: 'delay-out-of-range', state, message };
}

function handles(node: AnyStateNode, error: string): boolean {
  return [...node.transitions].some(
    ([descriptor, transitions]) =>
      (descriptor === error || (descriptor.endsWith('.*') && error.startsWith(descriptor.slice(0, -1)))) &&
      transitions.some((one) => hasEffect(one) || descriptor === error),
  );
}

function errorOf(id: string): string {
  return `xstate.error.actor.${id}`;
}
