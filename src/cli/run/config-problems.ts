// Everything that is wrong with a configuration, with the place in the file and what is allowed there.

import type { z } from 'zod';
import { valueAt } from '../../policy/index.ts';
import type { ValuePath, YamlFile } from './yaml-file.ts';

interface Problem {
  readonly path: ValuePath;
  readonly text: string;
}

/** What the schema found, and what a schema cannot say; one line each, in the order of the file. */
export function configProblems(file: YamlFile, issues: readonly z.core.$ZodIssue[]): string[] {
  const problems = [...issues.flatMap((issue) => problemsOf(issue, file.value)), ...crossProblems(file.value)];
  return problems
    .map(({ path, text }) => ({ position: file.position(path), line: `${pathText(path)} ${text}`.trimStart() }))
    .sort((a, b) => a.position.localeCompare(b.position, 'en', { numeric: true }))
    .map(({ position, line }) => `${position}  ${line}`);
}

function problemsOf(issue: z.core.$ZodIssue, value: unknown): Problem[] {
  const { path, message } = issue;
  if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => ({ path: [...path, key], text: message }));
  const given = valueAt(value, path);
  if (path.length > 0 && given === undefined) return [{ path, text: `is missing; it ${message}` }];
  return [{ path, text: `${message}, not ${shown(given, path)}` }];
}

/** What concerns more than one value. The schema checks none of it once it has found another problem. */
function crossProblems(value: unknown): Problem[] {
  const plugins = valueAt(value, ['plugins']);
  return Array.isArray(plugins) ? [...repeatedNames(plugins), ...plugins.flatMap(contradictions)] : [];
}

function repeatedNames(plugins: readonly unknown[]): Problem[] {
  const names = plugins.map((plugin) => valueAt(plugin, ['name']));
  return names.flatMap((name, index) => {
    const first = names.indexOf(name);
    if (typeof name !== 'string' || first === index) return [];
    return [
      { path: ['plugins', index, 'name'], text: `is "${name}", as that of plugins[${first}] is; names must differ` },
    ];
  });
}

function contradictions(plugin: unknown, index: number): Problem[] {
  const at = (...path: string[]): unknown => valueAt(plugin, path);
  const problem = (path: readonly string[], text: string): Problem => ({ path: ['plugins', index, ...path], text });
  const exceeds = (low: unknown, high: unknown): boolean =>
    typeof low === 'number' && typeof high === 'number' && low > high;
  return [
    ...(at('insecure') === true && at('network') === 'tcp'
      ? [problem(['insecure'], 'must be false when network is tcp, which any local user can reach')]
      : []),
    ...(exceeds(at('ports', 'min'), at('ports', 'max'))
      ? [problem(['ports', 'max'], 'must be at least ports.min')]
      : []),
    ...(exceeds(at('backoff', 'initialMs') ?? 1000, at('backoff', 'maxMs') ?? 60_000)
      ? [problem(['backoff'], 'must have a maxMs (default 60000) of at least its initialMs (default 1000)')]
      : []),
  ];
}

/** `plugins[0].health.misses`; nothing for the file as a whole. */
function pathText(path: ValuePath): string {
  return path
    .map((key) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`))
    .join('')
    .replace(/^\./, '');
}

// Here people keep passwords.
const SECRET = new Set<PropertyKey>(['env', 'handshake']);
const LONGEST_VALUE = 40;

/** The value for the message, when it is short and no secret; else its kind. */
function shown(value: unknown, path: ValuePath): string {
  if (value === null || value === undefined) return 'empty';
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list';
  if (typeof value === 'object') return 'a mapping';
  const text = JSON.stringify(value);
  const isSecret = path.some((key) => SECRET.has(key));
  return isSecret || text.length > LONGEST_VALUE ? `a ${typeof value}` : text;
}
