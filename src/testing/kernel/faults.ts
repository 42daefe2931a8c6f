// What can go wrong on purpose, each as an option beside the ordinary ones.
//
// Invariants:
//   F1. A schedule has at most as many faults of a kind as its budget says. Without a budget nothing is offered.
//   F2. Signals are the system's own word and never suffer: only messages are dropped, doubled or delayed.

import { RuntimeError } from '../../errors/index.ts';
import { Signal } from '../../actors/core/index.ts';
import type { Cell } from '../../actors/core/index.ts';
import { requireCount, requireKnownKeys, requireObject } from '../explore/required-options.ts';
import type { TraceStep } from '../explore/sequence-diagram.ts';
import type { KernelClock } from './kernel-clock.ts';
import { Lane, nameOfItem } from './lanes.ts';
import { Pending } from './pending.ts';
import { HeldReply } from './ports.ts';

/** How many faults of each kind a schedule may have. Default 0 of each. */
export interface FaultBudget {
  /** A message is lost. */
  readonly drop?: number | undefined;
  /** A message comes twice, the second time right behind the first; a question only asks once. */
  readonly duplicate?: number | undefined;
  /** A message leaves its place: everything may overtake it, also what the same sender sent later. */
  readonly delay?: number | undefined;
  /** An actor fails on a message, as if its behaviour had thrown. */
  readonly crash?: number | undefined;
  /** A call of a port fails: before it takes effect for the methods in `failsBefore`, else after that. */
  readonly portFailure?: number | undefined;
  /** The wall clock jumps an hour forward or back; timers do not notice. */
  readonly clockJump?: number | undefined;
}

/** The kinds of fault, in the order in which they are offered. */
export const FAULT_KINDS = ['drop', 'duplicate', 'delay', 'crash', 'portFailure', 'clockJump'] as const;

/** One kind of fault. */
export type FaultKind = (typeof FAULT_KINDS)[number];

const HOUR_MS = 3_600_000;

/** Checks a budget and fills in zeros. Throws `InvalidOptionsError` naming the kind, also one that there is not. */
export function resolveFaults(budget: FaultBudget = {}): Readonly<Record<FaultKind, number>> {
  const resolved = { drop: 0, duplicate: 0, delay: 0, crash: 0, portFailure: 0, clockJump: 0 };
  requireObject('faults', budget);
  requireKnownKeys('faults', budget, FAULT_KINDS);
  for (const kind of FAULT_KINDS) resolved[kind] = requireCount(`faults.${kind}`, budget[kind] ?? 0, 0);
  return resolved;
}

/** The faults that one schedule can still have. @internal */
export class Faults {
  readonly #left: Record<FaultKind, number>;
  readonly #clock: KernelClock;
  readonly #mayCrash: (cell: Cell) => boolean;
  readonly #byTarget = new Map<Pending, readonly Fault[]>();
  readonly #jumps: readonly Fault[];

  constructor(budget: Readonly<Record<FaultKind, number>>, clock: KernelClock, mayCrash: (path: string) => boolean) {
    this.#left = { ...budget };
    this.#clock = clock;
    this.#mayCrash = ({ path }) => mayCrash(path);
    this.#jumps = [this.#jump('+1 h', HOUR_MS), this.#jump('-1 h', -HOUR_MS)];
  }

  /** What could go wrong now, beside what could happen now. */
  offer(options: readonly Pending[]): readonly Pending[] {
    const offered: Pending[] = [];
    for (const option of options) {
      for (const fault of this.#of(option)) {
        if (this.#left[fault.fault] > 0 && fault.eligible) offered.push(fault);
      }
    }
    if (this.#left.clockJump > 0) offered.push(...this.#jumps);
    return offered;
  }

  #of(target: Pending): readonly Fault[] {
    const known = this.#byTarget.get(target);
    if (known !== undefined) return known;
    const made =
      target instanceof Lane ? this.#ofLane(target) : target instanceof HeldReply ? [this.#ofPort(target)] : [];
    this.#byTarget.set(target, made);
    return made;
  }

  #ofLane(lane: Lane): readonly Fault[] {
    const { backlog, from, key } = lane;
    const { cell } = backlog;
    const about = (what: string) => (): TraceStep => {
      const name = lane.head === undefined ? '' : nameOfItem(lane.head);
      return { from, to: cell.path, event: `${what}: ${name}` };
    };
    const hasMessage = (): boolean => lane.head !== undefined && !(lane.head instanceof Signal);
    return [
      this.#fault('drop', key, about('fault: lost'), hasMessage, () => backlog.discard(lane)),
      this.#fault('duplicate', key, about('fault: doubled'), hasMessage, () => backlog.duplicate(lane)),
      // A message that was delayed before stays where it is.
      this.#fault(
        'delay',
        key,
        about('fault: delayed'),
        () => hasMessage() && !key.includes(' late#'),
        () => backlog.delay(lane),
      ),
      this.#fault(
        'crash',
        key,
        about('fault: fails on'),
        () => hasMessage() && this.#mayCrash(cell),
        () => crash(lane),
      ),
    ];
  }

  #ofPort(reply: HeldReply): Fault {
    const describe = (): TraceStep => ({ ...reply.describe(), event: `fault: ${reply.name} fails` });
    return this.#fault(
      'portFailure',
      reply.key,
      describe,
      () => reply.canFail,
      () => reply.fail(),
    );
  }

  #jump(text: string, ms: number): Fault {
    const describe = (): TraceStep => ({ from: 'time', to: 'time', event: `fault: the wall clock jumps ${text}` });
    return this.#fault(
      'clockJump',
      text,
      describe,
      () => true,
      () => this.#clock.jump(ms),
    );
  }

  #fault(kind: FaultKind, key: string, describe: () => TraceStep, isPossible: () => boolean, act: () => void): Fault {
    return new Fault(kind, key, describe, isPossible, () => {
      this.#left[kind]--;
      act();
    });
  }
}

class Fault extends Pending {
  readonly fault: FaultKind;
  readonly #describe: () => TraceStep;
  readonly #isPossible: () => boolean;
  readonly #act: () => void;

  constructor(fault: FaultKind, key: string, describe: () => TraceStep, isPossible: () => boolean, act: () => void) {
    super(`${fault}:${key}`, 'fault');
    this.fault = fault;
    this.#describe = describe;
    this.#isPossible = isPossible;
    this.#act = act;
  }

  get eligible(): boolean {
    return this.#isPossible();
  }

  happen(): void {
    this.#act();
  }

  describe(): TraceStep {
    return this.#describe();
  }
}

/** The behaviour stands in the way of nothing: a body that fails takes the place of the real one for one message. */
function crash(lane: Lane): void {
  const { cell } = lane.backlog;
  const { body } = cell;
  if (body === undefined) return;
  const failing = {
    start: () => {},
    receive: () => cell.bodyFailed(new RuntimeError('ACTOR_FAILED', INJECTED)),
    snapshot: () => body.snapshot(),
    stop: () => body.stop(),
  };
  cell.body = failing;
  lane.happen();
  if (cell.body === failing) cell.body = body;
}

/** The text by which a failure is told from those of the code under test. */
export const INJECTED = 'a fault of the schedule';
