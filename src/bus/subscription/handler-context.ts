import type { RuntimeError } from '../../errors/index.ts';
import type { LocalHandlerContext } from './subscription-options.ts';

/** The context of one run of a handler. Its signal is made when somebody asks for it: most handlers do not. */
export class HandlerContext implements LocalHandlerContext {
  readonly attempt: number;
  #controller: AbortController | undefined = undefined;
  #reason: RuntimeError | undefined = undefined;

  constructor(attempt: number) {
    this.attempt = attempt;
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#reason !== undefined) this.#controller.abort(this.#reason);
    }
    return this.#controller.signal;
  }

  /** Aborts the signal, also one that is asked for later. */
  abort(reason: RuntimeError): void {
    this.#reason ??= reason;
    this.#controller?.abort(reason);
  }
}
