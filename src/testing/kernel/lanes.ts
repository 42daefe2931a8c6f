// The mailboxes of a schedule: each sender has a lane, and whoever runs the schedule says which lane is next.
//
// Invariants:
//   L1. What one sender sends to one actor stays in order, and so does the news of the sender's end.
//   L2. Each timer that has fired is a lane of its own, so that ties are choices; what fired earlier comes earlier.
//   L3. What was put back from a stash comes before everything else, as in production.
//   L4. A cell is run for exactly one item at a time.

import { Envelope, MessageSignal, messageOf, Signal, TerminatedSignal, TimerSignal } from '../../actors/core/index.ts';
import type { Backlog, Cell, Queued } from '../../actors/core/index.ts';
import type { TraceStep } from '../explore/sequence-diagram.ts';
import type { Agenda } from './agenda.ts';
import { Pending } from './pending.ts';

/** Where an item came from, and when it came. */
export interface Origin {
  readonly from: string;
  readonly order: number;
}

/** What lanes need of their schedule. */
export interface LaneHost {
  readonly agenda: Agenda;
  /** Who sends when no actor does. */
  readonly outside: string;
  /** Called when an actor fails, before anything comes of it. */
  actorFailed(cell: Cell, reason: unknown): void;
  /** Called after an item was processed, with where it came from. Undefined while nobody wants to know. */
  readonly onProcessed: ((to: Cell, item: Queued | Signal, origin: Origin, stashed: boolean) => void) | undefined;
}

/** What waits for one actor from one sender. */
export class Lane extends Pending {
  readonly backlog: LaneBacklog;
  readonly from: string;
  readonly items: (Queued | Signal)[] = [];
  /** When each item came. */
  readonly orders: number[] = [];
  /** The moment at which a timer fired. */
  firedAt = 0;

  constructor(backlog: LaneBacklog, from: string, key: string, kind: 'message' | 'timer') {
    super(key, kind);
    this.backlog = backlog;
    this.from = from;
  }

  override get cell(): Cell {
    return this.backlog.cell;
  }

  get eligible(): boolean {
    return this.backlog.isNext(this);
  }

  get head(): Queued | Signal | undefined {
    return this.items[0];
  }

  happen(): void {
    this.backlog.runLane(this);
  }

  describe(): TraceStep {
    const { head } = this;
    const event = head === undefined ? 'nothing' : nameOfItem(head);
    return { from: this.from, to: this.backlog.cell.path, event };
  }
}

/** A turn of a cell that has something to do and nothing to process. */
class Turn extends Pending {
  readonly #backlog: LaneBacklog;
  listed = false;

  constructor(backlog: LaneBacklog) {
    super(`turn:${backlog.cell.path}`, 'message');
    this.#backlog = backlog;
  }

  get eligible(): boolean {
    const { cell, size } = this.#backlog;
    return size === 0 && cell.alive && cell.busy && !cell.suspended;
  }

  happen(): void {
    this.#backlog.runTurn();
  }

  describe(): TraceStep {
    const { path } = this.#backlog.cell;
    return { from: path, to: path, event: 'does what it has recorded' };
  }
}

/** @internal */
export class LaneBacklog implements Backlog {
  readonly cell: Cell;
  readonly host: LaneHost;
  messages = 0;
  size = 0;
  readonly #lanes = new Map<Cell | string, Lane>();
  readonly #timers = new Set<Lane>();
  #front: Lane | undefined;
  #chosen: Lane | undefined;
  #turn: Turn | undefined;
  /** Where stashed items came from; kept only while somebody listens. */
  #origins: Map<Queued | Signal | undefined, Origin> | undefined;
  #fired = 0;
  #late = 0;

  constructor(cell: Cell, host: LaneHost) {
    this.cell = cell;
    this.host = host;
  }

  push(item: Queued, sender: Cell | undefined): void {
    this.messages++;
    this.#append(this.#laneOf(sender ?? this.host.outside), item);
  }

  pushSignal(signal: Signal): void {
    if (signal instanceof TimerSignal) {
      const { path } = this.cell;
      const lane = new Lane(this, 'time', `timer:${path}#${++this.#fired}`, 'timer');
      lane.firedAt = this.cell.system.environment.clock.monotonic();
      this.#timers.add(lane);
      this.#append(lane, signal);
      return;
    }
    if (signal instanceof TerminatedSignal) this.#append(this.#laneOf(signal.subject), signal);
    else this.#append(this.#laneOf(this.cell.system.running ?? signal.lane), signal);
  }

  take(): Queued | Signal | undefined {
    const lane = this.#chosen ?? this.#oldest(() => true)?.lane;
    this.#chosen = undefined;
    return lane === undefined ? undefined : this.removeAt(lane, 0);
  }

  takeOldestMessage(): Queued | undefined {
    const found = this.#oldest((item) => !(item instanceof Signal));
    return found === undefined ? undefined : (this.removeAt(found.lane, found.place) as Queued);
  }

  putBack(items: readonly Queued[]): void {
    if (items.length === 0) return;
    const { agenda } = this.host;
    this.#front ??= new Lane(this, 'stash', `stash->${this.cell.path}`, 'message');
    const front = this.#front;
    agenda.remove(front);
    front.items.unshift(...items);
    front.orders.unshift(...items.map(() => 0));
    front.order = 0;
    this.messages += items.length;
    this.size += items.length;
    agenda.add(front);
  }

  isNext(lane: Lane): boolean {
    if (this.#front !== undefined && this.#front.items.length > 0 && lane !== this.#front) return false;
    if (lane.kind === 'timer' && this.#timers.size > 1) {
      for (const other of this.#timers) if (other.kind === 'timer' && other.firedAt < lane.firedAt) return false;
    }
    return this.cell.busy && !this.cell.suspended;
  }

  /** The cell has work. */
  noted(): void {
    if (this.size > 0) return;
    this.#turn ??= new Turn(this);
    if (this.#turn.listed) return;
    this.#turn.listed = true;
    this.#turn.order = this.host.agenda.nextOrder();
    this.host.agenda.add(this.#turn);
  }

  runLane(lane: Lane): void {
    const { onProcessed } = this.host;
    const item = lane.head;
    const origin = this.#origins?.get(item) ?? { from: lane.from, order: lane.orders[0] ?? 0 };
    const { stashed } = this.cell.mailbox;
    this.#chosen = lane;
    this.#run();
    if (onProcessed === undefined || item === undefined || lane.head === item) return;
    const isStashed = this.cell.mailbox.stashed > stashed;
    this.#origins ??= new Map();
    if (isStashed) this.#origins.set(item, origin);
    else this.#origins.delete(item);
    onProcessed(this.cell, item, origin, isStashed);
  }

  runTurn(): void {
    this.#run();
  }

  /** Takes an item out of its lane. */
  removeAt(lane: Lane, place: number): Queued | Signal | undefined {
    const [item] = lane.items.splice(place, 1);
    lane.orders.splice(place, 1);
    if (item === undefined) return undefined;
    this.size--;
    if (!(item instanceof Signal)) this.messages--;
    if (place > 0) return item;
    const { agenda } = this.host;
    agenda.remove(lane);
    this.#timers.delete(lane);
    const next = lane.orders[0];
    if (next !== undefined) {
      lane.order = next;
      agenda.add(lane);
    }
    return item;
  }

  /** Loses the message at the head of the lane. */
  discard(lane: Lane): void {
    const { mailbox, system } = this.cell;
    this.#chosen = lane;
    mailbox.take();
    mailbox.admit();
    system.dropped++;
    // One that stops waits for its last message.
    if (this.cell.busy && !this.cell.accepts) this.noted();
  }

  /** Puts the message at the head of the lane behind it once more. */
  duplicate(lane: Lane): void {
    const { head } = lane;
    if (head === undefined || head instanceof Signal) return;
    // The answer to a question can only be given once, so the second message asks nothing.
    const copy = head instanceof Envelope ? new Envelope(head.message, undefined, head.sender, head.trace, 0) : head;
    lane.items.splice(1, 0, copy);
    lane.orders.splice(1, 0, lane.order);
    this.messages++;
    this.size++;
    this.cell.system.accepted++;
  }

  /** Takes the message at the head of the lane out of its order: everything may overtake it. */
  delay(lane: Lane): void {
    const item = this.removeAt(lane, 0);
    if (item === undefined) return;
    const late = new Lane(this, lane.from, `${lane.key} late#${++this.#late}`, 'message');
    this.#timers.add(late);
    if (!(item instanceof Signal)) this.messages++;
    this.#append(late, item);
  }

  #run(): void {
    const { cell } = this;
    cell.run(1);
    this.#chosen = undefined;
    const turn = this.#turn;
    if (turn?.listed === true && !(cell.busy && cell.alive)) {
      turn.listed = false;
      this.host.agenda.remove(turn);
    }
    if (cell.busy && cell.alive) this.noted();
  }

  #append(lane: Lane, item: Queued | Signal): void {
    const { agenda } = this.host;
    const order = agenda.nextOrder();
    lane.items.push(item);
    lane.orders.push(order);
    this.size++;
    if (lane.items.length > 1) return;
    lane.order = order;
    agenda.add(lane);
  }

  #laneOf(sender: Cell | string): Lane {
    const known = this.#lanes.get(sender);
    if (known !== undefined) return known;
    const from = typeof sender === 'string' ? sender : sender.path;
    const lane = new Lane(this, from, `${from}->${this.cell.path}`, 'message');
    this.#lanes.set(sender, lane);
    return lane;
  }

  #oldest(wanted: (item: Queued | Signal) => boolean): { readonly lane: Lane; readonly place: number } | undefined {
    let best: { readonly lane: Lane; readonly place: number } | undefined;
    let bestOrder = Number.POSITIVE_INFINITY;
    for (const lane of this.#allLanes()) {
      const place = lane.items.findIndex(wanted);
      const order = lane.orders[place] ?? Number.POSITIVE_INFINITY;
      if (order >= bestOrder) continue;
      best = { lane, place };
      bestOrder = order;
    }
    return best;
  }

  *#allLanes(): Generator<Lane> {
    if (this.#front !== undefined) yield this.#front;
    yield* this.#lanes.values();
    yield* this.#timers;
  }
}

/** What the trace calls something that waits in a mailbox. */
export function nameOfItem(item: Queued | Signal): string {
  if (item instanceof TerminatedSignal) return 'actor.terminated';
  if (item instanceof MessageSignal) return item.message.type;
  if (item instanceof TimerSignal) return 'timer';
  return item instanceof Signal ? `signal ${item.lane}` : messageOf(item).type;
}
