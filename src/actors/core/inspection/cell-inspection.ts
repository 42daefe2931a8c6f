// What inspectors hear of one actor.
//
// Invariants:
//   I1. `actor.spawned` of an actor comes before everything else about it and about its children, also when its start
//       fails, or starts children.

import type { RuntimeError } from '../../../errors/index.ts';
import type { ActorOutcome } from '../../../ports/index.ts';
import type { Cell } from '../cell.ts';
import { logicOf } from '../body/create-body.ts';

export function reportSpawned(cell: Cell): void {
  const { inspection } = cell.system;
  if (!inspection.active || cell.extras.announced) return;
  const { parent } = cell;
  if (parent?.beginning === true) reportSpawned(parent);
  cell.extras.announced = true;
  inspection.emit({ type: 'actor.spawned', ref: cell, parent, logic: logicOf(cell), snapshot: cell.snapshot() });
}

export function reportFailed(cell: Cell, error: RuntimeError, restarts: boolean): void {
  const { inspection } = cell.system;
  if (!inspection.active) return;
  if (cell.beginning) reportSpawned(cell);
  inspection.emit({ type: 'actor.failed', ref: cell, error, restarts });
}

export function reportRestarted(cell: Cell): void {
  const { inspection } = cell.system;
  if (inspection.active) inspection.emit({ type: 'actor.restarted', ref: cell, snapshot: cell.snapshot() });
}

export function reportEnded(cell: Cell, outcome: ActorOutcome): void {
  const { inspection } = cell.system;
  if (!inspection.active) return;
  if (cell.beginning) reportSpawned(cell);
  inspection.emit({ type: 'actor.ended', ref: cell, outcome });
}
