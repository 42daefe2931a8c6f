import { isCell } from '../core/cell-brand.ts';
import type { Cell } from '../core/cell.ts';
import { isBehavior, logicOf } from '../core/body/create-body.ts';
import type { ActorSystem } from '../core/system.ts';

/** One actor as it stands. */
export interface ActorDescription {
  readonly path: string;
  /** What it runs: the id of a machine, `behavior`, or `logic` for other logic of XState. */
  readonly kind: string;
  /** Messages in its mailbox, stashed ones aside. */
  readonly waiting: number;
  readonly stashed: number;
  readonly restarts: number;
  /** Messages processed since it was spawned. */
  readonly processed: number;
  /** The state of a chart, such as `connecting` or `{ open: 'idle' }`; undefined for other logic. */
  readonly state: unknown;
  /** In the order of their start; supervisors at work come last. */
  readonly children: readonly ActorDescription[];
}

/**
 * What lives in a system at this moment, as plain data. Holds no context and no message, so that nothing has to be
 * redacted. Takes time in proportion to the number of actors.
 */
export function describeActors(system: ActorSystem): readonly ActorDescription[] {
  const top = system.actors().filter((ref): ref is Cell & typeof ref => isCell(ref) && ref.parent === undefined);
  const [first] = top;
  const supervisors = first === undefined ? [] : [...first.system.supervisionOf(undefined).units];
  return [...top, ...supervisors].map(describe);
}

/** What an actor runs, in one word. */
export function kindOfActor(cell: Cell): string {
  const logic = logicOf(cell);
  if (isBehavior(logic)) return 'behavior';
  return 'id' in logic && typeof logic.id === 'string' ? logic.id : 'logic';
}

function describe(cell: Cell): ActorDescription {
  const { path, mailbox, restarts, processed } = cell;
  const supervisors = cell.someExtras?.supervision?.units ?? [];
  return {
    path,
    kind: kindOfActor(cell),
    waiting: mailbox.waiting,
    stashed: mailbox.stashed,
    restarts,
    processed,
    state: stateOf(cell.snapshot()),
    children: [...cell.children, ...supervisors].map(describe),
  };
}

function stateOf(snapshot: unknown): unknown {
  const isChart = typeof snapshot === 'object' && snapshot !== null && 'value' in snapshot && 'context' in snapshot;
  return isChart ? snapshot.value : undefined;
}
