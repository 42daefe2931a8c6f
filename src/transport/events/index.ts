export type { DeliverAnswer, DeliverBatch, DeliverFrame, EventView } from './deliver-frames.ts';
export type { EncodedEvent } from './encoded-event.ts';
