import type { EventView } from './deliver-frames.ts';
import type { EncodedEvent } from './encoded-event.ts';

/** One event of StreamEvents, as the host writes it. */
export interface StreamEventsFrame {
  readonly event: EncodedEvent;
  /** 1 for the first of the stream, and so on. */
  readonly sequence: number;
  readonly attempt: number;
}

/** One event of StreamEvents, as the plugin reads it. */
export interface StreamedEvent {
  readonly event: EventView;
  readonly sequence: number;
  readonly attempt: number;
}

/** The request of HandleEvent, as the host writes it. */
export interface HandleEventFrame {
  readonly event: EncodedEvent;
  readonly attempt: number;
}

/** The request of HandleEvent, as the plugin reads it. */
export interface HandledEvent {
  readonly event: EventView;
  readonly attempt: number;
}
