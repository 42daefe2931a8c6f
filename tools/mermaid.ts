// Draws a statechart as a Mermaid state diagram.
//
// Invariants:
//   D1. The text depends on the machine alone: the same machine gives the same text, byte for byte.
//   D2. A transition between two children of one state is written inside of it, every other one at the top. Mermaid
//       moves a state into each nested block that mentions it, but leaves it where it is when the top does.

import type { AnyStateMachine, AnyStateNode } from 'xstate';

type Transition =
  ReturnType<AnyStateNode['transitions']['get']> extends readonly (infer One)[] | undefined ? One : never;

interface Arrow {
  readonly from: AnyStateNode;
  readonly to: AnyStateNode;
  readonly label: string;
}

/** The diagram, with a newline at its end. */
export function drawMachine(machine: AnyStateMachine): string {
  const arrows = nodesBelow(machine.root).flatMap(arrowsFrom);
  const lines = [
    `%% Drawn from src/machines/${machine.id}.machine.ts by "npm run docs"; do not edit.`,
    ...(machine.root.description ? [`%% ${machine.root.description}`] : []),
    'stateDiagram-v2',
    ...drawInside(machine.root, arrows, '  '),
  ];
  return `${lines.join('\n')}\n`;
}

/** A state and everything below it, parents first, in the order of the source. */
export function nodesBelow(node: AnyStateNode): AnyStateNode[] {
  return [node, ...childrenOf(node).flatMap(nodesBelow)];
}

/** The transitions of a state: of its events, timers, invoked actors, and those without an event. */
export function transitionsOf(node: AnyStateNode): Transition[] {
  return [...[...node.transitions.values()].flat(), ...(node.always ?? [])];
}

/** What triggers a transition, for people. */
export function triggerOf(node: AnyStateNode, transition: Transition): string {
  const { eventType } = transition;
  if (eventType === '') return 'always';
  if (eventType === '*') return 'any event';
  const delay = afterPrefix(eventType, 'xstate.after.')?.slice(0, -`.${node.id}`.length);
  if (delay !== undefined) return `after ${/^\d+$/.test(delay) ? `${delay} ms` : delay}`;
  for (const outcome of ['done', 'error', 'snapshot']) {
    const id = afterPrefix(eventType, `xstate.${outcome}.actor.`);
    if (id !== undefined) return `${sourceOfInvoke(node, id)} ${outcome}`;
  }
  return eventType.startsWith('xstate.done.state.') ? 'done' : eventType;
}

/** The name of a guard, an action or an actor; combinations of guards are spelled out. */
export function nameOf(reference: unknown): string {
  if (typeof reference === 'string') return reference;
  // XState's `and`, `or` and `not` are functions of that name, which carry the guards that they combine.
  const { type, guards, name } = reference as { type?: string; guards?: readonly unknown[]; name?: string };
  if (guards) return `${name}(${guards.map(nameOf).join(', ')})`;
  return type ?? 'inline';
}

function drawInside(node: AnyStateNode, arrows: readonly Arrow[], indent: string): string[] {
  const children = childrenOf(node);
  const own = arrows.filter((arrow) => holderOf(arrow) === node);
  const declared = children.flatMap((child) => drawState(child, arrows, indent));
  // Regions of a parallel state are told apart by a line of dashes; there is no initial one among them.
  const starts =
    node.type === 'parallel' ? [] : (node.initial?.target ?? []).map((to) => `${indent}[*] --> ${idOf(to)}`);
  const ends = children.filter(({ type }) => type === 'final').map((child) => `${indent}${idOf(child)} --> [*]`);
  return [...declared, ...starts, ...own.map((arrow) => drawArrow(arrow, indent)), ...ends];
}

function drawState(node: AnyStateNode, arrows: readonly Arrow[], indent: string): string[] {
  const name = `${indent}state "${node.key}" as ${idOf(node)}`;
  const kept = arrows.filter(({ from, to }) => from === node && to === node && isComposite(node));
  // Mermaid cannot draw an arrow from a composite state to itself.
  const remarks = kept.map(({ label }) => `${indent}%% ${node.key} keeps: ${label}`);
  if (!isComposite(node)) return [name];
  const regions = node.type === 'parallel' ? drawRegions(node, arrows, `${indent}  `) : undefined;
  return [`${name} {`, ...(regions ?? drawInside(node, arrows, `${indent}  `)), `${indent}}`, ...remarks];
}

function drawRegions(node: AnyStateNode, arrows: readonly Arrow[], indent: string): string[] {
  return childrenOf(node).flatMap((region, index) => [
    ...(index > 0 ? [`${indent}--`] : []),
    ...drawState(region, arrows, indent),
  ]);
}

function drawArrow({ from, to, label }: Arrow, indent: string): string {
  return `${indent}${idOf(from)} --> ${idOf(to)} : ${label}`;
}

function arrowsFrom(node: AnyStateNode): Arrow[] {
  return transitionsOf(node).flatMap((transition) => {
    const guard = transition.guard === undefined ? '' : ` [${nameOf(transition.guard)}]`;
    const trigger = `${triggerOf(node, transition)}${guard}`;
    const targets: readonly AnyStateNode[] | undefined = transition.target;
    if (targets) return targets.map((to) => ({ from: node, to, label: trigger }));
    // Without a target the state is not left: what happens stands behind a slash, as in UML.
    const actions = transition.actions.map(nameOf);
    return [{ from: node, to: node, label: `${trigger} / ${actions.join(', ') || 'ignored'}` }];
  });
}

/** The state that an arrow is written in; undefined for one that cannot be drawn. */
function holderOf({ from, to }: Arrow): AnyStateNode | undefined {
  if (from === to && isComposite(from)) return undefined;
  return from.parent === to.parent ? (from.parent as AnyStateNode | undefined) : from.machine.root;
}

function childrenOf(node: AnyStateNode): AnyStateNode[] {
  return Object.values(node.states) as AnyStateNode[];
}

function isComposite(node: AnyStateNode): boolean {
  return childrenOf(node).length > 0;
}

function idOf(node: AnyStateNode): string {
  return node.path.join('_') || 'root';
}

function sourceOfInvoke(node: AnyStateNode, id: string): string {
  const invoke = node.invoke.find((one) => one.id === id);
  return typeof invoke?.src === 'string' ? invoke.src : id;
}

function afterPrefix(text: string, prefix: string): string | undefined {
  return text.startsWith(prefix) ? text.slice(prefix.length) : undefined;
}
