import { AsyncLocalStorage } from 'node:async_hooks';

/** Something that knows the event that caused what is done now. */
export interface Causing {
  readonly causationId: string;
}

/**
 * The event that is handled, for everything that its handler does and starts: awaits, timers, callbacks. Undefined
 * outside of handlers, and within `plugin.root`.
 */
export const causes: AsyncLocalStorage<Causing | undefined> = new AsyncLocalStorage<Causing | undefined>();
