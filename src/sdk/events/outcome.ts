import type { Code } from '../../errors/index.ts';
import type { EmittedEvent, EventError, EventResult } from '../../gen/troupe/events/v1/events.ts';
import { textOfThrown } from './drafts.ts';

/** What became of one event, whatever form it came by. */
export class Outcome {
  #emitted: readonly EmittedEvent[];
  #error: EventError | undefined;
  #bytes: number | undefined;

  constructor(emitted: readonly EmittedEvent[], error: EventError | undefined) {
    this.#emitted = emitted;
    this.#error = error;
  }

  get emitted(): readonly EmittedEvent[] {
    return this.#emitted;
  }

  get error(): EventError | undefined {
    return this.#error;
  }

  /** About what it takes to keep, or to send. */
  get bytes(): number {
    this.#bytes ??= bytesOf(this.#emitted, this.#error);
    return this.#bytes;
  }

  /** Whoever asks from now on hears that it was handled, and no more. */
  forget(): void {
    this.#emitted = [];
    this.#error = FORGOTTEN;
    this.#bytes = 0;
  }
}

/** All handlers are done and there is nothing to say about it. */
export const DONE: Outcome = new Outcome([], undefined);

const FORGOTTEN: EventError = {
  code: 'RESULT_FORGOTTEN' satisfies Code,
  message: 'the event was handled before, and its result is not kept any more',
};

/** Bytes beside those of the texts and the payload. */
const ENTRY_BYTES = 128;

function bytesOf(emitted: readonly EmittedEvent[], error: EventError | undefined): number {
  let bytes = ENTRY_BYTES + (error?.message.length ?? 0);
  for (const { type, subject, contentType, metadata, payload } of emitted) {
    bytes += ENTRY_BYTES + type.length + subject.length + contentType.length + payload.length;
    for (const [key, value] of Object.entries(metadata)) bytes += key.length + value.length;
  }
  return bytes;
}

/** Whether an outcome says more than "done". */
export function saysMore(outcome: Outcome): boolean {
  return outcome !== DONE && (outcome.error !== undefined || outcome.emitted.length > 0);
}

/** The outcome of handlers that have run. */
export function outcomeOf(emitted: readonly EmittedEvent[], error: EventError | undefined): Outcome {
  return emitted.length === 0 && error === undefined ? DONE : new Outcome(emitted, error);
}

/** Why an event failed. */
export function errorOf(code: Code, reason: unknown): EventError {
  return { code, message: textOfThrown(reason).slice(0, LONGEST_MESSAGE) };
}

/** Errors travel and are kept: a text that somebody built from a payload must not grow without end. */
const LONGEST_MESSAGE = 4_096;

/** The outcome as the contract has it. */
export function resultOf(sequence: number, eventId: string, { emitted, error }: Outcome): EventResult {
  return { sequence: BigInt(sequence), eventId, emitted: [...emitted], error };
}
