import type { AnyActorLogic } from 'xstate';
import type { Body, BodyMaker } from './body.ts';
import type { Cell } from '../cell.ts';
import { ChartBody } from './chart-body.ts';
import type { AnyLogic } from './logic.ts';
import { PlainBody } from './plain-body.ts';
import type { SomeBehavior } from './plain-body.ts';

/** Makes what runs the cell's logic. */
export function createBody(cell: Cell): Body {
  const { logic } = cell;
  if (isMaker(logic)) return logic.createBody(cell);
  return isBehavior(logic) ? new PlainBody(cell, logic) : new ChartBody(cell, logic as AnyActorLogic, cell.input);
}

/** What the user gave, without what is around it. */
export function logicOf(cell: Cell): AnyLogic {
  const { logic } = cell;
  return isMaker(logic) ? logic.logic : logic;
}

/** Whether it is plain logic, not XState's. */
export function isBehavior(logic: object): logic is SomeBehavior {
  return 'kind' in logic && logic.kind === 'behavior';
}

function isMaker(logic: object): logic is BodyMaker {
  return 'kind' in logic && logic.kind === 'maker';
}
