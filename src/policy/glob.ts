// Patterns over event types: `order.*`, `order.**`, `*`. The same for subscriptions and for permissions to emit.
//
// Invariants:
//   G1. `*` stands for exactly one segment, `**` as the last segment for one or more.
//   G2. The whole pattern `*` or `**` matches every type.
//   G3. Segments match as a whole: there are no wildcards within one, and case counts.

import { RuntimeError } from '../errors/index.ts';
import { shown } from './required-options.ts';

/** Most characters of a pattern, and of an event type. */
export const LONGEST_EVENT_TYPE = 256;

/** A pattern that was checked. */
export interface Glob {
  readonly pattern: string;
  /** What stands between the dots; without the last one when that is `**`. Empty for a pattern that matches all. */
  readonly segments: readonly string[];
  /** Whether one or more segments may follow `segments`. */
  readonly open: boolean;
  /** Whether the pattern matches an event type. */
  matches(type: string): boolean;
}

/**
 * Checks a pattern and prepares it for matching.
 *
 * @throws PATTERN_INVALID with the pattern and the reason
 */
export function compileGlob(pattern: string): Glob {
  const problem = patternProblem(pattern);
  if (problem !== undefined) {
    const details = { pattern: typeof pattern === 'string' ? pattern.slice(0, LONGEST_EVENT_TYPE) : undefined };
    throw new RuntimeError('PATTERN_INVALID', `event pattern ${shown(pattern)} ${problem}`, { details });
  }
  if (pattern === '*' || pattern === '**') return { pattern, segments: [], open: true, matches: () => true };
  const segments = pattern.split('.');
  const open = segments.at(-1) === '**';
  if (open) segments.pop();
  if (!open && !segments.includes('*')) return { pattern, segments, open, matches: (type) => type === pattern };
  return { pattern, segments, open, matches: (type) => matchesSegments(segments, open, type) };
}

/** Checks a list of patterns and prepares them. Throws `PATTERN_INVALID` for the first that is none. */
export function compileGlobs(patterns: readonly string[]): readonly Glob[] {
  return patterns.map((pattern) => compileGlob(pattern));
}

/** Whether one pattern at least matches the type; never for an empty list. */
export function matchesAny(globs: readonly Glob[], type: string): boolean {
  for (const glob of globs) if (glob.matches(type)) return true;
  return false;
}

/** What is wrong with dotted text, whether a pattern or a type; undefined when nothing is. */
export function segmentsProblem(text: unknown): string | undefined {
  if (typeof text !== 'string') return 'must be a string';
  if (text === '') return 'must not be empty';
  if (text.length > LONGEST_EVENT_TYPE) return `is longer than ${LONGEST_EVENT_TYPE} characters (${text.length})`;
  if (text.startsWith('.') || text.endsWith('.') || text.includes('..')) return 'has an empty segment';
  if (UNPRINTABLE.test(text)) return 'has a space or a control character';
  // It would reach plugins changed: half a pair has no form in UTF-8.
  if (!text.isWellFormed()) return 'has half a surrogate pair';
  return undefined;
}

const UNPRINTABLE = /[\s\p{Cc}]/u;

function patternProblem(pattern: unknown): string | undefined {
  const problem = segmentsProblem(pattern);
  if (problem !== undefined || typeof pattern !== 'string' || !pattern.includes('*')) return problem;
  const segments = pattern.split('.');
  for (const [index, segment] of segments.entries()) {
    if (segment === '**' && index < segments.length - 1) return 'has "**" before its last segment';
    if (segment.includes('*') && segment !== '*' && segment !== '**') return 'has a "*" that is not a whole segment';
  }
  return undefined;
}

/** Compares segment by segment without splitting the type. */
function matchesSegments(segments: readonly string[], open: boolean, type: string): boolean {
  let from = 0;
  for (const segment of segments) {
    if (from > type.length) return false;
    const dot = type.indexOf('.', from);
    const end = dot === -1 ? type.length : dot;
    const same = segment === '*' || (segment.length === end - from && type.startsWith(segment, from));
    if (!same) return false;
    from = end + 1;
  }
  return open ? from < type.length : from > type.length;
}
