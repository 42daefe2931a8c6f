// Everything that is wrong with a manifest, with the place in the file and what is allowed there.

import type { z } from 'zod';
import { valueAt } from '../../policy/index.ts';
import type { ManifestProblem, Place, ValuePath } from './manifest-source.ts';

/** A problem before its place is known. */
export interface Finding {
  readonly path: ValuePath;
  readonly text: string;
}

/** What was found, in the order of the file. */
export function problemsOf(findings: readonly Finding[], place: (path: ValuePath) => Place): ManifestProblem[] {
  return findings
    .map(({ path, text }) => ({ path: pathText(path), message: text, ...place(path) }))
    .sort((a, b) => order(a.line, b.line) || order(a.column, b.column));
}

/** The first of them, and how many more there are: nobody reads 40,000. */
export function firstOf(problems: readonly ManifestProblem[]): readonly ManifestProblem[] {
  const more = problems.length - MOST_PROBLEMS;
  if (more <= 0) return problems;
  const rest = { path: '', message: `has ${more} more problems`, line: undefined, column: undefined };
  return [...problems.slice(0, MOST_PROBLEMS), rest];
}

/** Problems that are told one by one. */
export const MOST_PROBLEMS = 100;

/** What the schema found. */
export function findingsOf(issues: readonly z.core.$ZodIssue[], value: unknown): Finding[] {
  return issues.flatMap((issue): Finding[] => {
    const { path, message } = issue;
    if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => ({ path: [...path, key], text: message }));
    if (issue.code === 'invalid_key') return [{ path, text: message }];
    const given = valueAt(value, path);
    if (path.length > 0 && given === undefined) return [{ path, text: `is missing; it ${message}` }];
    return [{ path, text: `${message}, not ${shown(given, path)}` }];
  });
}

/** `plugin.yaml:3:5  events.subscribe[0] must be …`: one line for people. */
export function problemText(file: string, { path, message, line, column }: ManifestProblem): string {
  const position = line === undefined ? file : `${file}:${line}:${column}`;
  return `${position}  ${path} ${message}`.replace('   ', '  ');
}

function order(a = 0, b = 0): number {
  return a - b;
}

/** `depends[0].name`; nothing for the file as a whole. */
function pathText(path: ValuePath): string {
  const text = path
    .map((key) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`))
    .join('')
    .replace(/^\./, '');
  return text.length > LONGEST_PATH ? `${text.slice(0, LONGEST_PATH)}…` : text;
}

/** A key can be as long as the file. */
const LONGEST_PATH = 256;

// Here people keep passwords.
const SECRET = new Set<PropertyKey>(['env', 'handshake', 'default']);
const LONGEST_VALUE = 40;

/** The value for the message, when it is short and no secret; else its kind. */
function shown(value: unknown, path: ValuePath): string {
  if (value === null || value === undefined) return 'empty';
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list';
  if (typeof value === 'object') return 'a mapping';
  const text = typeof value === 'bigint' ? String(value) : JSON.stringify(value);
  const isSecret = path.some((key) => SECRET.has(key));
  return isSecret || text.length > LONGEST_VALUE ? `a ${typeof value}` : text;
}
