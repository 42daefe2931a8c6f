import { RuntimeError } from '../../../errors/index.ts';
import type { Message } from '../../../ports/index.ts';
import type { Behavior } from './behavior.ts';
import type { Body, BodyHost } from './body.ts';
import { cleanUp } from '../life/clean-up.ts';
import { CellContext } from './cell-context.ts';

/** Plain logic whose types nobody knows any more. */
export type SomeBehavior = Behavior<Message, unknown, unknown, unknown>;

/**
 * Runs plain logic. Its code can end its own actor while it runs, for instance by starting a child whose failure
 * escalates; whatever it returns or throws after that is nobody's concern any more.
 */
export class PlainBody implements Body {
  readonly #host: BodyHost;
  readonly #logic: SomeBehavior;
  readonly #context: CellContext;
  #state: unknown = undefined;
  #phase: 'new' | 'live' | 'over' = 'new';
  #cleanUp: Promise<void> | undefined = undefined;

  constructor(host: BodyHost, logic: SomeBehavior, context: CellContext = new CellContext(host.cell)) {
    this.#host = host;
    this.#logic = logic;
    this.#context = context;
  }

  start(): void {
    const { initial } = this.#logic;
    try {
      const state = typeof initial === 'function' ? initial(this.#host.cell.input, this.#context) : initial;
      requireState('initial', state);
      this.#state = state;
    } catch (error) {
      this.#failed(error);
    }
    if (this.#phase === 'new') this.#phase = 'live';
  }

  receive(message: Message): void {
    let next: unknown;
    try {
      next = this.#logic.receive(this.#state, message, this.#context);
      if (next !== this.#state) requireState('receive', next);
    } catch (error) {
      this.#failed(error);
      return;
    }
    if (next === this.#state || this.#phase === 'over') return;
    this.#state = next;
    this.#host.snapshotChanged(next);
  }

  snapshot(): unknown {
    return this.#state;
  }

  /** Goes on from a state that was stored. */
  restore(state: unknown): void {
    this.#state = state;
    this.#phase = 'live';
  }

  stop(): Promise<void> | undefined {
    const { stopped } = this.#logic;
    // What never began has nothing to clean up.
    if (this.#phase === 'live' && stopped !== undefined) {
      this.#cleanUp = cleanUp(this.#host.cell, () => stopped(this.#state));
    }
    this.#phase = 'over';
    return this.#cleanUp;
  }

  #failed(error: unknown): void {
    if (this.#phase === 'over') this.#host.cell.log('error', 'the behaviour threw after its end', { error });
    else this.#host.bodyFailed(error);
  }
}

/** An `async` function would make a promise of every state, and what it throws would reach nobody. */
function requireState(source: 'initial' | 'receive', state: unknown): void {
  if (!(state instanceof Promise)) return;
  state.catch(() => {});
  throw new RuntimeError('ACTOR_FAILED', `${source} returned a promise; a state is there at once`);
}
