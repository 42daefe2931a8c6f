export { createEventRuntime } from './event-runtime.ts';
export type { EventRuntime, EventRuntimeOptions } from './event-runtime.ts';
