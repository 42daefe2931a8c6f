import { DeadlineExceededError } from '../../errors/index.ts';
import type { RuntimeError } from '../../errors/index.ts';
import type { Clock, TimerHandle } from '../../ports/clock.ts';
import type { CallOptions, PeerIdentity } from '../../ports/plugin-connection.ts';
import type { CallContext } from '../../ports/service.ts';
import { cancelledError } from '../status.ts';

/** What a call in memory is made of. */
export interface MemoryCallOptions {
  readonly path: string;
  readonly caller: PeerIdentity;
  readonly clock: Clock;
  readonly options: CallOptions | undefined;
}

/** How a call ended: with an answer (also a refusal) from the handler, or cut short from the caller's side. */
export type CallEnd = 'answered' | 'cut';

/**
 * One call in memory, seen from both sides. Ends once; what it holds (timer, listener on the signal) goes with it.
 */
export class MemoryCall implements CallContext {
  readonly path: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly peer: PeerIdentity;
  /** Made when somebody asks for its signal: most handlers do not, and it costs as much as the rest of a small call. */
  #controller: AbortController | undefined;
  readonly #onEnd: ((error: RuntimeError | undefined) => void)[] = [];
  #over = false;
  #cut: { readonly error: RuntimeError | undefined } | undefined;

  constructor({ path, caller, clock, options }: MemoryCallOptions) {
    this.path = path;
    this.peer = caller;
    this.metadata = lowerCased(options?.metadata);
    this.#armDeadline(clock, options?.timeoutMs);
    this.#followSignal(options?.signal);
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#cut !== undefined) this.#controller.abort(this.#cut.error);
    }
    return this.#controller.signal;
  }

  get isOver(): boolean {
    return this.#over;
  }

  /** Whether it was cut short from the caller's side. */
  get wasCut(): boolean {
    return this.#cut !== undefined;
  }

  /** Calls back at the end, in the order of registration. */
  onEnd(callback: (error: RuntimeError | undefined) => void): void {
    this.#onEnd.push(callback);
  }

  onReplied(callback: () => void): void {
    if (this.#over) callback();
    else this.#onEnd.push(callback);
  }

  /** Ends the call; only the first end counts. A cut call's handler sees its signal abort. */
  end(how: CallEnd, error?: RuntimeError): void {
    if (this.#over) return;
    this.#over = true;
    if (how === 'cut') {
      this.#cut = { error };
      this.#controller?.abort(error);
    }
    for (const callback of this.#onEnd.splice(0)) callback(error);
  }

  /** Ends the call with CANCELLED. */
  cancel(why: string, cause?: unknown): void {
    this.end('cut', cancelledError(this.path, why, cause));
  }

  #armDeadline(clock: Clock, timeoutMs: number | undefined): void {
    if (timeoutMs === undefined || timeoutMs === Number.POSITIVE_INFINITY) return;
    const timer: TimerHandle = clock.setTimeout(
      () => this.end('cut', new DeadlineExceededError(`call ${this.path}`, timeoutMs)),
      timeoutMs,
    );
    this.onEnd(() => clock.clearTimeout(timer));
  }

  #followSignal(signal: AbortSignal | undefined): void {
    if (signal === undefined) return;
    const cancel = (): void => this.cancel('its signal aborted', signal.reason);
    signal.addEventListener('abort', cancel, { once: true });
    this.onEnd(() => signal.removeEventListener('abort', cancel));
  }
}

function lowerCased(fields: Readonly<Record<string, string>> | undefined): Readonly<Record<string, string>> {
  if (fields === undefined) return NO_FIELDS;
  return Object.fromEntries(Object.entries(fields).map(([key, value]) => [key.toLowerCase(), value]));
}

const NO_FIELDS: Readonly<Record<string, string>> = Object.freeze({});
