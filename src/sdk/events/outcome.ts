import type { Code } from '../../errors/index.ts';
import type { EmittedEvent, EventError, EventResult } from '../../gen/troupe/events/v1/events.ts';
import { textOfThrown } from './drafts.ts';

/** What became of one event, whatever form it came by. */
export interface Outcome {
  readonly emitted: readonly EmittedEvent[];
  readonly error: EventError | undefined;
}

/** All handlers are done and there is nothing to say about it. */
export const DONE: Outcome = { emitted: [], error: undefined };

/** Whether an outcome says more than "done". */
export function saysMore(outcome: Outcome): boolean {
  return outcome !== DONE && (outcome.error !== undefined || outcome.emitted.length > 0);
}

/** The outcome of handlers that have run. */
export function outcomeOf(emitted: readonly EmittedEvent[], error: EventError | undefined): Outcome {
  return emitted.length === 0 && error === undefined ? DONE : { emitted, error };
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
