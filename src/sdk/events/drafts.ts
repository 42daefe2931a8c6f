// From what authors write to what travels, and back to what they hear of it.

import { CODES, RuntimeError } from '../../errors/index.ts';
import type { Code } from '../../errors/index.ts';
import type { EmittedEvent, EmitResponse } from '../../gen/troupe/events/v1/events.ts';
import {
  BYTES_CONTENT_TYPE,
  checkContentType,
  checkEventTime,
  checkEventType,
  checkMetadata,
  checkSubject,
  encodePayload,
} from '../../policy/index.ts';
import type { EventDraft } from '../../ports/index.ts';
import { nanosOfMs } from '../../transport/events/index.ts';
import type { EmitReceipt } from '../event-types.ts';

/** Most events that one handler may return. */
export const MOST_RETURNED = 1_000;

/**
 * The draft as it travels.
 *
 * @throws EVENT_INVALID, EVENT_TYPE_INVALID, SUBJECT_INVALID, CONTENT_TYPE_INVALID, METADATA_INVALID,
 *   EVENT_TIME_INVALID, PAYLOAD_INVALID
 */
export function encodeDraft(draft: EventDraft, clientId = ''): EmittedEvent {
  if (typeof draft !== 'object' || draft === null || Array.isArray(draft)) {
    throw new RuntimeError('EVENT_INVALID', 'an event to be emitted must be an object with a type');
  }
  const { payload, time } = draft;
  const isBytes = payload instanceof Uint8Array;
  const contentType = checkContentType(draft.contentType) || (isBytes ? BYTES_CONTENT_TYPE : '');
  return {
    type: checkEventType(draft.type),
    subject: checkSubject(draft.subject),
    contentType,
    metadata: checkMetadata(draft.metadata).metadata,
    payload: encodePayload(payload, contentType),
    timeUnixNanos: time === undefined ? 0n : nanosOfMs(checkEventTime(time, 0)),
    clientId,
  };
}

/** What a handler returned, as it travels. Throws as `encodeDraft`, and BATCH_TOO_LARGE. */
export function encodeReturned(returned: unknown): EmittedEvent[] {
  if (returned === undefined || returned === null) return [];
  if (!Array.isArray(returned)) return [encodeDraft(returned as EventDraft)];
  if (returned.length > MOST_RETURNED) {
    throw new RuntimeError(
      'BATCH_TOO_LARGE',
      `a handler returned ${returned.length} events, more than ${MOST_RETURNED}`,
    );
  }
  return (returned as EventDraft[]).map((draft) => encodeDraft(draft));
}

/** What the host answered to an emit; throws its refusal. */
export function receiptOf({ success, eventId, errorCode, errorMessage }: EmitResponse): EmitReceipt {
  if (success) return { id: eventId };
  const code = Object.hasOwn(CODES, errorCode) ? (errorCode as Code) : 'FAILED_PRECONDITION';
  throw new RuntimeError(code, errorMessage === '' ? 'the host refused the event' : errorMessage, {
    details: { code: errorCode },
  });
}

/** A text for people about anything that was thrown. */
export function textOfThrown(reason: unknown): string {
  return RuntimeError.from(reason).rawMessage;
}
