// From what a publisher says to an event of the bus. Everything of a draft is read once, and nothing of it is kept: a
// publisher that changes its draft later changes no event.

import { RuntimeError } from '../errors/index.ts';
import {
  BYTES_CONTENT_TYPE,
  checkContentType,
  checkEventTime,
  checkEventType,
  checkMetadata,
  checkPayloadSize,
  checkSubject,
  decodePayload,
  encodePayload,
  isJsonContentType,
  shown,
} from '../policy/index.ts';
import type { EventDraft, Environment } from '../ports/index.ts';
import type { EventEncoder } from '../transport/events/index.ts';
import { PublishedEvent } from './published-event.ts';

/** What the bus adds to a draft. */
export interface EventOrigin {
  readonly source: string;
  readonly depth: number;
  /** Empty for none. */
  readonly causationId: string;
}

/** What composing needs besides the draft. */
export interface ComposeOptions {
  readonly environment: Environment;
  readonly maxPayloadBytes: number;
  readonly encoder: EventEncoder;
}

/**
 * Makes the event of a draft. It has an id only if nothing is wrong with it.
 *
 * @throws EVENT_INVALID, EVENT_TYPE_INVALID, SUBJECT_INVALID, CONTENT_TYPE_INVALID, METADATA_INVALID,
 *   EVENT_TIME_INVALID, PAYLOAD_INVALID, PAYLOAD_TOO_LARGE
 */
export function composeEvent(draft: EventDraft, origin: EventOrigin, options: ComposeOptions): PublishedEvent {
  const { environment, maxPayloadBytes, encoder } = options;
  // Each field is read once: a draft may have getters, and they may throw.
  const given: GivenDraft = objectOf(draft);
  const { type: givenType, payload: givenPayload, subject: givenSubject, contentType: givenContentType } = given;
  const { metadata: givenMetadata, time: givenTime } = given;
  const type = checkEventType(givenType);
  const subject = checkSubject(givenSubject);
  const { metadata, size } = checkMetadata(givenMetadata);
  const time = checkEventTime(givenTime, environment.clock.now());
  const isBytes = givenPayload instanceof Uint8Array;
  const named = checkContentType(givenContentType);
  const contentType = named === '' && isBytes ? BYTES_CONTENT_TYPE : named;
  // Before the copy, which may be what there is no memory for.
  if (isBytes) checkPayloadSize(givenPayload.byteLength, maxPayloadBytes);
  const payload = encodePayload(givenPayload, contentType);
  checkPayloadSize(payload.byteLength, maxPayloadBytes);
  // Bytes that claim to be JSON come from a plugin: better refused here than failing every handler that reads them.
  const parsed =
    isBytes && isJsonContentType(contentType) ? { payload: decodePayload(payload, contentType) } : undefined;
  const id = environment.ids.next('event');
  const { source, depth, causationId } = origin;
  const wire = { id, type, time, source, subject, contentType, metadata, payload, depth, causationId };
  return new PublishedEvent(wire, size, encoder, parsed);
}

type GivenDraft = { readonly [Field in keyof EventDraft]: unknown };

function objectOf(draft: unknown): GivenDraft {
  if (typeof draft === 'object' && draft !== null) return draft as GivenDraft;
  throw new RuntimeError('EVENT_INVALID', `an event must be an object, got ${shown(draft)}`);
}
