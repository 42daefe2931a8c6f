// What is wrong with a manifest that no single value shows. Looks at the value as it was written: the schema may have
// found something else in it, and all problems are told at once.

import { compileGlob, globCovers, valueAt } from '../../policy/index.ts';
import { isVersionRange, LONGEST_RANGE } from '../dependencies/version-range.ts';
import type { Finding } from './problems.ts';

type Look = (...path: readonly PropertyKey[]) => unknown;

/** The findings of all checks. Never throws, whatever the value. */
export function crossCheck(value: unknown): Finding[] {
  const at: Look = (...path) => valueAt(value, path);
  return [
    ...runFindings(at),
    ...kindFindings(at),
    ...subscribeFindings(at),
    ...rangeFindings(at),
    ...listFindings(at),
    ...placementFindings(at),
    ...configFindings(at),
  ];
}

function runFindings(at: Look): Finding[] {
  const hasCommand = at('run', 'command') !== undefined;
  const hasNode = at('run', 'node') !== undefined;
  const findings: Finding[] = [];
  if (isMapping(at('run')) && hasCommand === hasNode) {
    const text = hasCommand ? 'excludes run.command; give one of them' : 'or run.command must be given';
    findings.push({ path: ['run', 'node'], text });
  }
  const pinned = at('run', 'checksum') !== undefined;
  if (pinned !== (at('run', 'checksumDirectory') !== undefined)) {
    const [missing, given] = pinned ? ['checksumDirectory', 'checksum'] : ['checksum', 'checksumDirectory'];
    findings.push({ path: ['run', missing], text: `is missing; run.${given} needs it` });
  }
  if (at('run', 'contract') === 'awf' && hasNode) {
    findings.push({ path: ['run', 'contract'], text: 'must be troupe for a plugin that run.node starts' });
  }
  return findings;
}

function kindFindings(at: Look): Finding[] {
  const kinds = at('kinds');
  const lacks = (kind: string): boolean => Array.isArray(kinds) && !kinds.includes(kind);
  const findings: Finding[] = [];
  const need = (kind: string, path: readonly string[]): void => {
    const given = at(...path);
    const isGiven = Array.isArray(given) ? given.length > 0 : given !== undefined;
    if (isGiven && lacks(kind)) findings.push({ path, text: `needs the kind "${kind}", which kinds does not name` });
  };
  need('events', ['events']);
  need('events', ['permissions', 'events', 'emit']);
  need('events', ['permissions', 'events', 'subscribe']);
  need('services', ['provides']);
  if (at('events', 'emit') !== undefined && at('permissions', 'events', 'emit') !== undefined) {
    findings.push({ path: ['events', 'emit'], text: 'is short for permissions.events.emit; give one of them' });
  }
  return findings;
}

/** What the plugin wants to get lies within what it may get, when that is said. */
function subscribeFindings(at: Look): Finding[] {
  const [wanted, allowed] = [at('events', 'subscribe'), at('permissions', 'events', 'subscribe')];
  if (!Array.isArray(wanted) || !Array.isArray(allowed)) return [];
  return wanted.flatMap((pattern: unknown, index): Finding[] => {
    if (typeof pattern !== 'string' || allowed.some((other) => covers(other, pattern))) return [];
    return [{ path: ['events', 'subscribe', index], text: 'is not within permissions.events.subscribe' }];
  });
}

/** Whether each type that `inner` matches is matched by `outer`. What is no pattern the schema reports. */
function covers(outer: unknown, inner: string): boolean {
  if (typeof outer !== 'string') return false;
  try {
    compileGlob(outer);
  } catch {
    return true;
  }
  return globCovers(outer, inner);
}

function rangeFindings(at: Look): Finding[] {
  const ranges: (readonly PropertyKey[])[] = [['troupe']];
  for (const list of ['depends', 'requires']) {
    for (const index of indexes(at(list))) ranges.push([list, index, 'version']);
  }
  return ranges.flatMap((path): Finding[] => {
    const range = at(...path);
    // What is no text, or an endless one, the schema reports.
    if (typeof range !== 'string' || range === '' || range.length > LONGEST_RANGE || isVersionRange(range)) return [];
    return [{ path, text: `must be a range of versions, such as ^1.2.0, not ${JSON.stringify(range)}` }];
  });
}

/** What stands twice, and a plugin that needs itself. */
function listFindings(at: Look): Finding[] {
  const findings: Finding[] = [];
  const once = (list: readonly PropertyKey[], key?: string): void => {
    const first = new Map<unknown, number>();
    for (const index of indexes(at(...list))) {
      const path = key === undefined ? [...list, index] : [...list, index, key];
      const value = at(...path);
      if (typeof value !== 'string') continue;
      const before = first.get(value);
      if (before === undefined) first.set(value, index);
      else findings.push({ path, text: `is "${value}", as entry ${before} is` });
    }
  };
  once(['kinds']);
  once(['depends'], 'name');
  once(['provides'], 'service');
  once(['requires'], 'service');
  once(['placement', 'allow']);
  for (const index of indexes(at('depends'))) {
    const path = ['depends', index, 'name'];
    if (typeof at('name') === 'string' && at(...path) === at('name')) {
      findings.push({ path, text: 'is the plugin itself' });
    }
  }
  return findings;
}

function placementFindings(at: Look): Finding[] {
  const allow = at('placement', 'allow') ?? ['process'];
  const prefer = at('placement', 'prefer');
  const findings: Finding[] = [];
  if (!Array.isArray(allow)) return findings;
  if (typeof prefer === 'string' && !allow.includes(prefer)) {
    findings.push({ path: ['placement', 'prefer'], text: 'must be one of placement.allow' });
  }
  for (const [index, kind] of allow.entries()) {
    const needsModule = kind === 'worker' || kind === 'inProcess';
    if (!needsModule || at('run', 'node') !== undefined) continue;
    findings.push({ path: ['placement', 'allow', index], text: `is ${kind}, which needs run.node` });
  }
  return findings;
}

function configFindings(at: Look): Finding[] {
  const fields = at('config');
  if (!isMapping(fields)) return [];
  return Object.keys(fields).flatMap((name) => {
    const path = ['config', name];
    return fieldFindings((key) => at(...path, key)).map(({ key, text }) => ({ path: [...path, ...key], text }));
  });
}

type FieldFinding = { readonly key: readonly PropertyKey[]; readonly text: string };

function fieldFindings(look: (key: string) => unknown): FieldFinding[] {
  const [type, values, preset] = [look('type'), look('enum'), look('default')];
  const found: FieldFinding[] = [];
  if (typeof type !== 'string' || !Object.hasOwn(IS_OF_TYPE, type)) return found;
  const isOfType = IS_OF_TYPE[type as ConfigType];
  if (preset !== undefined && !isOfType(preset)) found.push({ key: ['default'], text: `must be of the type ${type}` });
  if (preset !== undefined && look('required') === true) {
    found.push({ key: ['default'], text: 'is never used, as the field is required' });
  }
  if (!Array.isArray(values)) return found;
  if (!['string', 'integer', 'number'].includes(type)) {
    return [...found, { key: ['enum'], text: `is not for the type ${type}` }];
  }
  for (const [index, value] of values.entries()) {
    if (!isOfType(value)) found.push({ key: ['enum', index], text: `must be of the type ${type}` });
  }
  if (preset !== undefined && !values.includes(preset)) {
    found.push({ key: ['default'], text: 'must be one of the values of enum' });
  }
  return found;
}

/** What a field of the configuration can be. */
export type ConfigType = 'string' | 'integer' | 'number' | 'boolean' | 'list' | 'object';

/** Whether a value is of a type. */
export const IS_OF_TYPE: Readonly<Record<ConfigType, (value: unknown) => boolean>> = {
  string: (value) => typeof value === 'string',
  integer: (value) => Number.isSafeInteger(value),
  number: (value) => typeof value === 'number' && Number.isFinite(value),
  boolean: (value) => typeof value === 'boolean',
  list: (value) => Array.isArray(value),
  object: isMapping,
};

function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function indexes(value: unknown): readonly number[] {
  return Array.isArray(value) ? [...value.keys()] : [];
}
