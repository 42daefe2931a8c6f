import type { ActorSystem } from '../../actors/core/index.ts';
import type { Client, ClientStep } from '../explore/scenario.ts';
import type { TraceStep } from '../explore/sequence-diagram.ts';
import type { HistoryRecorder } from '../oracles/history.ts';
import type { Agenda } from './agenda.ts';
import { Pending } from './pending.ts';

/** What clients need of their schedule. */
export interface ClientHost {
  readonly agenda: Agenda;
  readonly system: ActorSystem;
  readonly history: HistoryRecorder;
  /** Runs code whose sends come from a client. */
  as<Result>(name: string, run: () => Result): Result;
  /** A step has failed. */
  failed(error: unknown): void;
}

// Beyond the virtual time of every schedule: who waits for ever is a deadlock, not a failed question.
const DEFAULT_DEADLINE_MS = 1e12;

/** Somebody outside the system; stands on the agenda while the next step can begin. @internal */
export class ClientScript extends Pending {
  readonly eligible = true;
  readonly name: string;
  readonly #steps: readonly ClientStep[];
  readonly #host: ClientHost;
  readonly #client: Client;
  #next = 0;
  #isWaiting = false;

  constructor(name: string, steps: readonly ClientStep[], host: ClientHost) {
    super(`client:${name}`, 'message');
    this.name = name;
    this.#steps = steps;
    this.#host = host;
    this.#client = createClient(name, host);
    this.#list();
  }

  get isDone(): boolean {
    return !this.#isWaiting && this.#next >= this.#steps.length;
  }

  happen(): void {
    const step = this.#steps[this.#next++];
    this.#host.agenda.remove(this);
    if (step === undefined) return;
    const result = this.#host.as(this.name, () => step(this.#client));
    if (!(result instanceof Promise)) {
      this.#list();
      return;
    }
    this.#isWaiting = true;
    result.then(
      () => {
        this.#isWaiting = false;
        this.#list();
      },
      (error: unknown) => this.#host.failed(error),
    );
  }

  describe(): TraceStep {
    const event = this.#steps.length > 1 ? `step ${this.#next + 1} of ${this.#steps.length}` : 'begins';
    return { from: this.name, to: this.name, event };
  }

  #list(): void {
    if (this.#next >= this.#steps.length) return;
    this.order = this.#host.agenda.nextOrder();
    this.#host.agenda.add(this);
  }
}

function createClient(name: string, host: ClientHost): Client {
  return {
    name,
    tell: (receiver, message) => host.as(name, () => receiver.tell(message)),
    ask: (receiver, message, { deadlineMs = DEFAULT_DEADLINE_MS } = {}) =>
      host.as(name, () => host.system.ask(receiver, message, { deadlineMs }) as Promise<never>),
    call: (operation, input, run) => host.history.call(name, operation, input, run),
  };
}
