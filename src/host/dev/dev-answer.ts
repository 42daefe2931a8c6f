// What the development endpoints answer: JSON, and errors with a code for programs.

import { isRuntimeError, RuntimeError } from '../../errors/index.ts';
import type { Code } from '../../errors/index.ts';
import type { ManifestProblem } from '../manifest/index.ts';
import type { OpsResponse } from '../ops/ops-handler.ts';

/** Codes with a status of their own; other refusals are 422, and what the host itself is to blame for 500. */
const STATUS: Readonly<Partial<Record<Code, number>>> = {
  UPLOAD_MALFORMED: 400,
  INVALID_OPTIONS: 400,
  CANCELLED: 400,
  UNAUTHENTICATED: 401,
  PLUGIN_UNKNOWN: 404,
  UPLOAD_TOO_LARGE: 413,
  BUNDLE_LIMIT_EXCEEDED: 413,
  RESOURCE_EXHAUSTED: 413,
  INTERNAL: 500,
  UNKNOWN: 500,
  UNAVAILABLE: 500,
  STORE_UNAVAILABLE: 500,
  STORE_CLOSED: 500,
};

/** An answer that says yes. */
export function answerWith(value: unknown): OpsResponse {
  return { status: 200, headers: JSON_TYPE, body: `${JSON.stringify(value)}\n` };
}

/**
 * `{code, message, errors?, stderr?}`, the last being the last lines of a plugin that did not start. What is nobody's
 * business but the host's is told without a text.
 */
export function answerError(reason: unknown): OpsResponse {
  const { code, rawMessage, details } = RuntimeError.from(reason);
  const status = isRuntimeError(reason) ? (STATUS[code] ?? 422) : 500;
  const message = status === 500 ? 'the host failed; its log says why' : rawMessage;
  const errors = status === 500 ? undefined : errorsOf(details);
  const stderr = status === 500 ? undefined : lastLinesOf(details);
  const body = {
    code: status === 500 ? 'INTERNAL' : code,
    message,
    ...(errors === undefined ? {} : { errors }),
    ...(stderr === undefined ? {} : { stderr }),
  };
  return { status, headers: JSON_TYPE, body: `${JSON.stringify(body)}\n` };
}

const LAST_LINES_BYTES = 600;
const JSON_TYPE = { 'content-type': 'application/json' };

/** All that is wrong with a manifest, by path and then by text. */
function errorsOf({ errors, problems }: Readonly<Record<string, unknown>>): readonly unknown[] | undefined {
  if (Array.isArray(errors)) {
    const list = (errors as readonly ManifestProblem[]).map(({ path, message }) => ({ path, message }));
    return list.sort((a, b) => compare(a.path, b.path) || compare(a.message, b.message));
  }
  if (!Array.isArray(problems)) return undefined;
  return problems.map((message) => ({ path: '', message: String(message) }));
}

/** As many as leave room for the rest in the first KiB, which is what a client shows. */
function lastLinesOf({ stderrTail }: Readonly<Record<string, unknown>>): readonly string[] | undefined {
  if (!Array.isArray(stderrTail) || stderrTail.length === 0) return undefined;
  const lines: string[] = [];
  let room = LAST_LINES_BYTES;
  for (const line of (stderrTail as readonly unknown[]).toReversed()) {
    room -= Buffer.byteLength(JSON.stringify(String(line)));
    if (room < 0) break;
    lines.unshift(String(line));
  }
  return lines.length === 0 ? undefined : lines;
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
