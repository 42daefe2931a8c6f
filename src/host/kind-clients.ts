// Typed clients for what plugins contribute, over the services of the contracts `troupe.operations.v1`,
// `troupe.validators.v1` and `troupe.steps.v1`.
//
// Invariants:
//   K1. What a plugin does not contribute fails with KIND_MISSING: before the call when its manifest says so, else when
//       it answers UNIMPLEMENTED.
//   K2. What goes wrong within an operation or a step rejects with OPERATION_FAILED or STEP_FAILED and the plugin's own
//       code in `details.code`; that it could not be called at all rejects with what the connection says.

import { RuntimeError } from '../errors/index.ts';
import type { Code } from '../errors/index.ts';
import { OperationServiceService } from '../gen/troupe/operations/v1/operations.ts';
import { StepServiceService } from '../gen/troupe/steps/v1/steps.ts';
import { Issue_Severity, ValidatorServiceService } from '../gen/troupe/validators/v1/validators.ts';
import { createServiceClient } from '../ports/index.ts';
import type { CallOptions, PluginConnection } from '../ports/index.ts';

/** One operation of a plugin. */
export interface OperationInfo {
  readonly name: string;
  /** Empty for none. */
  readonly description: string;
  /** JSON Schema; undefined for anything. */
  readonly inputSchema: unknown;
  /** JSON Schema; undefined for anything. */
  readonly outputSchema: unknown;
}

/** Functions that a plugin offers by name. */
export interface Operations {
  list(options?: CallOptions): Promise<readonly OperationInfo[]>;
  /** Input and output are anything JSON can hold. Rejects with OPERATION_FAILED. */
  execute(operation: string, input?: unknown, options?: CallOptions): Promise<unknown>;
}

/** Something that a validator has found. */
export interface ValidationIssue {
  readonly severity: 'error' | 'warning' | 'info';
  readonly message: string;
  /** Name of the part that it is about; empty for the document. */
  readonly part: string;
  /** Path of the field within the part; may be empty. */
  readonly field: string;
}

/** Checks that a plugin adds to those of its host. */
export interface Validators {
  /** Checks a document, or the part of it with the name. Resolves with nothing found when all is well. */
  validate(document: unknown, part?: string, options?: CallOptions): Promise<readonly ValidationIssue[]>;
}

/** A type of step that a plugin can execute. */
export interface StepTypeInfo {
  readonly name: string;
  /** Empty for none. */
  readonly description: string;
  /** JSON Schema; undefined for anything. */
  readonly configSchema: unknown;
}

/** One step to execute. */
export interface StepOrder {
  readonly type: string;
  readonly name: string;
  readonly config?: unknown;
  readonly input?: unknown;
}

/** Kinds of work that a plugin does for workflows. */
export interface Steps {
  list(options?: CallOptions): Promise<readonly StepTypeInfo[]>;
  /** Rejects with STEP_FAILED. */
  execute(step: StepOrder, options?: CallOptions): Promise<unknown>;
}

/** Whom the clients call. */
export interface KindClientOptions {
  readonly plugin: string;
  readonly connection: PluginConnection;
}

/** A client for the plugin's operations. */
export function operationsOf(target: KindClientOptions): Operations {
  const client = createServiceClient(OperationServiceService, target.connection);
  return {
    async list(options) {
      const { operations } = await offered(target, 'operations', client.listOperations({}, options));
      return operations.map(({ name, description, inputSchemaJson, outputSchemaJson }) => ({
        name,
        description,
        inputSchema: fromJson(target, inputSchemaJson),
        outputSchema: fromJson(target, outputSchemaJson),
      }));
    },
    async execute(operation, input, options) {
      const request = { operation, inputJson: toJson('input', input) };
      const { outputJson, error } = await offered(target, 'operations', client.execute(request, options));
      if (error !== undefined) throw failed('OPERATION_FAILED', target, `operation "${operation}"`, error);
      return fromJson(target, outputJson);
    },
  };
}

/** A client for the plugin's validators. */
export function validatorsOf(target: KindClientOptions): Validators {
  const client = createServiceClient(ValidatorServiceService, target.connection);
  return {
    async validate(document, part = '', options) {
      const request = { documentJson: toJson('document', document), part };
      const { issues } = await offered(target, 'validators', client.validate(request, options));
      return issues.map(({ severity, ...issue }) => ({ ...issue, severity: SEVERITIES.get(severity) ?? 'error' }));
    },
  };
}

/** A client for the plugin's steps. */
export function stepsOf(target: KindClientOptions): Steps {
  const client = createServiceClient(StepServiceService, target.connection);
  return {
    async list(options) {
      const { stepTypes } = await offered(target, 'steps', client.listStepTypes({}, options));
      return stepTypes.map(({ name, description, configSchemaJson }) => ({
        name,
        description,
        configSchema: fromJson(target, configSchemaJson),
      }));
    },
    async execute({ type, name, config, input }, options) {
      const request = { type, name, configJson: toJson('config', config), inputJson: toJson('input', input) };
      const { outputJson, error } = await offered(target, 'steps', client.executeStep(request, options));
      if (error !== undefined) throw failed('STEP_FAILED', target, `step "${name}" of type "${type}"`, error);
      return fromJson(target, outputJson);
    },
  };
}

/** K1. Throws KIND_MISSING. `kinds` undefined: nobody knows. */
export function requireKind(plugin: string, kinds: readonly string[] | undefined, kind: string): void {
  if (kinds === undefined || kinds.includes(kind)) return;
  throw missing(plugin, kind);
}

const SEVERITIES: ReadonlyMap<number, ValidationIssue['severity']> = new Map([
  [Issue_Severity.SEVERITY_WARNING, 'warning'],
  [Issue_Severity.SEVERITY_INFO, 'info'],
]);

async function offered<T>({ plugin }: KindClientOptions, kind: string, answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (cause) {
    if (RuntimeError.from(cause).code === 'UNIMPLEMENTED') throw missing(plugin, kind, cause);
    throw cause;
  }
}

function missing(plugin: string, kind: string, cause?: unknown): RuntimeError {
  const text = `plugin "${plugin}" does not contribute ${kind}`;
  return new RuntimeError('KIND_MISSING', text, {
    details: { plugin, kind },
    ...(cause === undefined ? {} : { cause }),
  });
}

function failed(
  code: Code,
  { plugin }: KindClientOptions,
  what: string,
  error: { readonly code: string; readonly message: string },
): RuntimeError {
  const text = `${what} of plugin "${plugin}" failed: ${error.message || error.code}`;
  return new RuntimeError(code, text, { details: { plugin, code: error.code } });
}

function toJson(what: string, value: unknown): string {
  if (value === undefined) return '';
  try {
    const text = JSON.stringify(value) as string | undefined;
    if (text !== undefined) return text;
  } catch (cause) {
    throw new RuntimeError('INVALID_ARGUMENT', `the ${what} cannot be written as JSON`, { cause });
  }
  throw new RuntimeError('INVALID_ARGUMENT', `the ${what} is nothing that JSON can hold`);
}

function fromJson({ plugin }: KindClientOptions, text: string): unknown {
  if (text === '') return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    throw new RuntimeError('DATA_LOSS', `plugin "${plugin}" answered with something that is no JSON`, { cause });
  }
}
