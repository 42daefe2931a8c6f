import { LRUMap } from 'mnemonist';
import type { EmitResponse } from '../../gen/troupe/events/v1/events.ts';
import type { RuntimeError } from '../../errors/index.ts';
import { DONE } from '../receipt.ts';
import type { Receipt } from '../receipt.ts';

/** An emit that was decided: its answer, and what has to be waited for before it is given. */
export interface DecidedEmit {
  readonly response: EmitResponse;
  /** Undefined when the answer may be given at once. */
  readonly queued: Promise<void> | undefined;
}

/**
 * The answers of the emits that came last, by the ids that the plugin chose: a repeated id gets the answer of the first
 * call, whatever that was, and whether or not that call is over.
 */
export class EmitAnswers {
  readonly #byClientId: LRUMap<string, DecidedEmit>;

  /** @param remembered how many are kept; a repeated id that was forgotten counts as a new one */
  constructor(remembered: number) {
    this.#byClientId = new LRUMap(remembered);
  }

  /** The answer to the emit; decided now unless it was before. An empty id is never the same as another. */
  answer(clientId: string, decide: () => Receipt): DecidedEmit {
    if (clientId === '') return decided(decide());
    const known = this.#byClientId.get(clientId);
    if (known !== undefined) return known;
    const answer = decided(decide());
    this.#byClientId.set(clientId, answer);
    return answer;
  }
}

function decided(receipt: Receipt): DecidedEmit {
  if (!receipt.accepted) return { response: refusal(receipt.error), queued: undefined };
  const response = { success: true, errorMessage: '', eventId: receipt.id, errorCode: '' };
  return { response, queued: receipt.queued === DONE ? undefined : receipt.queued };
}

function refusal({ code, rawMessage }: RuntimeError): EmitResponse {
  return { success: false, errorMessage: rawMessage, eventId: '', errorCode: code };
}
