// Reading the states and transitions of a machine. Nothing here runs one.

import type { AnyStateMachine, AnyStateNode, AnyTransitionDefinition } from 'xstate';

/** All states of a machine, parents first, without those that only remember others. */
export function nodesOf(machine: AnyStateMachine): readonly AnyStateNode[] {
  return below(machine.root).filter(({ type }) => type !== 'history');
}

/** The transitions that a state declares itself, in the order of the source. */
export function transitionsOf(node: AnyStateNode): readonly AnyTransitionDefinition[] {
  return [...[...node.transitions.values()].flat(), ...(node.always ?? [])];
}

/** The state and those around it, innermost first. */
export function lineageOf(node: AnyStateNode): readonly AnyStateNode[] {
  const parent = node.parent as AnyStateNode | undefined;
  return parent === undefined ? [node] : [node, ...lineageOf(parent)];
}

/** Whether a state lies within another one, or is it. */
export function isWithin(node: AnyStateNode, outer: AnyStateNode): boolean {
  return lineageOf(node).includes(outer);
}

/** Whether a transition has any effect: one without target and actions forbids the event. */
export function hasEffect({ target, actions }: AnyTransitionDefinition): boolean {
  return (target?.length ?? 0) > 0 || actions.length > 0;
}

/** A transition for people: `open on host.stop, first of 2`. */
export function labelOf(transition: AnyTransitionDefinition): string {
  const { source, eventType } = transition;
  const trigger = eventType === '' ? 'always' : `on ${eventType}`;
  const peers = eventType === '' ? (source.always ?? []) : (source.transitions.get(eventType) ?? []);
  const place = peers.length > 1 ? `, ${peers.indexOf(transition) + 1} of ${peers.length}` : '';
  return `${source.id} ${trigger}${place}`;
}

function below(node: AnyStateNode): AnyStateNode[] {
  return [node, ...(Object.values(node.states) as AnyStateNode[]).flatMap(below)];
}
