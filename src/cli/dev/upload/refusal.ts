// A host's answer that says no, as an error for people. Pure.

import { RuntimeError } from '../../../errors/index.ts';
import type { Code } from '../../../errors/index.ts';
import { printable } from '../../printable.ts';

/** What a host says of its refusal. */
interface Told {
  readonly code: string;
  readonly message: string;
  /** What is wrong, one below the other. */
  readonly problems: readonly string[];
  /** The last lines that the plugin wrote. */
  readonly stderr: readonly string[];
}

/** The error for an answer. `body` is as much of it as was read; it is shown as it is when it is not a host's own. */
export function refusalOf(status: number, body: string, code: Code): RuntimeError {
  if (status === 401) {
    const text = 'the host answered 401: the token is missing or wrong; give --token or TROUPE_DEV_TOKEN';
    return new RuntimeError('UNAUTHENTICATED', text, { details: { status, problems: linesOf(body) } });
  }
  const told = toldIn(body);
  if (told === undefined) {
    return new RuntimeError(code, `the host answered ${status}`, { details: { status, problems: linesOf(body) } });
  }
  const { problems, stderr: stderrTail } = told;
  const text = `the host answered ${status} [${told.code}]: ${told.message}`;
  return new RuntimeError(code, text, { details: { status, problems, stderrTail } });
}

/** `{code, message, errors?, stderr?}`; undefined for anything else, and for one that was cut. */
function toldIn(body: string): Told | undefined {
  const value = parsed(body);
  if (typeof value !== 'object' || value === null) return undefined;
  const { code, message, errors, stderr } = value as Record<string, unknown>;
  if (typeof code !== 'string' || typeof message !== 'string') return undefined;
  return { code, message, problems: listOf(errors).map(problemText), stderr: listOf(stderr).map(String) };
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body) as unknown;
  } catch {
    // Of something else than a host, or cut: then it is shown as it is.
    return undefined;
  }
}

function problemText(problem: unknown): string {
  const { path, message } = (problem ?? {}) as { readonly path?: unknown; readonly message?: unknown };
  if (typeof message !== 'string') return JSON.stringify(problem);
  return typeof path === 'string' && path !== '' ? `${path} ${message}` : message;
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function linesOf(body: string): readonly string[] {
  const text = printable(body).trim();
  return text === '' ? [] : text.split('\n');
}
