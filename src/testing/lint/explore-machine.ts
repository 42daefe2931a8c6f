// Visits everything that a machine can come to: a search in breadth over what users send, timers that fire and
// children that settle.
//
// Invariants:
//   B1. Only what can happen is tried: a timer fires while it is armed, a child settles once while it runs.
//   B2. At most `limit` positions are visited; whoever reads the result can tell that there would be more.
//   B3. A step that never comes to rest, such as two states that lead to each other by `always`, throws.

import type { AnyMachineSnapshot, AnyStateMachine, AnyStateNode, AnyTransitionDefinition, EventObject } from 'xstate';
import { RuntimeError } from '../../errors/index.ts';
import { requireCount } from '../explore/required-options.ts';
import { nodesOf } from './machine-nodes.ts';
import { serializeSnapshot } from './serialize.ts';
import { begin, step } from './stepper.ts';
import type { Position, Step } from './stepper.ts';
import { watchGuards } from './watched-guards.ts';
import type { GuardTally } from './watched-guards.ts';

/** What users, children and the outside world do to a machine. */
export interface MachineOptions {
  /** Inputs that the machine is started with, one after the other; what they lead to is told apart. Default: none. */
  readonly inputs?: readonly unknown[] | undefined;
  /**
   * The events of a type that are sent: a list, or a function of the snapshot. Default for each type that some state
   * names: one event with nothing but its type. Types that no state names can be added.
   */
  readonly events?:
    | Readonly<Record<string, readonly EventObject[] | ((snapshot: AnyMachineSnapshot) => readonly EventObject[])>>
    | undefined;
  /** What children give when they are done, by the name of what they run. Default: once, undefined. */
  readonly outputs?: Readonly<Record<string, readonly unknown[]>> | undefined;
  /** What children fail with, by the name of what they run. Default: one error. */
  readonly errors?: Readonly<Record<string, readonly unknown[]>> | undefined;
  /**
   * Snapshots with the same text count as one; running children and timers are told apart in any case. Default: state
   * and context as JSON. A context that counts without end needs one that leaves the counter out.
   */
  readonly serialize?: ((snapshot: AnyMachineSnapshot) => string) | undefined;
  /** Most positions that are visited, at least 1. Default 10,000. */
  readonly limit?: number | undefined;
}

/** What one event did in one position. */
export interface Visit {
  readonly from: Position;
  readonly event: EventObject;
  readonly to: Step;
}

/** All that was seen. */
export interface MachineExploration {
  /** The copy of the machine that was explored; its states are those of the visits. */
  readonly machine: AnyStateMachine;
  /** How the machine starts, with each input. */
  readonly starts: readonly Step[];
  readonly positions: number;
  /** False when there are more positions than `limit`. */
  readonly complete: boolean;
  readonly activeNodes: ReadonlySet<AnyStateNode>;
  readonly taken: ReadonlySet<AnyTransitionDefinition>;
  readonly guards: ReadonlyMap<string, GuardTally>;
}

const DEFAULT_LIMIT = 10_000;
/** Most transitions of one step; XState sets no limit, and takes memory until there is none left. */
const MOST_MICROSTEPS = 5000;
/** What stands for an event that the machine does not know. */
const UNKNOWN_EVENT = 'lint.unknown';

/**
 * Visits everything within the limit, the nearest first.
 *
 * @param onVisit told of each event that was tried; visits are many, so none is kept
 */
export function exploreMachine(
  original: AnyStateMachine,
  options: MachineOptions = {},
  onVisit: (visit: Visit) => void = () => {},
): MachineExploration {
  const { machine, guards } = watchGuards(original);
  limitMicrosteps(machine);
  const types = typesOf(machine, options);
  const watched = new Set(
    nodesOf(machine).flatMap(({ invoke }) => invoke.flatMap((one) => (one.onSnapshot ? [one.id] : []))),
  );
  const found = new Found(options);
  const starts = (options.inputs ?? [undefined]).map((input) => begin(machine, input));
  for (const [origin, start] of starts.entries()) found.add(start, origin);
  for (const { position: from, origin } of found.positions.values()) {
    if (from.snapshot.status !== 'active') continue;
    for (const event of eventsFor(from, types, options, watched)) {
      const to = step(machine, from, event);
      found.add(to, origin);
      onVisit({ from, event, to });
    }
  }
  const { activeNodes, taken, complete } = found;
  return { machine, starts, positions: found.positions.size, complete, activeNodes, taken, guards };
}

/** B3. What the machine itself says, where that is less, stays. */
function limitMicrosteps(machine: AnyStateMachine): void {
  const { options } = machine;
  const { maxIterations = MOST_MICROSTEPS } = options;
  Object.assign(machine, { options: { ...options, maxIterations: Math.min(maxIterations, MOST_MICROSTEPS) } });
}

class Found {
  readonly positions = new Map<string, { readonly position: Position; readonly origin: number }>();
  readonly activeNodes = new Set<AnyStateNode>();
  readonly taken = new Set<AnyTransitionDefinition>();
  complete = true;
  readonly #limit: number;
  readonly #serialize: (snapshot: AnyMachineSnapshot) => string;

  constructor({ limit = DEFAULT_LIMIT, serialize = serializeSnapshot }: MachineOptions) {
    this.#limit = requireCount('limit', limit, 1);
    this.#serialize = serialize;
  }

  /**
   * A map yields what is added while it is walked, so what is new here is visited later.
   *
   * @param origin number of the input with which it began
   */
  add({ position, taken }: Step, origin: number): void {
    for (const transition of taken) {
      this.taken.add(transition);
      for (const node of passedBy(transition)) this.activeNodes.add(node);
    }
    if (position === undefined) return;
    const { snapshot, timers, children } = position;
    for (const node of nodesIn(snapshot)) this.activeNodes.add(node);
    const key = [origin, this.#serialize(snapshot), [...timers.keys()], [...children.keys()]].join('\n');
    if (this.positions.has(key)) return;
    if (this.positions.size < this.#limit) this.positions.set(key, { position, origin });
    else this.complete = false;
  }
}

/** The active states of a snapshot. */
export function nodesIn(snapshot: AnyMachineSnapshot): readonly AnyStateNode[] {
  return (snapshot as unknown as { readonly _nodes: readonly AnyStateNode[] })._nodes;
}

/** States that are left at once, through `always`, are in no snapshot. */
function passedBy({ source, target }: AnyTransitionDefinition): readonly AnyStateNode[] {
  return [source as AnyStateNode, ...((target ?? []) as AnyStateNode[])].filter(({ type }) => type !== 'history');
}

function typesOf(machine: AnyStateMachine, { events = {} }: MachineOptions): readonly string[] {
  const named = nodesOf(machine).flatMap((node) => [...node.transitions.keys()]);
  const sendable = named.filter((name) => !name.startsWith('xstate.')).map(withoutWildcard);
  return [...new Set([...sendable, ...Object.keys(events)])];
}

/** `*` and `file.*` stand for many types; one of them is tried. */
function withoutWildcard(descriptor: string): string {
  if (descriptor === '*') return UNKNOWN_EVENT;
  return descriptor.endsWith('.*') ? `${descriptor.slice(0, -1)}${UNKNOWN_EVENT}` : descriptor;
}

function eventsFor(
  from: Position,
  types: readonly string[],
  options: MachineOptions,
  watched: ReadonlySet<string>,
): readonly EventObject[] {
  const { events = {}, outputs = {}, errors = {} } = options;
  const sent = types.flatMap((type) => {
    const given = events[type];
    return typeof given === 'function' ? given(from.snapshot) : (given ?? [{ type }]);
  });
  const settled = [...from.children].flatMap(([id, src]) => [
    ...(outputs[src] ?? [undefined]).map((output) => ({ type: `xstate.done.actor.${id}`, output, actorId: id })),
    ...(errors[src] ?? [anyError(src)]).map((error) => ({ type: `xstate.error.actor.${id}`, error, actorId: id })),
  ]);
  // A child that is watched tells of its snapshots; `events` can give better ones, by their type.
  const told = [...from.children.keys()].filter(
    (id) => watched.has(id) && events[`xstate.snapshot.${id}`] === undefined,
  );
  const snapshots = told.map((id) => ({ type: `xstate.snapshot.${id}`, snapshot: { status: 'active' } }));
  return [...sent, ...from.timers.values(), ...snapshots, ...settled];
}

function anyError(src: string): RuntimeError {
  return new RuntimeError('UNKNOWN', `"${src}" failed on trial`);
}
