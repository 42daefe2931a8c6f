export { startEventStream } from './start-event-stream.ts';
export type { EventStream, EventStreamOptions } from './start-event-stream.ts';
export type { EventContract } from './wire.ts';
