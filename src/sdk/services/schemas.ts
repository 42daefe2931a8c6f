// Schemas of zod, and JSON Schema, as one thing. zod is loaded when the first JSON Schema is checked or printed.

import type { ZodType } from 'zod';
import { InvalidOptionsError, RuntimeError } from '../../errors/index.ts';
import type { ParsingSchema, Schema, SchemaIssue } from '../service-types.ts';

/** Most problems that one refusal names. */
const MOST_ISSUES = 20;

/** A schema that checks values and can be printed. */
export interface CheckedSchema {
  /** The value as the schema has it. Throws INVALID_ARGUMENT that names what does not fit. */
  check(value: unknown, what: string): Promise<unknown>;
  /** JSON Schema as text; empty when there is none. */
  json(): Promise<string>;
}

/** Anything goes, and there is nothing to print. */
const ANYTHING: CheckedSchema = { check: async (value) => value, json: async () => '' };

/** Makes a schema out of what the author gave. Throws `InvalidOptionsError` for what is none. */
export function checkedSchema(schema: Schema<unknown> | undefined, field: string): CheckedSchema {
  if (schema === undefined) return ANYTHING;
  if (typeof schema !== 'object' || schema === null) {
    throw new InvalidOptionsError(field, 'must be a schema of zod, or JSON Schema as an object');
  }
  let parsing: ParsingSchema<unknown> | undefined;
  return {
    async check(value, what) {
      parsing ??= isParsing(schema) ? schema : await fromJson(schema, field);
      const result = parsing.safeParse(value);
      if (result.success) return result.data;
      throw new RuntimeError('INVALID_ARGUMENT', `${what} does not fit: ${textOfIssues(result.error.issues)}`);
    },
    json: async () => JSON.stringify(isParsing(schema) ? await toJson(schema) : schema),
  };
}

function isParsing(schema: Schema<unknown>): schema is ParsingSchema<unknown> {
  return typeof (schema as { safeParse?: unknown }).safeParse === 'function';
}

async function fromJson(schema: object, field: string): Promise<ParsingSchema<unknown>> {
  const { z } = await import('zod');
  try {
    return z.fromJSONSchema(schema as Parameters<typeof z.fromJSONSchema>[0]);
  } catch (cause) {
    throw new RuntimeError('INTERNAL', `option "${field}" is no JSON Schema that can be used`, { cause });
  }
}

async function toJson(schema: ParsingSchema<unknown>): Promise<unknown> {
  const zod = await import('zod');
  try {
    // What callers send, not what the schema makes of it.
    return zod.toJSONSchema(schema as unknown as ZodType, { io: 'input', unrepresentable: 'any' });
  } catch {
    // A schema of another library: it checks, and says nothing about itself.
    return {};
  }
}

function textOfIssues(issues: readonly SchemaIssue[]): string {
  const texts = issues
    .slice(0, MOST_ISSUES)
    .map(({ path, message }) => (path.length === 0 ? message : `${path.map(String).join('.')}: ${message}`));
  return issues.length > MOST_ISSUES
    ? `${texts.join('; ')}; and ${issues.length - MOST_ISSUES} more`
    : texts.join('; ');
}
