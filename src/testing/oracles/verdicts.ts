import { InvalidOptionsError } from '../../errors/index.ts';

/** An answer that would come later. Nothing waits for one: the schedule would have gone on without it. */
export class LateAnswerError extends InvalidOptionsError {
  constructor(field: string) {
    super(field, 'must answer at once, got a promise');
  }
}

/** Returns the answer; throws `LateAnswerError` when it is a promise, which always counts as true. */
export function requireAnswer<Answer>(field: string, answer: Answer): Answer {
  if (typeof answer !== 'object' || answer === null) return answer;
  if (!('then' in answer) || typeof answer.then !== 'function') return answer;
  // What it rejects with would be a second report of the same mistake.
  Promise.resolve(answer).catch(() => {});
  throw new LateAnswerError(field);
}
