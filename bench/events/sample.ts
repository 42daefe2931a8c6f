// The event that all rows move: two entries of metadata, a payload that fills it up to the wanted size.
//
// Invariants:
//   S1. Encoded as troupe.events.v1.Event it has exactly the wanted size, whatever its index.
//   S2. Each event is a fresh object with an id of its own; only the payload is shared. The Go pair does the same.

import { Event } from '../../src/gen/troupe/events/v1/events.ts';

/** Makes events of one size. */
export interface Sample {
  readonly payload: Buffer;
  /** The message for peers without a bus. */
  next(index: number): Event;
}

/** Type of the events. */
export const EVENT_TYPE = 'order.accepted';
/** Who publishes them. */
export const EVENT_SOURCE = 'bench-events-producer';

const ID_BASE = 1e15;

/** A sample of `bytes` bytes; at least 160. */
export function createSample(bytes: number): Sample {
  let payload = Buffer.alloc(0);
  const next = (index: number): Event => ({
    id: `evt-${ID_BASE + index}`,
    type: EVENT_TYPE,
    timeUnixNanos: BigInt(Date.now()) * 1_000_000n,
    source: EVENT_SOURCE,
    subject: '',
    contentType: '',
    metadata: sampleMetadata(),
    payload,
    depth: 1,
    causationId: '',
  });
  const sizeWith = (length: number): number => {
    payload = Buffer.alloc(length, 'p');
    return Event.encode(next(0)).finish().length;
  };
  let length = bytes - sizeWith(0);
  // Tag and length of the payload take some bytes too.
  while (length > 0 && sizeWith(length) > bytes) length -= 1;
  return { payload, next };
}

/** What every event carries besides its payload. */
export function sampleMetadata(): Record<string, string> {
  return { tenant: 'acme-eu', trace: '4bf92f3577' };
}
