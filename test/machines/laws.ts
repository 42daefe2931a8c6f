// What holds for every statechart of the package, as functions that any machine's test can call.
//
// Invariants of a journey (a machine driven by pure transitions, with its timers and children on the books):
//   L1. No event throws in any state, and a final state stays as it is.
//   L2. A state owns at most one live timer, and none lives when its state is left.
//   L3. What a state invokes ends with it.
//   L4. The same events lead to the same snapshot.
//   L5. After a stop every way the outside world can take leads to a final state.

import { initialTransition, transition } from 'xstate';
import type { AnyMachineSnapshot, AnyStateMachine, EventObject, ExecutableActionsFrom } from 'xstate';

/** A machine on its way. */
export interface Journey {
  readonly machine: AnyStateMachine;
  readonly snapshot: AnyMachineSnapshot;
  /** Events so far. */
  readonly path: readonly EventObject[];
  /** Live timers: id of the timer to id of the state that owns it. */
  readonly timers: ReadonlyMap<string, string>;
  /** Ids of the children that were started and not stopped. */
  readonly children: ReadonlySet<string>;
  /** Those of them that have settled. */
  readonly settled: ReadonlySet<string>;
  /** Facts that the last step emitted. */
  readonly facts: readonly EventObject[];
}

/** How far `explore` looks. */
export interface Exploration {
  readonly input: unknown;
  readonly events: readonly EventObject[];
  /** Journeys with the same key count as one. */
  readonly keyOf: (snapshot: AnyMachineSnapshot) => string;
}

type Action = ExecutableActionsFrom<AnyStateMachine>;

const NONE = new Set<string>();
const NOWHERE = { path: [], timers: new Map<string, string>(), children: NONE, settled: NONE, facts: [] };

/** Takes the machine to its initial state. */
export function begin(machine: AnyStateMachine, input: unknown): Journey {
  const [snapshot, actions] = initialTransition(machine, input);
  return keepBooks({ ...NOWHERE, machine, snapshot }, snapshot, actions);
}

/**
 * Takes the machine one event further; the error of a child that does not run takes it nowhere, because XState fails a
 * machine on it and nobody can send it. Throws when the event breaks L1, L2 or L3.
 */
export function step(journey: Journey, event: EventObject): Journey {
  if (isErrorOfNobody(journey, event)) return { ...journey, facts: [] };
  const [snapshot, actions] = transition(journey.machine, journey.snapshot, event) as [AnyMachineSnapshot, Action[]];
  const timers = new Map([...journey.timers].filter(([id]) => id !== event.type));
  const settled = new Set([...journey.settled, childOf(event) ?? '']);
  const next = keepBooks({ ...journey, path: [...journey.path, event], timers, settled }, snapshot, actions);
  if (snapshot.status === 'error') throw new Error(`failed after ${describe(next)}`, { cause: snapshot.error });
  if (journey.snapshot.status !== 'active') requireUnchanged(journey, next, actions);
  requireOwned(next);
  return next;
}

/** Takes the machine through all events. */
export function travel(machine: AnyStateMachine, input: unknown, events: readonly EventObject[]): Journey {
  return events.reduce(step, begin(machine, input));
}

/** One journey to each thing that can be reached, the shortest first. Throws when a step breaks a law. */
export function explore(machine: AnyStateMachine, { input, events, keyOf }: Exploration): readonly Journey[] {
  const first = begin(machine, input);
  const found = new Map([[keyOf(first.snapshot), first]]);
  // A map yields what is added while it is walked, so this is a search in breadth.
  for (const journey of found.values()) {
    for (const event of events) {
      const next = step(journey, event);
      const key = keyOf(next.snapshot);
      if (!found.has(key)) found.set(key, next);
    }
  }
  return [...found.values()];
}

/**
 * L5. The longest way to a final state, in events, when the outside world alone drives the machine on.
 *
 * @param events what the outside world may do: effects that settle and timers that fire. Never commands.
 * @param known what was found before; share it between journeys of one machine
 * @throws when a way goes round in a circle or gets stuck
 */
export function longestWayOut(
  journey: Journey,
  events: readonly EventObject[],
  known = new Map<string, number | 'under way'>(),
): number {
  if (journey.snapshot.status === 'done') return 0;
  const key = JSON.stringify([essenceOf(journey.snapshot), [...journey.timers.keys()], [...journey.settled]]);
  const before = known.get(key);
  if (before === 'under way') throw new Error(`no final state after ${describe(journey)}`);
  if (before !== undefined) return before;
  known.set(key, 'under way');
  const possible = possibleEvents(journey, events);
  const ways = possible.map((event) => step(journey, event)).filter((next) => next.snapshot !== journey.snapshot);
  if (ways.length === 0) throw new Error(`stuck after ${describe(journey)}`);
  const length = 1 + Math.max(...ways.map((next) => longestWayOut(next, events, known)));
  known.set(key, length);
  return length;
}

/** Those of the events that can happen now: effects settle once, while they run, and timers fire while they are armed. */
export function possibleEvents(journey: Journey, events: readonly EventObject[]): readonly EventObject[] {
  return events.filter((event) => isPossible(journey, event));
}

/** What of a snapshot can be compared. */
export function essenceOf(snapshot: AnyMachineSnapshot): unknown {
  const { value, context, status, output, error } = snapshot;
  return { value, context, status, output, error, children: Object.keys(snapshot.children).toSorted() };
}

/** `alive.ready.resting` */
export function stateOf(snapshot: AnyMachineSnapshot): string {
  return (
    activeIds(snapshot)
      .at(-1)
      ?.slice(snapshot.machine.id.length + 1) ?? ''
  );
}

// Helpers

/** The child that the event says has settled. */
function childOf({ type }: EventObject): string | undefined {
  return /^xstate\.(?:done|error)\.actor\.(.*)$/.exec(type)?.[1];
}

function isErrorOfNobody(journey: Journey, event: EventObject): boolean {
  return event.type.startsWith('xstate.error.actor.') && !canSettle(journey, event);
}

function canSettle({ children, settled }: Journey, event: EventObject): boolean {
  const child = childOf(event) ?? '';
  return children.has(child) && !settled.has(child);
}

function isPossible(journey: Journey, event: EventObject): boolean {
  if (event.type.startsWith('xstate.after.')) return journey.timers.has(event.type);
  return (childOf(event) === undefined || canSettle(journey, event)) && journey.snapshot.can(event);
}

function keepBooks(before: Journey, snapshot: AnyMachineSnapshot, actions: readonly Action[]): Journey {
  const timers = new Map(before.timers);
  const children = new Set(before.children);
  const settled = new Set(before.settled);
  const facts: EventObject[] = [];
  for (const { type, params } of actions as unknown as readonly { type: string; params: never }[]) {
    if (type === 'xstate.raise') arm(timers, params);
    if (type === 'xstate.cancel') timers.delete((params as { sendId: string }).sendId);
    if (type === 'xstate.spawnChild') {
      children.add((params as { id: string }).id);
      settled.delete((params as { id: string }).id);
    }
    if (type === 'xstate.stopChild') children.delete((params as { id: string }).id);
    if (type === 'xstate.emit') facts.push((params as { event: EventObject }).event);
  }
  return { ...before, snapshot, timers, children, settled, facts };
}

function arm(timers: Map<string, string>, { id, delay }: { id: string; delay: number | undefined }): void {
  if (delay === undefined) return;
  if (!(delay >= 0 && Number.isFinite(delay))) throw new Error(`timer "${id}" has the delay ${delay}`);
  // XState forgets the handle of the first timer: it would fire although nobody can cancel it any more.
  if (timers.has(id)) throw new Error(`timer "${id}" is armed twice`);
  timers.set(id, /^xstate\.after\.[^.]+\.(.*)$/.exec(id)?.[1] ?? id);
}

function requireUnchanged(before: Journey, after: Journey, actions: readonly Action[]): void {
  const same = JSON.stringify(essenceOf(before.snapshot)) === JSON.stringify(essenceOf(after.snapshot));
  if (!same || actions.length > 0) throw new Error(`a final state changed after ${describe(after)}`);
}

function requireOwned(journey: Journey): void {
  const { snapshot, timers, children } = journey;
  const active = new Set(snapshot.status === 'active' ? activeIds(snapshot) : []);
  const owners = [...timers.values()];
  const twice = owners.find((owner, i) => owners.indexOf(owner) !== i);
  if (twice !== undefined) throw new Error(`state "${twice}" owns two timers after ${describe(journey)}`);
  const orphanTimer = owners.find((owner) => !active.has(owner));
  if (orphanTimer !== undefined) throw new Error(`a timer outlives "${orphanTimer}" after ${describe(journey)}`);
  // An invoked child is named `<number>.<id of its state>`.
  const orphan = [...children].find((id) => !active.has(id.replace(/^\d+\./, '')));
  if (orphan !== undefined) throw new Error(`child "${orphan}" outlives its state after ${describe(journey)}`);
}

/** Ids of the active states, outermost first. Holds for machines without parallel states. */
function activeIds({ value, machine }: AnyMachineSnapshot): readonly string[] {
  const ids = [machine.id];
  let rest: unknown = value;
  while (rest !== undefined) {
    const name = typeof rest === 'string' ? rest : Object.keys(rest as object)[0];
    ids.push(`${ids.at(-1)}.${name}`);
    rest = typeof rest === 'string' ? undefined : (rest as Record<string, unknown>)[name ?? ''];
  }
  return ids;
}

function describe({ path, snapshot }: Journey): string {
  return `${path.map(({ type }) => type).join(', ')} → ${JSON.stringify(snapshot.value)}`;
}
