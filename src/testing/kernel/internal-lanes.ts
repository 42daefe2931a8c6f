// The messages between a chart and the XState children that it invokes or spawns: held, and delivered by choice.
//
// Invariants:
//   I1. What one sends to another stays in order.
//   I2. What production does in one go stays in one go: an event from outside, a timer, which were chosen before, and
//       the outcome of a child, which follows from what was chosen before.
//   I3. What comes from a child that was stopped meanwhile is dropped: production would never have sent it.

import type { AnyActorRef } from 'xstate';
import type { Cell } from '../../actors/core/index.ts';
import type { TraceStep } from '../explore/sequence-diagram.ts';
import { interceptRelay } from '../explore/xstate-relay.ts';
import type { Delivery } from '../explore/xstate-relay.ts';
import type { Agenda } from './agenda.ts';
import { Pending } from './pending.ts';

// What a promise or an observable tells its own actor: when that happens is a choice.
const OWN_RESULT = /^xstate\.(promise|observable)\./;
const OUTCOME = /^xstate\.(done\.actor|error\.actor|snapshot)\./;
const UNNAMED = /^x:\d+$/;

/** Puts the schedule between a root and its children. */
export function holdInternalMessages(root: AnyActorRef, cell: Cell, agenda: Agenda): void {
  const lanes = new InternalLanes(root, cell, agenda);
  interceptRelay(root, (delivery) => lanes.take(delivery));
}

class InternalLanes {
  readonly #root: AnyActorRef;
  readonly #cell: Cell;
  readonly #agenda: Agenda;
  #lanes: Map<AnyActorRef, Map<AnyActorRef, InternalLane>> | undefined;
  #names: Map<AnyActorRef, string> | undefined;

  constructor(root: AnyActorRef, cell: Cell, agenda: Agenda) {
    this.#root = root;
    this.#cell = cell;
    this.#agenda = agenda;
  }

  take(delivery: Delivery): void {
    const { source, target, event } = delivery;
    if (source === undefined || (source === target && !OWN_RESULT.test(event.type))) {
      delivery.deliver();
      return;
    }
    const known = this.#lanes?.get(source)?.get(target);
    // I2, unless it would overtake something (I1).
    if (OUTCOME.test(event.type) && (known === undefined || known.isEmpty)) delivery.deliver();
    else (known ?? this.#create(source, target)).push(delivery);
  }

  #create(source: AnyActorRef, target: AnyActorRef): InternalLane {
    const lane = new InternalLane(this.#nameOf(source), this.#nameOf(target), this.#cell, this.#agenda);
    this.#lanes ??= new Map();
    const from = this.#lanes.get(source) ?? new Map<AnyActorRef, InternalLane>();
    this.#lanes.set(source, from.set(target, lane));
    return lane;
  }

  /** Session ids count through the whole process, so unnamed children get a number within their root instead. */
  #nameOf(ref: AnyActorRef): string {
    if (ref === this.#root) return this.#cell.path;
    this.#names ??= new Map();
    const known = this.#names.get(ref);
    if (known !== undefined) return known;
    const id = UNNAMED.test(ref.id) ? `child-${this.#names.size + 1}` : ref.id;
    const name = `${this.#cell.path}:${id}`;
    this.#names.set(ref, name);
    return name;
  }
}

class InternalLane extends Pending {
  readonly #cell: Cell;
  readonly #from: string;
  readonly #to: string;
  readonly #agenda: Agenda;
  readonly #waiting: { readonly delivery: Delivery; readonly order: number }[] = [];

  constructor(from: string, to: string, cell: Cell, agenda: Agenda) {
    super(from === to ? `result:${from}` : `${from}->${to}`, 'internal');
    this.#cell = cell;
    this.#from = from;
    this.#to = to;
    this.#agenda = agenda;
  }

  override get cell(): Cell {
    return this.#cell;
  }

  get isEmpty(): boolean {
    return this.#waiting.length === 0;
  }

  get eligible(): boolean {
    return this.#waiting.some(({ delivery }) => !isStale(delivery));
  }

  push(delivery: Delivery): void {
    const order = this.#agenda.nextOrder();
    this.#waiting.push({ delivery, order });
    if (this.#waiting.length > 1) return;
    this.order = order;
    this.#agenda.add(this);
  }

  happen(): void {
    this.#agenda.remove(this);
    let next = this.#waiting.shift();
    while (next !== undefined && isStale(next.delivery)) next = this.#waiting.shift();
    const [following] = this.#waiting;
    if (following !== undefined) {
      this.order = following.order;
      this.#agenda.add(this);
    }
    next?.delivery.deliver();
  }

  describe(): TraceStep {
    const next = this.#waiting.find(({ delivery }) => !isStale(delivery));
    return { from: this.#from, to: this.#to, event: next?.delivery.event.type ?? 'nothing' };
  }
}

/** I3; and a target that has ended takes nothing. */
function isStale({ source, target }: Delivery): boolean {
  return source?.getSnapshot().status === 'stopped' || target.getSnapshot().status !== 'active';
}
