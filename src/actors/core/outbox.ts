// What a chart asks of the system during a transition, until the transition has happened.
//
// Invariants:
//   O1. Intents are performed after their transition, in order; those of a transition that failed are forgotten.
//   O2. An intent that fails is logged, and stops neither the others nor the actor.
//   O3. A child that ends while the intents are performed is still found by its name, so that a `watch` right after the
//       `spawn` of a child that failed at its start is answered.

import type { Intent } from '../../machines/index.ts';
import type { Cell } from './cell.ts';
import { performIntent } from './cell-intents.ts';

/** The intents of one actor. */
export class Outbox {
  /** Children that the present transition started, by name. */
  spawned: Map<string, Cell> | undefined = undefined;
  readonly #cell: Cell;
  #intents: Intent[] = [];

  constructor(cell: Cell) {
    this.#cell = cell;
  }

  get isEmpty(): boolean {
    return this.#intents.length === 0;
  }

  add(intent: Intent): void {
    this.#intents.push(intent);
  }

  forget(): void {
    if (this.#intents.length > 0) this.#intents = [];
  }

  noteSpawned(child: Cell): void {
    this.spawned ??= new Map();
    this.spawned.set(child.name, child);
  }

  perform(): void {
    // Performing an intent can record further ones, for instance when a child's entry actions answer at once.
    while (this.#intents.length > 0) for (const intent of this.#take()) performGuarded(this.#cell, intent);
    this.spawned = undefined;
  }

  /** What a final transition sent still leaves; all else needs a living actor. */
  performLast(): void {
    const { system } = this.#cell;
    const before = system.running;
    // The transition may have come from a promise, outside any turn.
    system.running = this.#cell;
    for (const intent of this.#take()) {
      if (intent.kind === 'tell' || intent.kind === 'reply') performGuarded(this.#cell, intent);
    }
    system.running = before;
  }

  #take(): readonly Intent[] {
    const intents = this.#intents;
    this.#intents = [];
    return intents;
  }
}

/** What an intent reaches belongs to others: their errors are logged and stop nothing here (O2). */
export function performGuarded(cell: Cell, intent: Intent): void {
  try {
    performIntent(cell, intent);
  } catch (error) {
    cell.log('error', `actor "${cell.path}": "${intent.kind}" failed`, { error });
  }
}
