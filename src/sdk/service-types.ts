// What authors write about operations, validators and steps.

import type { EventMap, Logger } from '../ports/index.ts';
import type { Emit } from './event-types.ts';

/** A schema of zod, or of anything else that has `safeParse`. */
export interface ParsingSchema<T> {
  safeParse(
    value: unknown,
  ):
    | { readonly success: true; readonly data: T }
    | { readonly success: false; readonly error: { readonly issues: readonly SchemaIssue[] } };
}

/** One thing that does not fit a schema. */
export interface SchemaIssue {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

/** A schema: of zod, or JSON Schema as a plain object. */
export type Schema<T> = ParsingSchema<T> | Readonly<Record<string, unknown>>;

/** What an operation, a validator or a step knows about its call. */
export interface ServiceContext<Emitted extends EventMap = EventMap> {
  readonly log: Logger;
  /** Aborts when the host gives the call up. */
  readonly signal: AbortSignal;
  /** Publishes an event that nothing else has caused. */
  readonly emit: Emit<Emitted>;
}

/** A function that the plugin offers by name. */
export interface OperationDefinition<Input = unknown, Output = unknown> {
  /** One line for people. */
  readonly description?: string | undefined;
  /** What the input has to look like. Default: anything. Input that does not fit is refused with INVALID_ARGUMENT. */
  readonly input?: Schema<Input> | undefined;
  /** What the output looks like, for those who read about the operation; it is not checked. */
  readonly output?: Schema<Output> | undefined;
  /** Returns anything JSON can hold. What it throws is told as OPERATION_FAILED, or with the code of a `RuntimeError`. */
  readonly execute: (input: Input, context: ServiceContext) => Output | Promise<Output>;
}

/** Types an operation by its schemas. */
export function operation<Input = unknown, Output = unknown>(
  definition: OperationDefinition<Input, Output>,
): OperationDefinition<Input, Output> {
  return definition;
}

/** One step of a workflow that is to be executed. */
export interface StepCall<Config = unknown> {
  /** Name of the step within its workflow. */
  readonly name: string;
  readonly config: Config;
  readonly input: unknown;
}

/** A kind of work that the plugin does for workflows. */
export interface StepDefinition<Config = unknown> {
  /** One line for people. */
  readonly description?: string | undefined;
  /** What the configuration has to look like. Default: anything. */
  readonly config?: Schema<Config> | undefined;
  /** Returns anything JSON can hold. What it throws is told as STEP_FAILED, or with the code of a `RuntimeError`. */
  readonly execute: (call: StepCall<Config>, context: ServiceContext) => unknown;
}

/** Types a step by its schema. */
export function step<Config = unknown>(definition: StepDefinition<Config>): StepDefinition<Config> {
  return definition;
}

/** One thing that a validator found. */
export interface ValidationIssue {
  readonly severity: 'error' | 'warning' | 'info';
  readonly message: string;
  /** Name of the part that it is about. Default: the document. */
  readonly part?: string | undefined;
  /** Path of the field within the part. */
  readonly field?: string | undefined;
}

/** Checks a document; `part` is the name of the one part to check, undefined for all of it. */
export type Validator = (
  document: unknown,
  context: ServiceContext & { readonly part: string | undefined },
) => readonly ValidationIssue[] | Promise<readonly ValidationIssue[]>;

/** An operation whose input and output are the author's business. */
export interface AnyOperation extends Omit<OperationDefinition, 'execute'> {
  readonly execute: (input: never, context: ServiceContext) => unknown;
}

/** A step whose configuration is the author's business. */
export interface AnyStep extends Omit<StepDefinition, 'execute'> {
  readonly execute: (call: StepCall<never>, context: ServiceContext) => unknown;
}
