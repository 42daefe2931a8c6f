import type { MatchesGlob } from '../policy/index.ts';
import type { DomainEvent, EventMap, EventType } from '../ports/index.ts';
import type { LocalHandler, LocalHandlerContext } from './subscription/index.ts';

/** The events of a map that a pattern matches; any event for a pattern that is not known before the program runs. */
export type EventsMatching<Events extends EventMap, Pattern extends string> = {
  [Type in EventType<Events>]: MatchesGlob<Type, Pattern> extends true ? DomainEvent<Type, Events[Type]> : never;
}[EventType<Events>];

/** Handles events in this process. What it returns is published when it is an array. */
export type EventHandler<Event extends DomainEvent> = (
  event: Event,
  context: LocalHandlerContext,
) => ReturnType<LocalHandler>;
