import type { Cell } from './cell.ts';

/** What marks cells, so that code below the class can tell them from other references. */
export const CELL: unique symbol = Symbol('troupe.cell');

/** Whether a reference is an actor of an actor system of this copy of the package. */
export function isCell(value: unknown): value is Cell {
  return typeof value === 'object' && value !== null && CELL in value;
}
