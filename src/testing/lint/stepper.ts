// Takes a machine from snapshot to snapshot without running it: no actor starts, no timer is armed, no action of the
// user is called. Which children and timers a real actor would have is kept on the books.
//
// Invariants:
//   Z1. A step depends on the snapshot, the books and the event alone.
//   Z2. A step that throws gives its error instead of a snapshot.

import { createActor } from 'xstate';
import type {
  AnyActor,
  AnyActorLogic,
  AnyActorScope,
  AnyMachineSnapshot,
  AnyStateMachine,
  AnyTransitionDefinition,
  EventObject,
} from 'xstate';

/** A machine at rest, with what a real actor would have running. */
export interface Position {
  readonly snapshot: AnyMachineSnapshot;
  /** Events that armed timers will send, by the id of the timer. */
  readonly timers: ReadonlyMap<string, EventObject>;
  /** Children that were started and have neither been stopped nor settled: id to the name of what they run. */
  readonly children: ReadonlyMap<string, string>;
}

/** What a step leads to. */
export interface Step {
  /** Undefined when the step threw. */
  readonly position: Position | undefined;
  readonly error: unknown;
  /** The transitions that were taken, in order. */
  readonly taken: readonly AnyTransitionDefinition[];
  /** Delays of the timers that were armed, by their ids. */
  readonly delays: ReadonlyMap<string, number>;
  /** Ids of children that were started while another one of that id was running. */
  readonly doubled: readonly string[];
}

interface Recorded {
  readonly type: string;
  readonly params: unknown;
}

const inert = { status: 'active', output: undefined, error: undefined } as const;
const INERT_LOGIC = {
  getInitialSnapshot: () => inert,
  getPersistedSnapshot: () => inert,
  transition: () => inert,
} as unknown as AnyActorLogic;

/** The machine in its initial state. */
export function begin(machine: AnyStateMachine, input: unknown): Step {
  const empty = { timers: new Map<string, EventObject>(), children: new Map<string, string>() };
  return run(empty, (scope) => machine.getInitialSnapshot(scope, input as never) as AnyMachineSnapshot);
}

/** The machine one event further. */
export function step(machine: AnyStateMachine, from: Position, event: EventObject): Step {
  const timers = new Map(from.timers);
  const children = new Map(from.children);
  // A timer that fires is gone, and so is a child that says that it has ended.
  timers.delete(event.type);
  const ended = /^xstate\.(?:done|error)\.actor\.(.*)$/.exec(event.type)?.[1];
  if (ended !== undefined) children.delete(ended);
  return run({ timers, children }, (scope) => machine.transition(from.snapshot, event, scope) as AnyMachineSnapshot);
}

function run(before: Omit<Position, 'snapshot'>, move: (scope: AnyActorScope) => AnyMachineSnapshot): Step {
  const actions: Recorded[] = [];
  const taken: AnyTransitionDefinition[] = [];
  const scope = scopeFor(actions, taken);
  try {
    const snapshot = move(scope);
    const books = keepBooks(before, actions);
    // The initial snapshot swallows what was thrown on the way to it.
    if (snapshot.status !== 'error') return { ...books, position: { ...books, snapshot }, error: undefined, taken };
    return { ...books, position: undefined, error: snapshot.error, taken };
  } catch (error) {
    return { ...keepBooks(before, actions), position: undefined, error, taken };
  }
}

/** A new one for each step: an actor of the simplest logic costs little, and keeps no ids of former children. */
function scopeFor(actions: Recorded[], taken: AnyTransitionDefinition[]): AnyActorScope {
  // With a parent, since `sendParent` throws without one.
  const self: AnyActor = createActor(INERT_LOGIC, { parent: createActor(INERT_LOGIC) } as never);
  self.system.inspect((inspected) => {
    if (inspected.type === '@xstate.microstep') taken.push(...inspected._transitions);
  });
  return {
    self,
    id: self.id,
    sessionId: self.sessionId,
    system: self.system,
    logger: () => {},
    defer: () => {},
    emit: () => {},
    stopChild: () => {},
    actionExecutor: (action: Recorded) => void actions.push(action),
  } as unknown as AnyActorScope;
}

function keepBooks(
  before: Omit<Position, 'snapshot'>,
  actions: readonly Recorded[],
): Omit<Step, 'position' | 'error' | 'taken'> & Omit<Position, 'snapshot'> {
  const timers = new Map(before.timers);
  const children = new Map(before.children);
  const delays = new Map<string, number>();
  const doubled: string[] = [];
  for (const { type, params } of actions) {
    if (type === 'xstate.raise') arm(params as Raised, timers, delays);
    if (type === 'xstate.cancel') timers.delete((params as { readonly sendId: string }).sendId);
    if (type === 'xstate.stopChild') children.delete((params as AnyActor | undefined)?.id ?? '');
    if (type === 'xstate.spawnChild') {
      const child = (params as { readonly actorRef?: AnyActor }).actorRef;
      if (child === undefined) continue;
      if (children.has(child.id)) doubled.push(child.id);
      children.set(child.id, typeof child.src === 'string' ? child.src : child.id);
    }
  }
  return { timers, children, delays, doubled };
}

interface Raised {
  readonly event: EventObject;
  readonly id?: string;
  readonly delay?: number;
}

function arm(
  { event, id = event.type, delay }: Raised,
  timers: Map<string, EventObject>,
  delays: Map<string, number>,
): void {
  if (delay === undefined) return;
  timers.set(id, event);
  delays.set(id, delay);
}
