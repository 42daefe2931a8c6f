import type { EventResult } from '../../gen/troupe/events/v1/events.ts';
import type { WireEvent } from '../../ports/domain-event.ts';
import type { DecodedEvent, EventForm } from './decode-event.ts';
import type { EncodedEvent } from './encoded-event.ts';

/** One message of the host in Deliver, as the host writes it. Sequences are whole numbers below 2^53. */
export interface DeliverFrame {
  /** In the first message only. */
  readonly start?: { readonly session: string; readonly nextSequence: number } | undefined;
  readonly firstSequence: number;
  readonly events: readonly EncodedEvent[];
  readonly attempt: number;
  readonly resultsReceived: number;
}

/** An event of a batch that is decoded as far as it is read. */
export interface EventView {
  readonly id: string;
  readonly type: string;
  readonly depth: number;
  /** The message that it lies in, and where its id lies there: to compare ids without making strings of them. */
  readonly bytes: Buffer;
  readonly idStart: number;
  readonly idEnd: number;
  readonly hasType: boolean;
  /** A hash of the bytes of its id. */
  hashId(): number;
  /** All of it. */
  decode(): WireEvent;
  /** All of it, as somebody else wants it. */
  decodeAs<None, Payload>(form: EventForm<None, Payload>): DecodedEvent<None, Payload>;
}

/** One message of the host in Deliver, as the plugin reads it. */
export interface DeliverBatch extends Omit<DeliverFrame, 'events'> {
  readonly events: readonly EventView[];
}

/** One message of the plugin in Deliver, as both sides see it. */
export interface DeliverAnswer {
  readonly settled: number;
  readonly sendLimit: number;
  readonly results: readonly EventResult[];
}
