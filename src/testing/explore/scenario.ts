import type { ActorSystem } from '../../actors/core/index.ts';
import type { RuntimeError } from '../../errors/index.ts';
import type { ActorRef, Environment, Message, ReplyTo, TellOutcome } from '../../ports/index.ts';
import type { PortOptions } from '../kernel/ports.ts';
import type { Oracle } from '../oracles/oracle.ts';

/** Somebody outside the system, who does one thing after the other. */
export interface Client {
  readonly name: string;
  /** Sends a message in the client's own lane: it keeps its order with what else this client sends. */
  tell<Messages extends Message>(receiver: ActorRef<Messages>, message: Messages): TellOutcome;
  /** Asks in the client's own lane. Rejects as the system's `ask` does. Default deadline: none that a schedule reaches. */
  ask<Messages extends Message, const Type extends Messages['type']>(
    receiver: ActorRef<Messages>,
    message: Messages & { readonly type: Type },
    options?: { readonly deadlineMs?: number | undefined },
  ): Promise<ReplyTo<Messages, Type>>;
  /** Makes a call and writes it into the history that `linearizable` judges. */
  call<Output>(operation: string, input: unknown, run: () => Promise<Output> | Output): Promise<Output>;
}

/** One thing that a client does. A promise is waited for before the next one can begin. */
export type ClientStep = (client: Client) => unknown;

/** What a scenario is set up with. Everything here belongs to one schedule. */
export interface ScheduleContext {
  /** An empty system whose every order is a choice. */
  readonly system: ActorSystem;
  /** Virtual time, seeded randomness, counted ids. */
  readonly environment: Environment;
  /** Adds somebody outside the system; each of the steps begins whenever the schedule chooses. */
  client(name: string, ...steps: readonly ClientStep[]): void;
  /** The same port, but what its promises settle with is held until the schedule lets it through. */
  port<Port extends object>(name: string, port: Port, options?: PortOptions): Port;
  /** Lets an oracle judge this schedule. */
  expect<State>(oracle: Oracle<State>): void;
}

/** What is wrong: false, or a text that says it. Nothing is wrong when there is nothing, or true. */
// biome-ignore lint/suspicious/noConfusingVoidType: assertions return nothing
export type Verdict = void | boolean | string | undefined;

/** A program to be explored. It runs many times, so that everything it needs is made in `setup`. */
export interface Scenario<State = unknown> {
  /** Stands in reports. Default `scenario`. */
  readonly name?: string | undefined;
  /** Starts actors and clients, and returns what the checks look at. */
  readonly setup: (context: ScheduleContext) => State;
  /** Judges the state after `setup` and after each step; may throw instead. */
  readonly invariant?: ((state: NoInfer<State>) => Verdict) | undefined;
  /** Judges the state when nothing is left to happen, or time is up; may throw instead. */
  readonly check?: ((state: NoInfer<State>) => Verdict) | undefined;
  readonly oracles?: readonly Oracle<NoInfer<State>>[] | undefined;
  /**
   * Expects every schedule to come to rest with all clients done; one that does not is a deadlock. A function can ask
   * for more than that. Default: nothing is expected.
   */
  readonly completes?: boolean | ((state: NoInfer<State>) => boolean) | undefined;
  /** Which failures of actors that nobody restarts are fine. Default: none but those that a fault has caused. */
  readonly allowFailure?: ((error: RuntimeError, path: string) => boolean) | undefined;
  /** Which actors a fault may crash. Default: all. */
  readonly mayCrash?: ((path: string) => boolean) | undefined;
}

/** Gives a scenario that stands alone its types; returns it as it is. */
export function defineScenario<State>(scenario: Scenario<State>): Scenario<State> {
  return scenario;
}
