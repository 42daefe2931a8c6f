// The errors of bundles: each names what it is about and, where there is one, the limit.

import { RuntimeError } from '../../errors/index.ts';
import type { Code } from '../../errors/index.ts';
import type { BundleLimits } from './bundle-limits.ts';

const MOST_SHOWN = 120;

/** A name for people: in quotes, on one line, cut when it is long. Whoever made a bundle chose its names. */
export function shownName(name: string): string {
  const text = name.length > MOST_SHOWN ? `${name.slice(0, MOST_SHOWN)}…` : name;
  return JSON.stringify(text);
}

/** Something about a bundle as a whole. `label` says which, as in `bundle "kv.troupe"`. */
export function bundleError(code: Code, label: string, problem: string, cause?: unknown): RuntimeError {
  return new RuntimeError(code, `${label} ${problem}`, cause === undefined ? {} : { cause });
}

/** An entry that no bundle may hold. */
export function entryRefused(label: string, entry: string, problem: string): RuntimeError {
  const text = `${label} holds ${shownName(entry)}, which ${problem}`;
  return new RuntimeError('BUNDLE_ENTRY_REFUSED', text, { details: { entry } });
}

/** A file that is not what the record says. */
export function entryCorrupt(code: Code, label: string, entry: string, problem: string, cause?: unknown): RuntimeError {
  const text = `${label}: ${shownName(entry)} ${problem}`;
  return new RuntimeError(code, text, { details: { entry }, ...(cause === undefined ? {} : { cause }) });
}

/** What exceeds a limit. */
export interface Excess {
  readonly label: string;
  /** Such as `has 70000000 bytes`, or, with an entry, `is 40 names deep`. */
  readonly what: string;
  readonly limit: keyof BundleLimits;
  readonly allowed: number;
  readonly entry?: string;
}

/** A limit that is exceeded. */
export function limitExceeded({ label, what, limit, allowed, entry }: Excess): RuntimeError {
  const subject = entry === undefined ? label : `${label}: ${shownName(entry)}`;
  return new RuntimeError('BUNDLE_LIMIT_EXCEEDED', `${subject} ${what}, more than ${allowed} (${limit})`, {
    details: { limit, allowed, ...(entry === undefined ? {} : { entry }) },
  });
}

/** The operating system's own code, or what was thrown. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return 'code' in error && typeof error.code === 'string' ? error.code : error.message;
}

/** Rejects with CANCELLED when somebody wants it to end. */
export function throwIfCancelled(signal: AbortSignal | undefined, what: string): void {
  if (signal?.aborted === true) throw new RuntimeError('CANCELLED', `${what} was cancelled`);
}
