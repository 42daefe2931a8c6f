import { fc } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { DeliverResponse } from '../../src/gen/troupe/events/v1/events.ts';
import type { WireEvent } from '../../src/ports/index.ts';
import {
  createEventEncoder,
  decodeEvent,
  eventBytes,
  hostEventDescriptor,
  pluginEventDescriptor,
} from '../../src/transport/events/index.ts';
import type { EventView } from '../../src/transport/events/index.ts';
import { createOutcomes, FUZZ_RUNS } from '../../test/fuzz/outcomes.ts';
import { editedBytes } from '../arbitraries/edited-bytes.ts';

const DOCUMENTED = ['EVENT_PROTOCOL_VIOLATION'] as const;

const encoder = createEventEncoder();
const events = [1, 2, 3].map((n) => encoder.encode(example(n)));
const [first = encoder.encode(example(1))] = events;

const { deliver, streamEvents, handleEvent } = pluginEventDescriptor;
const host = hostEventDescriptor;
const start = { session: 'a', nextSequence: 2 ** 52 };

describe('fuzz: messages of events', () => {
  it.each<[string, readonly Buffer[], (bytes: Buffer) => unknown]>([
    ['events', events.map(eventBytes), (bytes) => expectEvent(decodeEvent(bytes))],
    [
      'batches',
      [
        host.deliver.requestSerialize({ start, firstSequence: 7, events, attempt: 1, resultsReceived: 2 ** 40 }),
        host.deliver.requestSerialize({ firstSequence: 300, events: events.slice(1), attempt: 0, resultsReceived: 0 }),
      ],
      (bytes) => {
        const batch = deliver.requestDeserialize(bytes);
        expectNumbers([batch.firstSequence, batch.resultsReceived, batch.start?.nextSequence ?? 0, batch.attempt]);
        for (const event of batch.events) expectView(event);
      },
    ],
    [
      'answers',
      [answer(1), answer(3), deliver.responseSerialize({ settled: 2 ** 50, sendLimit: 9, results: [] })],
      (bytes) => {
        const { settled, sendLimit } = host.deliver.responseDeserialize(bytes);
        expectNumbers([settled, sendLimit]);
      },
    ],
    [
      'streamed events',
      [host.streamEvents.requestSerialize({ event: first, sequence: 2 ** 35, attempt: 1 })],
      (bytes) => {
        const { event, sequence } = streamEvents.requestDeserialize(bytes);
        expectNumbers([sequence]);
        expectView(event);
      },
    ],
    [
      'single events',
      [host.handleEvent.requestSerialize({ event: first, attempt: 2 })],
      (bytes) => expectView(handleEvent.requestDeserialize(bytes).event),
    ],
    [
      'answers to single events',
      [handleEvent.responseSerialize({ emitted: [], error: { code: 'X', message: 'no' } })],
      (bytes) => host.handleEvent.responseDeserialize(bytes),
    ],
  ])('%s are read or EVENT_PROTOCOL_VIOLATION', (what, captures, read) => {
    const outcomes = createOutcomes(what, DOCUMENTED);
    const bytes = fc.oneof(
      { weight: 9, arbitrary: editedBytes(captures) },
      { weight: 1, arbitrary: fc.uint8Array({ maxLength: 100 }).map((given) => Buffer.from(given)) },
    );

    fc.assert(
      fc.property(bytes, (given) => void outcomes.run(() => read(given))),
      { numRuns: FUZZ_RUNS },
    );

    expect(outcomes.finish([...DOCUMENTED, 'ok'])).toEqual([]);
  });
});

// Helpers

function expectView(view: EventView): void {
  // First: what the view has read already it does not read again.
  const event = view.decode();
  const { id, type, depth, idStart, idEnd, hasType } = view;
  expect(event).toMatchObject({ id, type, depth });
  expect([view.bytes.toString('utf8', idStart, idEnd), hasType]).toEqual([id, type !== '']);
  expect(view.decode()).toEqual(event);
  expectEvent(event);
}

/** What was read can be encoded again. */
function expectEvent(event: WireEvent): void {
  const again = decodeEvent(eventBytes(createEventEncoder().encode(event)));
  expect(again.id).toBe(event.id);
  expect(Buffer.from(again.payload).equals(event.payload)).toBe(true);
}

function expectNumbers(numbers: readonly number[]): void {
  for (const number of numbers) expect(Number.isSafeInteger(number) && number >= 0).toBe(true);
}

function answer(results: number): Buffer {
  const result = { sequence: 5n, eventId: 'e', emitted: [], error: { code: 'HANDLER_FAILED', message: 'no' } };
  const message = { settled: 4n, sendLimit: 900n, results: Array.from({ length: results }, () => result) };
  return Buffer.from(DeliverResponse.encode(message).finish());
}

function example(n: number): WireEvent {
  const metadata = { trace: 'abc', tenant: `t${n}` };
  const payload = Buffer.from(JSON.stringify({ n, text: 'x'.repeat(n * 60) }));
  const texts = { id: `id-${n}`, type: 'order.paid', source: 'shop', subject: `order/${n}`, contentType: 'text/plain' };
  return { ...texts, time: 1_700_000_000_000.25, metadata, payload, depth: n, causationId: `id-${n - 1}` };
}
