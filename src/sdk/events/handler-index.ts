import { compileGlob } from '../../policy/index.ts';
import type { DomainEvent } from '../../ports/index.ts';
import type { EventContext } from '../event-types.ts';

/** A handler whose types are the author's business. */
export type AnyHandler = (event: DomainEvent, context: EventContext) => unknown;

/** Handlers by pattern, in the order in which they run. */
export type AnyHandlers = Readonly<Record<string, AnyHandler | undefined>>;

/** Types whose handlers are remembered; an odd sender could invent a new type for each event. */
const REMEMBERED_TYPES = 10_000;

/**
 * Finds the handlers of an event type.
 *
 * @throws PATTERN_INVALID for a key that is no pattern
 */
export function createHandlerIndex(handlers: AnyHandlers): (type: string) => readonly AnyHandler[] {
  const rules = Object.entries(handlers).flatMap(([pattern, handler]) =>
    handler === undefined ? [] : [{ glob: compileGlob(pattern), handler }],
  );
  const byType = new Map<string, readonly AnyHandler[]>();
  let lastType = '';
  let last: readonly AnyHandler[] = [];
  const find = (type: string): readonly AnyHandler[] => {
    const known = byType.get(type);
    if (known !== undefined) return known;
    const found = rules.filter(({ glob }) => glob.matches(type)).map(({ handler }) => handler);
    if (byType.size >= REMEMBERED_TYPES) byType.clear();
    byType.set(type, found);
    return found;
  };
  return (type) => {
    // Events of a type often come one behind the other.
    if (type !== lastType) {
      last = find(type);
      lastType = type;
    }
    return last;
  };
}
