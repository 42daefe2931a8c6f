import { crc32 } from 'node:zlib';
import { LRUMap } from 'mnemonist';
import { RuntimeError } from '../../errors/index.ts';
import type { EmitResponse, EmittedEvent } from '../../gen/troupe/events/v1/events.ts';
import { isHeldUp } from '../receipt.ts';
import type { Receipt } from '../receipt.ts';

/** An emit that was decided: its answer, and what has to be waited for before it is given. */
export interface DecidedEmit {
  readonly response: EmitResponse;
  /** Undefined when the answer may be given at once. */
  readonly queued: Promise<unknown> | undefined;
}

/** Who decides about an emit. */
export interface EmitJudge {
  admit(): Receipt;
  refuse(error: RuntimeError): Receipt;
}

/** A decided emit, and enough of its event to tell it from another one: not for those who look for a collision. */
interface Remembered extends DecidedEmit {
  readonly type: string;
  readonly bytes: number;
  readonly checksum: number;
}

/**
 * The answers of the emits that came last, by the ids that the plugin chose: a repeated id gets the answer of the first
 * call, whatever that was, and whether or not that call is over. An id that comes with another event is refused.
 */
export class EmitAnswers {
  readonly #byClientId: LRUMap<string, Remembered>;

  /** @param remembered how many are kept; a repeated id that was forgotten counts as a new one */
  constructor(remembered: number) {
    this.#byClientId = new LRUMap(remembered);
  }

  /** The answer to the emit; decided now unless it was before. An empty id is never the same as another. */
  answer({ clientId, type, payload }: EmittedEvent, { admit, refuse }: EmitJudge): DecidedEmit {
    if (clientId === '') return decided(admit());
    const bytes = payload.byteLength;
    const checksum = crc32(payload);
    const known = this.#byClientId.get(clientId);
    if (known !== undefined) {
      if (known.type === type && known.bytes === bytes && known.checksum === checksum) return known;
      return decided(refuse(new RuntimeError('EMIT_ID_REUSED', 'the client id was used for another event')));
    }
    const answer = { ...decided(admit()), type, bytes, checksum };
    this.#byClientId.set(clientId, answer);
    return answer;
  }
}

/** What is answered for what a receipt says. */
export function decided(receipt: Receipt): DecidedEmit {
  if (!receipt.accepted) return { response: refusal(receipt.error), queued: undefined };
  const response = { success: true, errorMessage: '', eventId: receipt.id, errorCode: '' };
  return { response, queued: isHeldUp(receipt) ? receipt.queued : undefined };
}

function refusal({ code, rawMessage }: RuntimeError): EmitResponse {
  return { success: false, errorMessage: rawMessage, eventId: '', errorCode: code };
}
