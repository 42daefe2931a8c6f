import { RuntimeError } from '../../errors/index.ts';
import type { DeliverAnswer } from '../../transport/events/index.ts';

/** What the host knows of a stream when an answer comes. */
export interface StreamNumbers {
  /** True for the first answer, which says where the plugin stands. */
  readonly isFirst: boolean;
  /** `settled` of the answer before. */
  readonly settled: number;
  /** `sendLimit` of the answer before. */
  readonly sendLimit: number;
  /** Sequence of the oldest event without a result. */
  readonly oldest: number;
  /** The highest sequence that was given. */
  readonly newest: number;
}

/**
 * Makes sure that an answer can be believed.
 *
 * @throws EVENT_PROTOCOL_VIOLATION
 */
export function checkAnswer(subscriber: string, answer: DeliverAnswer, known: StreamNumbers): void {
  const problem = problemOf(answer, known);
  if (problem === undefined) return;
  throw protocolBroken(subscriber, problem);
}

/** The error for what a plugin did against the event protocol. */
export function protocolBroken(subscriber: string, problem: string): RuntimeError {
  return new RuntimeError('EVENT_PROTOCOL_VIOLATION', `plugin "${subscriber}" broke the event protocol: ${problem}`);
}

function problemOf({ settled, sendLimit, results }: DeliverAnswer, known: StreamNumbers): string | undefined {
  if (!isCount(settled) || !isCount(sendLimit)) return 'a sequence is no whole number of at least 0';
  if (settled > known.newest) return `event ${settled} is settled, and ${known.newest} was the last to be sent`;
  if (!known.isFirst && settled < known.settled) return `settled went back from ${known.settled} to ${settled}`;
  if (!known.isFirst && sendLimit < known.sendLimit) {
    return `the send limit went back from ${known.sendLimit} to ${sendLimit}`;
  }
  for (const { sequence } of results) {
    if (sequence < known.oldest || sequence > known.newest)
      return `a result names event ${sequence}, which is not open`;
  }
  return undefined;
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}
