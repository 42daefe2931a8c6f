import { RuntimeError } from '../../../errors/index.ts';
import type { ActorOutcome, ActorRef, Message } from '../../../ports/index.ts';
import { callOutside } from '../asking/call-outside.ts';
import type { DeadLetter } from './dead-letters.ts';

/** Something that happened in an actor system. */
export type InspectionEvent =
  | {
      readonly type: 'actor.spawned';
      readonly ref: ActorRef<never>;
      readonly parent: ActorRef<never> | undefined;
      /** The machine, XState logic or behaviour that it runs. */
      readonly logic: object;
      readonly snapshot: unknown;
    }
  | {
      readonly type: 'message.delivered';
      readonly ref: ActorRef<never>;
      readonly message: Message;
      /** Undefined from outside the system, and for what was sent before anybody inspected it. */
      readonly sender: ActorRef<never> | undefined;
      /** Messages that wait behind it. */
      readonly waiting: number;
      /** Milliseconds that the behaviour took. */
      readonly tookMs: number;
    }
  | { readonly type: 'snapshot.changed'; readonly ref: ActorRef<never>; readonly snapshot: unknown }
  | { readonly type: 'mailbox.high' | 'mailbox.low'; readonly ref: ActorRef<never>; readonly waiting: number }
  | { readonly type: 'actor.failed'; readonly ref: ActorRef<never>; readonly error: Error; readonly restarts: boolean }
  | { readonly type: 'actor.restarted'; readonly ref: ActorRef<never>; readonly snapshot: unknown }
  | { readonly type: 'actor.ended'; readonly ref: ActorRef<never>; readonly outcome: ActorOutcome }
  | { readonly type: 'deadLetter.added'; readonly letter: DeadLetter };

/** Takes what happens; must be quick, since the system waits for it. */
export type Inspector = (event: InspectionEvent) => void;

/** How many events inspectors may cause while they are told of one. */
const MOST_CAUSED = 100;

/** Those who watch a system. While there is nobody, the system builds no events. */
export class Inspection {
  readonly #report: (error: unknown) => void;
  #inspectors: readonly Inspector[] = [];
  /** Whether anybody watches. */
  active = false;
  /** Events that inspectors have caused while they were told of one. */
  #caused = 0;
  #telling = false;

  /** @param report takes what inspectors throw */
  constructor(report: (error: unknown) => void) {
    this.#report = report;
  }

  add(inspector: Inspector): () => void {
    const entry: Inspector = (event) => inspector(event);
    this.#inspectors = [...this.#inspectors, entry];
    this.active = true;
    return () => {
      this.#inspectors = this.#inspectors.filter((one) => one !== entry);
      this.active = this.#inspectors.length > 0;
    };
  }

  /**
   * Tells everybody. What an inspector causes meanwhile, for instance a dead letter, is told within; after MOST_CAUSED of
   * that it is left out, so that one that answers each dead letter with another overflows no stack.
   */
  emit(event: InspectionEvent): void {
    if (this.#telling) {
      this.#caused++;
      if (this.#caused <= MOST_CAUSED) this.#tell(event);
      else if (this.#caused === MOST_CAUSED + 1) this.#report(tooMany());
      return;
    }
    this.#telling = true;
    this.#tell(event);
    this.#telling = false;
    this.#caused = 0;
  }

  #tell(event: InspectionEvent): void {
    for (const inspector of this.#inspectors) {
      // A broken inspector must not reach the actor that is inspected, nor the others.
      callOutside(() => inspector(event), this.#report);
    }
  }
}

function tooMany(): RuntimeError {
  return new RuntimeError(
    'RESOURCE_EXHAUSTED',
    `inspectors caused more than ${MOST_CAUSED} events while they were told of one; the rest is not told`,
  );
}
