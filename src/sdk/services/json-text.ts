import { isRuntimeError, RuntimeError } from '../../errors/index.ts';

/** Longest text about a failure that travels. */
const LONGEST_MESSAGE = 4_096;

/** What the text stands for; undefined for none. Throws INVALID_ARGUMENT. */
export function parseJson(text: string, what: string): unknown {
  if (text === '') return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    throw new RuntimeError('INVALID_ARGUMENT', `${what} is not valid JSON`, { cause });
  }
}

/** The value as text; empty for undefined. Throws for what JSON cannot hold. */
export function jsonText(value: unknown): string {
  if (value === undefined) return '';
  const text = JSON.stringify(value) as string | undefined;
  if (text === undefined) throw new RuntimeError('PAYLOAD_INVALID', `a ${typeof value} cannot be written as JSON`);
  return text;
}

/** What goes into the body of an answer about anything that the author's code threw. */
export function bodyError(reason: unknown, fallback: string): { code: string; message: string } {
  const code = isRuntimeError(reason) ? reason.code : fallback;
  return { code, message: RuntimeError.from(reason).rawMessage.slice(0, LONGEST_MESSAGE) };
}
