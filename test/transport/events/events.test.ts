import { describe, expect, it } from 'vitest';
import { DeliverRequest } from '../../../src/gen/troupe/events/v1/events.ts';
import { createEventEncoder, decodeEvent, eventBytes } from '../../../src/transport/events/index.ts';
import { frameEvent, hostEventDescriptor, pluginEventDescriptor } from '../../../src/transport/events/index.ts';
import { exampleEvent } from './example-event.ts';

const { deliver, streamEvents } = pluginEventDescriptor;

describe('createEventEncoder', () => {
  it('gives an event larger than a chunk of 1 KiB memory of its own, and goes on in the chunk', () => {
    const encoder = createEventEncoder({ chunkBytes: 1_024 });

    const before = encoder.encode(exampleEvent(1));
    const large = encoder.encode({ ...exampleEvent(2), payload: Buffer.alloc(5_000, 7) });
    const after = encoder.encode(exampleEvent(3));

    expect(large.chunk).not.toBe(before.chunk);
    expect(decodeEvent(eventBytes(large)).payload).toHaveLength(5_000);
    expect(after).toMatchObject({ start: before.end });
    expect(after.chunk).toBe(before.chunk);
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY, 9_300_000_000_000])('refuses the time %d', (time) => {
    const encoder = createEventEncoder();
    const before = encoder.encode(exampleEvent(1));

    expect(() => encoder.encode({ ...exampleEvent(2), time })).toThrow(/EVENT_TIME_INVALID/);

    expect(encoder.encode(exampleEvent(3)).start).toBe(before.end);
  });

  it.each([0, 1_023, 2_000.5])('refuses chunks of %d bytes', (chunkBytes) => {
    expect(() => createEventEncoder({ chunkBytes })).toThrow(/INVALID_OPTIONS.*chunkBytes/);
  });
});

describe('events on the wire', () => {
  it('keep their bytes when they are framed again', () => {
    const body = Buffer.from(eventBytes(createEventEncoder().encode(exampleEvent(1))));

    expect(eventBytes(frameEvent(body)).equals(body)).toBe(true);
  });

  it('keep a metadata key "__proto__" to themselves', () => {
    const metadata = JSON.parse('{"__proto__":"x"}');

    const event = decodeEvent(eventBytes(createEventEncoder().encode({ ...exampleEvent(1), metadata })));

    expect(Object.entries(event.metadata)).toEqual([['__proto__', 'x']]);
    expect(Object.getPrototypeOf(event.metadata)).toBe(Object.prototype);
  });

  it('are not sent with a number of 2^53 or below 0', () => {
    const frame = { events: [], attempt: 0, resultsReceived: 0 };

    for (const firstSequence of [2 ** 53, -1, 1.5]) {
      expect(() => hostEventDescriptor.deliver.requestSerialize({ ...frame, firstSequence })).toThrow(/INTERNAL/);
    }
  });
});

describe('messages that break the rules', () => {
  const empty = { start: undefined, firstSequence: 0n, events: [], attempt: 0, resultsReceived: 0n };

  it.each<[string, Buffer]>([
    ['first_sequence is 2^53', Buffer.from(DeliverRequest.encode({ ...empty, firstSequence: 2n ** 53n }).finish())],
    ['first_sequence is -1', Buffer.from('10ffffffffffffffffff01', 'hex')],
    ['a number has 11 bytes', Buffer.from('10ffffffffffffffffffff01', 'hex')],
    ['an event is cut off', Buffer.from('1a05aa', 'hex')],
    ['a field has the number 0', Buffer.from('0000', 'hex')],
    ['a group ends that was not begun', Buffer.from('fc01', 'hex')],
    ['groups are nested 200 deep', Buffer.alloc(400, Buffer.from('fb01', 'hex'))],
    ['a batch has 65,537 events', Buffer.alloc(65_537 * 2, Buffer.from('1a00', 'hex'))],
  ])('are EVENT_PROTOCOL_VIOLATION when %s', (_, bytes) => {
    expect(() => deliver.requestDeserialize(bytes)).toThrow(/EVENT_PROTOCOL_VIOLATION/);
  });

  it('are EVENT_PROTOCOL_VIOLATION without an event', () => {
    expect(() => streamEvents.requestDeserialize(Buffer.from('1001', 'hex'))).toThrow(/EVENT_PROTOCOL_VIOLATION/);
  });

  it('cost one event of a batch when only that is malformed', () => {
    const { events } = deliver.requestDeserialize(Buffer.from('1a020a7f1a030a0161', 'hex'));

    expect(() => events[0]?.id).toThrow(/EVENT_PROTOCOL_VIOLATION/);
    expect(() => events[0]?.decode()).toThrow(/EVENT_PROTOCOL_VIOLATION/);
    expect(events[1]?.id).toBe('a');
  });
});
