import { BinaryWriter } from '@bufbuild/protobuf/wire';
import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { EventStreamMessage, HandleEventRequest as AwfRequest } from '../../src/gen/plugin/v1/plugin.ts';
import {
  DeliverRequest,
  DeliverResponse,
  Event,
  HandleEventRequest,
  StreamEventsRequest,
} from '../../src/gen/troupe/events/v1/events.ts';
import type { WireEvent } from '../../src/ports/index.ts';
import {
  awfEventDescriptor,
  createEventEncoder,
  decodeEvent,
  eventBytes,
  fromProtoEvent,
  hostEventDescriptor,
  msOfNanos,
  nanosOfMs,
  pluginEventDescriptor,
  toProtoEvent,
} from '../../src/transport/events/index.ts';
import { eventTime, wireEvent } from '../arbitraries/wire-event.ts';

const number53 = () => fc.oneof(fc.nat(300), fc.nat(), fc.maxSafeNat(), fc.constantFrom(2 ** 32 - 1, 2 ** 32));
const uint32 = () => fc.oneof(fc.nat(3), fc.constantFrom(2 ** 31, 2 ** 32 - 1));

describe('createEventEncoder', () => {
  test.prop([wireEvent()])('writes what the generated code writes, byte for byte', (event) => {
    const encoded = createEventEncoder().encode(event);

    expect(eventBytes(encoded).equals(Event.encode(toProtoEvent(event)).finish())).toBe(true);
  });

  test.prop([fc.array(wireEvent(), { maxLength: 30 }), fc.integer({ min: 1_024, max: 65_536 })])(
    'lays events one behind the other in chunks, and never changes what it has written',
    (events, chunkBytes) => {
      const encoder = createEventEncoder({ chunkBytes });

      const encoded = events.map((event) => encoder.encode(event));

      for (const [index, event] of events.entries()) {
        const own = encoded[index];
        const before = encoded.slice(0, index).findLast(({ chunk }) => chunk === own?.chunk);
        expect(own?.start).toBe(before?.end ?? 0);
        expect(own === undefined ? undefined : plain(decodeEvent(eventBytes(own)))).toEqual(plain(event));
      }
    },
  );
});

describe('decodeEvent', () => {
  test.prop([wireEvent(), unknownFields()])(
    'reads what the generated code wrote, past unknown fields',
    (event, more) => {
      const bytes = Buffer.concat([more, Event.encode(toProtoEvent(event)).finish(), more]);

      expect(plain(decodeEvent(bytes))).toEqual(plain(event));
      expect(plain(fromProtoEvent(Event.decode(bytes)))).toEqual(plain(event));
    },
  );
});

describe('deliver', () => {
  const frames = fc.record({
    start: fc.option(fc.record({ session: fc.string({ unit: 'grapheme' }), nextSequence: number53() }), {
      nil: undefined,
    }),
    firstSequence: number53(),
    events: fc.array(fc.tuple(wireEvent(), fc.boolean()), { maxLength: 12 }),
    attempt: uint32(),
    resultsReceived: number53(),
  });

  test.prop([frames, unknownFields()])(
    'is read by the generated code and by the plugin as it was meant',
    (given, more) => {
      const encoder = createEventEncoder({ chunkBytes: 4_096 });
      // Those without a mark were taken out by a filter: what is left has gaps.
      const events = given.events.map(([event, isKept]) => ({ event, isKept, encoded: encoder.encode(event) }));
      const kept = events.filter(({ isKept }) => isKept);
      const frame = { ...given, events: kept.map(({ encoded }) => encoded) };

      const bytes = hostEventDescriptor.deliver.requestSerialize(frame);
      const message = DeliverRequest.decode(bytes);
      const batch = pluginEventDescriptor.deliver.requestDeserialize(Buffer.concat([more, bytes, more]));
      const again = hostEventDescriptor.deliver.requestDeserialize(bytes);

      const { start, firstSequence, attempt, resultsReceived } = given;
      const wide = { session: start?.session, nextSequence: BigInt(start?.nextSequence ?? 0) };
      expect(message.start).toEqual(start === undefined ? undefined : wide);
      expect(message).toMatchObject({
        firstSequence: BigInt(firstSequence),
        attempt,
        resultsReceived: BigInt(resultsReceived),
      });
      expect(batch).toMatchObject({ firstSequence, attempt, resultsReceived });
      expect(batch.start).toEqual(start);
      const wanted = kept.map(({ event }) => plain(event));
      expect(message.events.map((event) => plain(fromProtoEvent(event)))).toEqual(wanted);
      expect(batch.events.map((event) => plain(event.decode()))).toEqual(wanted);
      expect(batch.events.map(({ id, type, depth }) => ({ id, type, depth }))).toEqual(
        wanted.map(({ id, type, depth }) => ({ id, type, depth })),
      );
      expect(hostEventDescriptor.deliver.requestSerialize(again).equals(bytes)).toBe(true);
      expect(DeliverRequest.decode(pluginEventDescriptor.deliver.requestSerialize(batch))).toEqual(message);
    },
  );

  test.prop([number53(), number53(), fc.array(results(), { maxLength: 4 }), unknownFields()])(
    'answers as the generated code does, past unknown fields',
    (settled, sendLimit, given, more) => {
      const answer = { settled, sendLimit, results: given };
      const message = { settled: BigInt(settled), sendLimit: BigInt(sendLimit), results: given };

      const bytes = pluginEventDescriptor.deliver.responseSerialize(answer);

      expect(DeliverResponse.decode(bytes)).toEqual(message);
      const theirs = Buffer.concat([more, DeliverResponse.encode(message).finish(), more]);
      expect(hostEventDescriptor.deliver.responseDeserialize(theirs)).toEqual(answer);
    },
  );
});

describe('streamEvents and handleEvent', () => {
  test.prop([wireEvent(), number53(), uint32(), unknownFields()])(
    'carry the bytes of the event as the generated code does',
    (given, sequence, attempt, more) => {
      const event = createEventEncoder().encode(given);

      const streamed = hostEventDescriptor.streamEvents.requestSerialize({ event, sequence, attempt });
      const handled = hostEventDescriptor.handleEvent.requestSerialize({ event, attempt });

      const message = { event: toProtoEvent(given), sequence: BigInt(sequence), attempt };
      expect(streamed.equals(StreamEventsRequest.encode(message).finish())).toBe(true);
      expect(handled.equals(HandleEventRequest.encode(message).finish())).toBe(true);
      const read = pluginEventDescriptor.streamEvents.requestDeserialize(Buffer.concat([more, streamed, more]));
      expect([read.sequence, read.attempt, plain(read.event.decode())]).toEqual([sequence, attempt, plain(given)]);
      const one = pluginEventDescriptor.handleEvent.requestDeserialize(Buffer.concat([more, handled, more]));
      expect([one.attempt, one.event.id, plain(one.event.decode())]).toEqual([attempt, given.id, plain(given)]);
      expect(pluginEventDescriptor.streamEvents.requestSerialize(read).equals(streamed)).toBe(true);
      expect(pluginEventDescriptor.handleEvent.requestSerialize(one).equals(handled)).toBe(true);
    },
  );

  test.prop([wireEvent(), number53()])('carry the fields that an awf plugin knows', (given, sequence) => {
    const event = createEventEncoder().encode({ ...given, depth: given.depth % 2 ** 31 });

    const streamed = awfEventDescriptor.streamEvents.requestSerialize({ event, sequence, attempt: 3 });
    const handled = awfEventDescriptor.handleEvent.requestSerialize({ event, attempt: 3 });

    const { id, type, timeUnixNanos, source, metadata, payload } = toProtoEvent(given);
    const known = { id, type, timestampUnixNanos: timeUnixNanos, source, metadata, payload };
    const wanted = { ...known, propagationDepth: given.depth % 2 ** 31 };
    expect(AwfRequest.decode(handled)).toEqual(AwfRequest.fromPartial(wanted));
    const message = { ...wanted, sequenceNumber: BigInt(sequence) };
    expect(EventStreamMessage.decode(streamed)).toEqual(EventStreamMessage.fromPartial(message));
  });
});

describe('the time of an event', () => {
  test.prop([eventTime()])('is the same after the way to nanoseconds and back', (ms) => {
    const nanos = nanosOfMs(ms);

    expect(msOfNanos(nanos)).toBe(ms);
    const whole = Math.floor(ms);
    expect(nanos).toBe(BigInt(whole) * 1_000_000n + BigInt(Math.round((ms - whole) * 1e6)));
  });
});

// Helpers

/** Events as values that can be compared; `__proto__` is a key that generated code cannot keep. */
function plain(event: WireEvent): WireEvent & { readonly payload: string } {
  const metadata = Object.fromEntries(Object.entries(event.metadata).filter(([key]) => key !== '__proto__'));
  return { ...event, metadata, payload: Buffer.from(event.payload).toString('hex') as never };
}

/** Fields that no version of the contract has yet, of all types of the wire. */
function unknownFields(): fc.Arbitrary<Buffer> {
  const number = fc.integer({ min: 16, max: 2 ** 29 - 1 });
  const field = fc.oneof(
    fc.tuple(number, fc.bigInt(0n, 2n ** 64n - 1n)).map(([id, value]) => new BinaryWriter().tag(id, 0).uint64(value)),
    number.map((id) => new BinaryWriter().tag(id, 1).fixed64(7n)),
    fc.tuple(number, fc.uint8Array()).map(([id, value]) => new BinaryWriter().tag(id, 2).bytes(value)),
    fc
      .tuple(number, fc.uint8Array())
      .map(([id, value]) => new BinaryWriter().tag(id, 3).tag(id, 3).tag(99, 2).bytes(value).tag(id, 4).tag(id, 4)),
    number.map((id) => new BinaryWriter().tag(id, 5).fixed32(7)),
  );
  return fc.array(field, { maxLength: 3 }).map((fields) => Buffer.concat(fields.map((writer) => writer.finish())));
}

function results(): fc.Arbitrary<DeliverResponse['results'][number]> {
  return fc.record({
    sequence: number53().map(BigInt),
    eventId: fc.string(),
    emitted: fc.constant([]),
    error: fc.option(fc.record({ code: fc.string(), message: fc.string({ unit: 'grapheme' }) }), { nil: undefined }),
  });
}
