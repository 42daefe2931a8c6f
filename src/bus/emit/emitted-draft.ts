import type { EmittedEvent } from '../../gen/troupe/events/v1/events.ts';
import type { EventDraft } from '../../ports/index.ts';
import { msOfNanos } from '../../transport/events/index.ts';

/** What a plugin wants to publish, in the form of the bus. Nothing is checked here. */
export function draftOfEmitted(emitted: EmittedEvent): EventDraft {
  const { type, subject, contentType, metadata, payload, timeUnixNanos } = emitted;
  return {
    type,
    subject: subject === '' ? undefined : subject,
    // Bytes without a content type are JSON on the wire; in a draft they would be just bytes.
    contentType: contentType === '' ? 'application/json' : contentType,
    metadata,
    payload,
    time: timeUnixNanos === 0n ? undefined : msOfNanos(timeUnixNanos),
  };
}
