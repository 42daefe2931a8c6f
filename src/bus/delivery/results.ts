// What the plugin says of an event, in the words of the bus.

import { CODES, RuntimeError } from '../../errors/index.ts';
import type { Code } from '../../errors/index.ts';
import type { EventError, EventResult } from '../../gen/troupe/events/v1/events.ts';
import type { EventDraft } from '../../ports/index.ts';
import { draftOfEmitted } from '../emit/emitted-draft.ts';
import type { Delivery, EventSource } from '../event-source.ts';

/** What a plugin says of one event; nothing means that it was handled. */
export type Outcome = Pick<EventResult, 'emitted' | 'error'> | undefined;

const NOTHING: readonly EventDraft[] = [];

/** Tells the source what became of an event. */
export function settle(source: EventSource, delivery: Delivery, outcome: Outcome): void {
  const emitted = outcome === undefined || outcome.emitted.length === 0 ? NOTHING : outcome.emitted.map(draftOfEmitted);
  if (outcome?.error === undefined) source.delivered(delivery, emitted);
  else source.failed(delivery, errorOf(source.name, delivery, outcome.error), emitted);
}

function errorOf(subscriber: string, { queued }: Delivery, { code, message }: EventError): RuntimeError {
  const known: Code = Object.hasOwn(CODES, code) ? (code as Code) : 'HANDLER_FAILED';
  const text = `plugin "${subscriber}" failed on event "${queued.wire.id}": ${message.slice(0, LONGEST_TEXT)}`;
  return new RuntimeError(known, text, { details: { plugin: subscriber, code: code.slice(0, LONGEST_TEXT) } });
}

/** Characters of what a plugin says that are kept. */
const LONGEST_TEXT = 2048;
