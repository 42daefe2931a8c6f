// The event service of plugins of the awf command line, as a host calls it. It takes the frames of our own service: the
// fields 1 to 4 are the same, the others have other numbers or do not exist there.

import { EventServiceService, HandleEventRequest, EventStreamMessage } from '../../gen/plugin/v1/plugin.ts';
import type { HandleEventResponse, StreamEventsResponse } from '../../gen/plugin/v1/plugin.ts';
import type { MethodDescriptor } from '../../ports/plugin-connection.ts';
import { decodeWith } from './deliver-answer.ts';
import { bodyStart } from './encoded-event.ts';
import type { EncodedEvent } from './encoded-event.ts';
import { createEventEncoder } from './event-encoder.ts';
import type { HandleEventFrame, StreamEventsFrame } from './event-frames.ts';
import { msOfNanos } from './proto-event.ts';
import { WireReader } from './wire-reader.ts';
import { MAX_VARINT_BYTES, WireWriter } from './wire-writer.ts';

/** The service as a host calls it. Attempts are not sent. Malformed answers throw `EVENT_PROTOCOL_VIOLATION`. */
export const awfEventDescriptor: {
  readonly streamEvents: MethodDescriptor<StreamEventsFrame, StreamEventsResponse>;
  readonly handleEvent: MethodDescriptor<HandleEventFrame, HandleEventResponse>;
} = {
  streamEvents: {
    ...EventServiceService.streamEvents,
    requestSerialize: ({ event, sequence }) => {
      const writer = transcoded(event);
      writer.number(0x40, sequence);
      return writer.written();
    },
    requestDeserialize: (bytes) => {
      const message = decodeWith(() => EventStreamMessage.decode(bytes));
      return { event: encoded(message), sequence: Number(message.sequenceNumber), attempt: 0 };
    },
    responseDeserialize: (bytes) => decodeWith(() => EventServiceService.streamEvents.responseDeserialize(bytes)),
  },
  handleEvent: {
    ...EventServiceService.handleEvent,
    requestSerialize: ({ event }) => transcoded(event).written(),
    requestDeserialize: (bytes) => ({
      event: encoded(decodeWith(() => HandleEventRequest.decode(bytes))),
      attempt: 0,
    }),
    responseDeserialize: (bytes) => decodeWith(() => EventServiceService.handleEvent.responseDeserialize(bytes)),
  },
};

/** Tags of our event to those of theirs; what is missing is not sent. */
const TAGS: ReadonlyMap<number, number> = new Map([
  [0x0a, 0x0a],
  [0x12, 0x12],
  [0x18, 0x18],
  [0x22, 0x22],
  [0x3a, 0x2a],
  [0x42, 0x32],
  [0x48, 0x38],
]);

/** Copies the fields of an event under their other numbers, without decoding them. */
function transcoded(event: EncodedEvent): WireWriter {
  const reader = new WireReader(event.chunk, bodyStart(event), event.end);
  const writer = new WireWriter(Buffer.allocUnsafe(event.end - event.start + 1 + MAX_VARINT_BYTES));
  while (reader.hasMore) {
    const { at } = reader;
    const tag = reader.tag();
    const theirs = TAGS.get(tag);
    reader.skip(tag);
    if (theirs === undefined) continue;
    // All tags have one byte on both sides.
    writer.bytes[writer.at++] = theirs;
    writer.raw(event.chunk, at + 1, reader.at);
  }
  return writer;
}

/** The way back; no host takes it. */
function encoded(message: HandleEventRequest): EncodedEvent {
  const { id, type, source, metadata, payload, propagationDepth: depth, timestampUnixNanos } = message;
  const time = msOfNanos(timestampUnixNanos);
  const absent = { subject: '', contentType: '', causationId: '' };
  return createEventEncoder().encode({ id, type, time, source, metadata, payload, depth, ...absent });
}
