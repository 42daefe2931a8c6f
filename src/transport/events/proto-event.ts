import type { Event } from '../../gen/troupe/events/v1/events.ts';
import type { WireEvent } from '../../ports/domain-event.ts';
import { setEntry } from './decode-event.ts';
import { joinMs, splitMs } from './nanos.ts';
import type { Nanos } from './nanos.ts';

/** The event that generated code has decoded. The payload is not copied. */
export function fromProtoEvent(event: Event): WireEvent {
  const { id, type, source, subject, contentType, payload, depth, causationId } = event;
  const time = msOfNanos(event.timeUnixNanos);
  return {
    id,
    type,
    time,
    source,
    subject,
    contentType,
    metadata: copied(event.metadata),
    payload,
    depth,
    causationId,
  };
}

/** The event as generated code encodes it. The payload is not copied. Throws `EVENT_TIME_INVALID`. */
export function toProtoEvent(event: WireEvent): Event {
  const { id, type, source, subject, contentType, depth, causationId } = event;
  const timeUnixNanos = nanosOfMs(event.time);
  const { buffer, byteOffset, byteLength } = event.payload;
  const payload = Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength);
  const metadata = copied(event.metadata);
  return { id, type, timeUnixNanos, source, subject, contentType, metadata, payload, depth, causationId };
}

/** Milliseconds with a fraction as the nanoseconds of generated code. Throws `EVENT_TIME_INVALID`. */
export function nanosOfMs(ms: number): bigint {
  const nanos: Nanos = { low: 0, high: 0 };
  splitMs(ms, nanos);
  return (BigInt(nanos.high) << 32n) + BigInt(nanos.low);
}

/** The nanoseconds of generated code as milliseconds with a fraction. */
export function msOfNanos(nanos: bigint): number {
  return joinMs(Number(BigInt.asUintN(32, nanos)), Number(BigInt.asIntN(32, nanos >> 32n)));
}

function copied(metadata: Readonly<Record<string, string>>): Record<string, string> {
  const copy: Record<string, string> = {};
  for (const [key, value] of Object.entries(metadata)) setEntry(copy, key, value);
  return copy;
}
