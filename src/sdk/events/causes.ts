import { AsyncLocalStorage } from 'node:async_hooks';

/**
 * The id of the event that is handled, for everything that its handler does and starts: awaits, timers, callbacks.
 * Undefined outside of handlers, and within `plugin.root`.
 */
export const causes: AsyncLocalStorage<string | undefined> = new AsyncLocalStorage<string | undefined>();
