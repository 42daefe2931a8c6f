import { describe, expect, it } from 'vitest';
import { Event } from '../../../src/gen/troupe/events/v1/events.ts';
import { createEventEncoder, decodeEvent, eventBytes } from '../../../src/transport/events/index.ts';
import { LazyEvent } from '../../../src/transport/events/event-view.ts';
import { exampleEvent } from './example-event.ts';

const encoder = createEventEncoder();

describe('a view of an event', () => {
  it.each([0, 1, 127, 128, 300, 2 ** 31])('reads the depth %d', (depth) => {
    expect(view(eventBytes(encoder.encode({ ...exampleEvent(1), depth }))).depth).toBe(depth);
  });

  it.each(['', 'a', 'x'.repeat(127), 'x'.repeat(128), 'é'.repeat(200)])('reads the id "%s"', (id) => {
    const { bytes, id: read, idStart, idEnd } = view(Buffer.from(Event.encode(event(id)).finish()));

    expect([read, bytes.toString('utf8', idStart, idEnd)]).toEqual([id, id]);
  });

  it('takes the last of several ids and types, as decoding does', () => {
    const twice = Buffer.concat([Event.encode(event('first')).finish(), Event.encode(event('second')).finish()]);

    const { id, type } = view(twice);

    expect([id, type]).toEqual(['second', 'order.paid']);
    expect(decodeEvent(twice)).toMatchObject({ id, type });
  });

  it.each<[string, readonly number[]]>([
    ['a number of 11 bytes', [0x18, ...Array.from({ length: 10 }, () => 0x80), 0x01]],
    ['a number that is cut off', [0x18, 0x80]],
    ['a text that is cut off', [0x0a, 0x02, 0x61]],
    ['a field with the number 0', [0x02, 0x00]],
    ['a tag alone', [0x0a]],
  ])('refuses %s, as decoding does', (_, bytes) => {
    const malformed = Buffer.from([...Event.encode(event('e')).finish(), ...bytes]);

    expect(() => view(malformed).id).toThrow(expect.objectContaining({ code: 'EVENT_PROTOCOL_VIOLATION' }));
    expect(() => decodeEvent(malformed)).toThrow(expect.objectContaining({ code: 'EVENT_PROTOCOL_VIOLATION' }));
  });

  it('reads a number of 10 bytes, and what comes behind it', () => {
    const long = [0x18, ...Array.from({ length: 9 }, () => 0x80), 0x01];

    expect(view(Buffer.from([...long, 0x0a, 0x01, 0x61])).id).toBe('a');
  });
});

// Helpers

function view(bytes: Buffer): LazyEvent {
  const before = Buffer.alloc(3, 0xff);
  return new LazyEvent(Buffer.concat([before, bytes, before]), before.length, before.length + bytes.length);
}

function event(id: string): Event {
  return Event.fromPartial({ id, type: 'order.paid', timeUnixNanos: 5n, payload: Buffer.alloc(600, 0x0a) });
}
