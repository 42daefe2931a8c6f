// The rules that every statechart keeps, read from the machine itself.
//
// Rules:
//   M1. The id is the file's name, and the export is that name with "Machine" behind it.
//   M2. Guards and actions are named, and each name is declared: nothing inline.
//   M3. Every invoked actor is named, declared, and has an `onError`.
//   M4. Every state can be reached from the initial one.
//   M5. Event names are `subject.verb` or one word; delays are named; states are in lower camel case.
//   M6. Every state says what it means, unless its name says it all.

import type { AnyStateMachine, AnyStateNode } from 'xstate';
import type { NamedMachine } from '../tools/diagrams.ts';
import { nodesBelow, transitionsOf } from '../tools/mermaid.ts';

// States whose name says it all in every machine.
const SELF_EXPLAINING = new Set(['idle', 'closed', 'stopped']);
const EVENT_NAME = /^[a-z][A-Za-z\d]*(\.[a-z][A-Za-z\d]*)?$/;

/** What is wrong with a machine, one sentence for each finding, each with the number of its rule. */
export function findings({ machine, fileName, exportName }: NamedMachine): string[] {
  const nodes = nodesBelow(machine.root);
  return [
    ...checkNames(machine, fileName, exportName),
    ...nodes.flatMap(checkGuards),
    ...nodes.flatMap(checkActions),
    ...nodes.flatMap(checkInvokes),
    ...checkReachability(machine),
    ...nodes.flatMap(checkEvents),
    ...nodes.flatMap(checkDescription),
  ];
}

function checkNames({ id }: AnyStateMachine, fileName: string, exportName: string): string[] {
  const expected = `${fileName.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase())}Machine`;
  return [
    ...(id === fileName ? [] : [`M1: id "${id}" is not the file's name "${fileName}"`]),
    ...(exportName === expected ? [] : [`M1: the export is "${exportName}", not "${expected}"`]),
  ];
}

function checkGuards(node: AnyStateNode): string[] {
  const known = namesOf(node.machine.implementations.guards);
  return transitionsOf(node)
    .flatMap(({ guard }) => (guard === undefined ? [] : leavesOf(guard)))
    .flatMap((guard) => checkReference('guard', guard, known, node));
}

function checkActions(node: AnyStateNode): string[] {
  const known = namesOf(node.machine.implementations.actions);
  // `node.entry` and `node.exit` hold actions of XState's own, for timers; the configuration holds ours alone.
  const { entry, exit } = node.config as { readonly entry?: unknown; readonly exit?: unknown };
  const actions = [...listOf(entry), ...listOf(exit), ...transitionsOf(node).flatMap((one) => listOf(one.actions))];
  return actions.flatMap((action) => checkReference('action', action, known, node));
}

function checkInvokes(node: AnyStateNode): string[] {
  const known = namesOf(node.machine.implementations.actors);
  return node.invoke.flatMap(({ src, id }) => {
    const named = typeof src === 'string' && known.has(src);
    const caught = node.transitions.has(`xstate.error.actor.${id}`);
    return [
      ...(named ? [] : [`M3: "${node.id}" invokes an actor that is not declared by name`]),
      ...(caught ? [] : [`M3: "${node.id}" invokes ${typeof src === 'string' ? `"${src}"` : id} without onError`]),
    ];
  });
}

function checkReachability({ root }: AnyStateMachine): string[] {
  const reached = new Set<AnyStateNode>();
  const entered = new Set<AnyStateNode>();
  // Being inside a state makes its transitions possible, and in a parallel one enters the other regions too.
  const reach = (node: AnyStateNode | undefined): void => {
    if (!node || reached.has(node)) return;
    reached.add(node);
    reach(node.parent as AnyStateNode | undefined);
    if (node.type === 'parallel') for (const region of childrenOf(node)) enter(region);
    for (const { target } of transitionsOf(node)) for (const to of target ?? []) enter(to as AnyStateNode);
  };
  // Only a state that is itself a target goes on to its initial child.
  const enter = (node: AnyStateNode): void => {
    if (entered.has(node)) return;
    entered.add(node);
    reach(node);
    for (const child of node.initial?.target ?? []) enter(child as AnyStateNode);
  };
  enter(root);
  return nodesBelow(root)
    .filter((node) => !reached.has(node))
    .map((node) => `M4: "${node.id}" cannot be reached`);
}

function checkEvents(node: AnyStateNode): string[] {
  const names = [...node.transitions.keys()].filter((name) => !name.startsWith('xstate.') && name !== '*');
  const timers = [...node.transitions.keys()].filter((name) => /^xstate\.after\.\d+\./.test(name));
  const shapes = node.parent === undefined || /^[a-z][A-Za-z\d]*$/.test(node.key);
  return [
    ...names.filter((name) => !EVENT_NAME.test(name)).map((name) => `M5: event "${name}" is not subject.verb`),
    ...timers.map((name) => `M5: "${node.id}" waits for a number, not for a named delay: ${name}`),
    ...(shapes ? [] : [`M5: state "${node.key}" is not in lower camel case`]),
  ];
}

function checkDescription(node: AnyStateNode): string[] {
  if (node.description !== undefined || node.type === 'history' || SELF_EXPLAINING.has(node.key)) return [];
  return [`M6: "${node.id}" has no description`];
}

function checkReference(kind: string, reference: unknown, known: ReadonlySet<string>, node: AnyStateNode): string[] {
  if (typeof reference === 'function') return [`M2: "${node.id}" has an inline ${kind}`];
  const name = typeof reference === 'string' ? reference : (reference as { readonly type: string }).type;
  return known.has(name) ? [] : [`M2: "${node.id}" names the ${kind} "${name}", which is not declared`];
}

/** The guards that a combination (`and`, `or`, `not`) is made of; a plain guard is its own only leaf. */
function leavesOf(guard: unknown): unknown[] {
  const { guards } = guard as { readonly guards?: readonly unknown[] };
  return guards ? guards.flatMap(leavesOf) : [guard];
}

function listOf(value: unknown): unknown[] {
  if (value === undefined) return [];
  return Array.isArray(value) ? value : [value];
}

function namesOf(implementations: object | undefined): Set<string> {
  return new Set(Object.keys(implementations ?? {}));
}

function childrenOf(node: AnyStateNode): AnyStateNode[] {
  return Object.values(node.states) as AnyStateNode[];
}
