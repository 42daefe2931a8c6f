import type { RuntimeError } from '../../errors/index.ts';
import type { EventDraft, Logger } from '../../ports/index.ts';
import type { EmitReceipt, EventContext } from '../event-types.ts';
import type { Causing } from './causes.ts';

/** Publishes an event; `cause` is the id of the event that caused it, undefined for none. */
export type EmitFrom = (draft: EventDraft, cause: string | undefined) => Promise<EmitReceipt>;

/** What all contexts of a plugin have in common. */
export interface HandlerContextOptions {
  readonly log: Logger;
  readonly emit: EmitFrom;
}

/**
 * What a handler knows besides its event. There is one for each event, and most handlers do not look at it: whatever can
 * be made when it is asked for is made then.
 */
export class HandlerContext implements EventContext, Causing {
  readonly attempt: number;
  readonly #options: HandlerContextOptions;
  /** The id, or what it can be read from. */
  readonly #event: string | { readonly id: string };
  #controller: AbortController | undefined;

  constructor(options: HandlerContextOptions, event: string | { readonly id: string }, attempt: number) {
    this.#options = options;
    this.#event = event;
    this.attempt = attempt;
  }

  get causationId(): string {
    return typeof this.#event === 'string' ? this.#event : this.#event.id;
  }

  get log(): Logger {
    return this.#options.log;
  }

  get redelivered(): boolean {
    return this.attempt > 0;
  }

  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    return this.#controller.signal;
  }

  /** Bound, so that handlers may take it out of the context. */
  get emit(): (draft: EventDraft) => Promise<EmitReceipt> {
    return (draft) => this.#options.emit(draft, this.causationId);
  }

  /** The deadline of the handler has passed. */
  expire(deadline: RuntimeError): void {
    this.#controller ??= new AbortController();
    this.#controller.abort(deadline);
  }
}
