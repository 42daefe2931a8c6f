// The methods of troupe.events.v1.EventService, as each of the two sides sees them: a host hands over events that are
// encoded already, a plugin gets events that are not decoded yet. On the wire both are what the generated code writes.

import {
  DeliverRequest,
  HandleEventRequest,
  HandleEventResponse,
  StreamEventsRequest,
  StreamEventsResponse,
} from '../../gen/troupe/events/v1/events.ts';
import type { MethodDescriptor } from '../../ports/plugin-connection.ts';
import { decodeAnswer, decodeWith, encodeAnswer } from './deliver-answer.ts';
import type { DeliverAnswer, DeliverBatch, DeliverFrame } from './deliver-frames.ts';
import { decodeDeliverBatch, decodeDeliverFrame, encodeDeliver } from './deliver-request.ts';
import type { HandledEvent, HandleEventFrame, StreamedEvent, StreamEventsFrame } from './event-frames.ts';
import { toProtoEvent } from './proto-event.ts';
import {
  decodeHandledEvent,
  decodeHandleEventFrame,
  decodeStreamedEvent,
  decodeStreamEventsFrame,
  encodeHandleEvent,
  encodeStreamEvents,
} from './single-event.ts';

const deliverMethod = {
  path: '/troupe.events.v1.EventService/Deliver',
  requestStream: true,
  responseStream: true,
  responseSerialize: encodeAnswer,
  responseDeserialize: decodeAnswer,
} as const;

const streamEventsMethod = {
  path: '/troupe.events.v1.EventService/StreamEvents',
  requestStream: true,
  responseStream: false,
  responseSerialize: (value: StreamEventsResponse): Buffer => asBuffer(StreamEventsResponse.encode(value).finish()),
  responseDeserialize: (bytes: Buffer): StreamEventsResponse => decodeWith(() => StreamEventsResponse.decode(bytes)),
} as const;

const handleEventMethod = {
  path: '/troupe.events.v1.EventService/HandleEvent',
  requestStream: false,
  responseStream: false,
  responseSerialize: (value: HandleEventResponse): Buffer => asBuffer(HandleEventResponse.encode(value).finish()),
  responseDeserialize: (bytes: Buffer): HandleEventResponse => decodeWith(() => HandleEventResponse.decode(bytes)),
} as const;

/** The service as a host calls it. Malformed answers throw `EVENT_PROTOCOL_VIOLATION`. */
export const hostEventDescriptor: {
  readonly deliver: MethodDescriptor<DeliverFrame, DeliverAnswer>;
  readonly streamEvents: MethodDescriptor<StreamEventsFrame, StreamEventsResponse>;
  readonly handleEvent: MethodDescriptor<HandleEventFrame, HandleEventResponse>;
} = {
  deliver: { ...deliverMethod, requestSerialize: encodeDeliver, requestDeserialize: decodeDeliverFrame },
  streamEvents: {
    ...streamEventsMethod,
    requestSerialize: encodeStreamEvents,
    requestDeserialize: decodeStreamEventsFrame,
  },
  handleEvent: {
    ...handleEventMethod,
    requestSerialize: encodeHandleEvent,
    requestDeserialize: decodeHandleEventFrame,
  },
};

/** The service as a plugin serves it. Malformed requests throw `EVENT_PROTOCOL_VIOLATION`, malformed events when read. */
export const pluginEventDescriptor: {
  readonly deliver: MethodDescriptor<DeliverBatch, DeliverAnswer>;
  readonly streamEvents: MethodDescriptor<StreamedEvent, StreamEventsResponse>;
  readonly handleEvent: MethodDescriptor<HandledEvent, HandleEventResponse>;
} = {
  deliver: { ...deliverMethod, requestSerialize: encodeBatch, requestDeserialize: decodeDeliverBatch },
  streamEvents: {
    ...streamEventsMethod,
    requestSerialize: encodeStreamedEvent,
    requestDeserialize: decodeStreamedEvent,
  },
  handleEvent: {
    ...handleEventMethod,
    requestSerialize: encodeHandledEvent,
    requestDeserialize: decodeHandledEvent,
  },
};

// A plugin does not send these; they complete the descriptor, by way of the generated code.

function encodeBatch({ start, events, firstSequence, attempt, resultsReceived }: DeliverBatch): Buffer {
  const message = DeliverRequest.encode({
    start: start === undefined ? undefined : { session: start.session, nextSequence: BigInt(start.nextSequence) },
    firstSequence: BigInt(firstSequence),
    events: events.map((event) => toProtoEvent(event.decode())),
    attempt,
    resultsReceived: BigInt(resultsReceived),
  });
  return asBuffer(message.finish());
}

function encodeStreamedEvent({ event, sequence, attempt }: StreamedEvent): Buffer {
  const message = { event: toProtoEvent(event.decode()), sequence: BigInt(sequence), attempt };
  return asBuffer(StreamEventsRequest.encode(message).finish());
}

function encodeHandledEvent({ event, attempt }: HandledEvent): Buffer {
  return asBuffer(HandleEventRequest.encode({ event: toProtoEvent(event.decode()), attempt }).finish());
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
