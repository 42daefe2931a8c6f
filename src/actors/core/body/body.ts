import type { Intent } from '../../../machines/index.ts';
import type { Message } from '../../../ports/index.ts';
import type { Cell } from '../cell.ts';
import type { AnyLogic } from './logic.ts';

/** What runs in an actor. One is made for each start and each restart. */
export interface Body {
  /** Brings the behaviour into its first state. Errors go to the cell, not to the caller. */
  start(): void;
  /** Processes one message. Errors go to the cell, not to the caller. */
  receive(message: Message): void;
  snapshot(): unknown;
  /** Ends the behaviour, once. A promise is its clean-up; later calls get the same. Nothing reaches the cell afterwards. */
  stop(): Promise<void> | undefined;
}

/** Who hears what a body does: its cell, or what stands between the two. */
export interface BodyHost {
  readonly cell: Cell;
  recordIntent(intent: Intent): void;
  snapshotChanged(snapshot: unknown): void;
  emitFact(fact: unknown): void;
  bodyDone(output: unknown): void;
  bodyFailed(reason: unknown): void;
}

/** Logic with something around it, such as a store. */
export interface BodyMaker {
  readonly kind: 'maker';
  /** What it is around. */
  readonly logic: AnyLogic;
  createBody(cell: Cell): Body;
}
