import type { EventObject } from 'xstate';

/** An alphabet as events by their type; what XState itself sends is left to the exploration. */
export function groupByType(alphabet: Readonly<Record<string, EventObject>>): Record<string, readonly EventObject[]> {
  const own = Object.values(alphabet).filter(({ type }) => !type.startsWith('xstate.'));
  return Object.fromEntries(Map.groupBy(own, ({ type }) => type));
}
