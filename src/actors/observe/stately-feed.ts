// Keeps Stately's inspector in step with a system.
//
// Invariants:
//   F1. An actor is announced before anything else is said of it, with its parent, which is the nearest one that is shown.
//   F2. What is sent is what stood at that moment: nothing is converted later.
//   F3. Only living actors are remembered. What waits for the inspector is bounded; when it overflows it is forgotten as a
//       whole, and each actor is announced again with its next event.

import { isCell } from '../core/cell-brand.ts';
import type { Cell } from '../core/cell.ts';
import { logicOf } from '../core/body/create-body.ts';
import { Envelope, messageOf } from '../core/mailbox/envelope.ts';
import type { Queued } from '../core/mailbox/envelope.ts';
import type { InspectionEvent } from '../core/inspection/inspection.ts';
import type { StatelyFrames, StatelySnapshot } from './stately-frames.ts';

/** An actor as the manual interface of `@statelyai/inspect` takes it. Only so does it keep the parent: see `_parent`. */
export interface StatelyActor {
  readonly sessionId: string;
  readonly _parent: StatelyActor | undefined;
  readonly logic: { readonly config?: object | undefined };
}

/** What is used of an inspector that `@statelyai/inspect` makes. */
export interface StatelyInspector {
  actor(actor: never, snapshot?: never): void;
  event(actor: never, event: never, info?: never): void;
  snapshot(actor: never, snapshot: never, info?: never): void;
}

interface Shown extends StatelyActor {
  isAnnounced: boolean;
  /** The message whose event was sent last. */
  lastItem: Queued | undefined;
  /** It was sent with the change that it made, which is told before the end of its processing is. */
  isCauseSent: boolean;
  lastEvent: { readonly type: string };
}

const NO_EVENT = { type: '' };
const DEAD_LETTERS = 'dead letters';

/** @internal */
export class StatelyFeed {
  readonly #frames: StatelyFrames;
  readonly #isShown: (path: string) => boolean;
  readonly #maxWaiting: number;
  readonly #known = new Map<Cell, Shown>();
  readonly #deadLetters: Shown = newShown(DEAD_LETTERS, undefined, undefined);
  #waiting: ((inspector: StatelyInspector) => void)[] = [];
  #inspector: StatelyInspector | undefined;

  constructor(frames: StatelyFrames, isShown: (path: string) => boolean, maxWaiting: number) {
    this.#frames = frames;
    this.#isShown = isShown;
    this.#maxWaiting = maxWaiting;
  }

  /** The inspector is there: gets what has waited. */
  attach(inspector: StatelyInspector): void {
    this.#inspector = inspector;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const send of waiting) send(inspector);
  }

  /** Whoever looks now has seen nothing yet. */
  announceAll(): void {
    this.#forgetAnnouncements();
    for (const [cell, shown] of this.#known) this.#announce(cell, shown);
  }

  take(event: InspectionEvent): void {
    if (event.type === 'deadLetter.added') {
      this.#takeDeadLetter(event.letter);
      return;
    }
    const cell = event.ref;
    if (!isCell(cell) || !this.#isShown(cell.path)) return;
    const shown = this.#shownOf(cell);
    switch (event.type) {
      case 'actor.spawned':
        return;
      case 'message.delivered':
        if (!shown.isCauseSent) this.#sendEvent(shown, event.message, event.sender);
        shown.isCauseSent = false;
        shown.lastItem = cell.current;
        return;
      case 'snapshot.changed':
        this.#sendCause(cell, shown);
        this.#sendSnapshot(shown, this.#frames.snapshot(event.snapshot));
        return;
      case 'actor.failed':
        this.#sendSnapshot(shown, this.#frames.snapshot(cell.snapshot(), { status: 'error', error: event.error }));
        return;
      case 'actor.restarted':
        this.#sendEvent(shown, { type: event.type });
        this.#sendSnapshot(shown, this.#frames.snapshot(event.snapshot));
        return;
      case 'actor.ended':
        this.#sendSnapshot(shown, this.#frames.snapshot(cell.snapshot(), endOf(event.outcome)));
        this.#known.delete(cell);
        return;
      default:
        this.#sendEvent(shown, { type: event.type, waiting: event.waiting });
    }
  }

  /** The message that is processed, which made the change that is to be told. */
  #sendCause({ current }: Cell, shown: Shown): void {
    if (current === undefined || current === shown.lastItem) return;
    shown.lastItem = current;
    shown.isCauseSent = true;
    this.#sendEvent(shown, messageOf(current), current instanceof Envelope ? current.sender : undefined);
  }

  #takeDeadLetter(letter: Extract<InspectionEvent, { type: 'deadLetter.added' }>['letter']): void {
    if (!this.#isShown(letter.receiver)) return;
    const shown = this.#deadLetters;
    if (!shown.isAnnounced) {
      shown.isAnnounced = true;
      this.#send((inspector) => inspector.actor(shown as never, { status: 'active' } as never));
    }
    const { reason, receiver, sender, message } = letter;
    this.#sendEvent(shown, { type: `deadLetter.${reason}`, receiver, sender, message });
  }

  /** F1. */
  #shownOf(cell: Cell): Shown {
    let shown = this.#known.get(cell);
    if (shown === undefined) {
      const { parent } = cell;
      const above = parent === undefined ? undefined : this.#nearestShown(parent);
      const session = `${cell.path}#${cell.id.replace(/^\D+/, '')}`;
      shown = newShown(session, above, this.#frames.definition(logicOf(cell)));
      this.#known.set(cell, shown);
    }
    if (!shown.isAnnounced) this.#announce(cell, shown);
    return shown;
  }

  #nearestShown(cell: Cell): Shown | undefined {
    if (this.#isShown(cell.path)) return this.#shownOf(cell);
    return cell.parent === undefined ? undefined : this.#nearestShown(cell.parent);
  }

  #announce(cell: Cell, shown: Shown): void {
    shown.isAnnounced = true;
    const snapshot = this.#frames.snapshot(cell.snapshot());
    this.#send((inspector) => inspector.actor(shown as never, snapshot as never));
  }

  #sendEvent(shown: Shown, message: object, sender?: object): void {
    const event = this.#frames.event(message);
    const source = isCell(sender) && this.#isShown(sender.path) ? this.#shownOf(sender).sessionId : undefined;
    shown.lastEvent = event;
    this.#send((inspector) => inspector.event(shown as never, event as never, { source } as never));
  }

  #sendSnapshot(shown: Shown, snapshot: StatelySnapshot): void {
    const info = { event: shown.lastEvent };
    this.#send((inspector) => inspector.snapshot(shown as never, snapshot as never, info as never));
  }

  /** F3. */
  #send(send: (inspector: StatelyInspector) => void): void {
    if (this.#inspector !== undefined) {
      send(this.#inspector);
      return;
    }
    if (this.#waiting.length >= this.#maxWaiting) this.#forgetAnnouncements();
    this.#waiting.push(send);
  }

  #forgetAnnouncements(): void {
    this.#waiting = [];
    this.#deadLetters.isAnnounced = false;
    for (const shown of this.#known.values()) shown.isAnnounced = false;
  }
}

function newShown(sessionId: string, parent: Shown | undefined, config: object | undefined): Shown {
  const logic = { config };
  const nothing = { isAnnounced: false, lastItem: undefined, isCauseSent: false, lastEvent: NO_EVENT };
  return { sessionId, _parent: parent, logic, ...nothing };
}

function endOf(outcome: Extract<InspectionEvent, { type: 'actor.ended' }>['outcome']): Partial<StatelySnapshot> {
  if (outcome.kind === 'done') return { status: 'done', output: outcome.output };
  return outcome.kind === 'failed' ? { status: 'error', error: outcome.error } : { status: 'stopped' };
}
