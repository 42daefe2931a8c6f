import { RuntimeError } from '../../errors/index.ts';

/** Deeper than any state that somebody wrote on purpose, and shallow enough for the stack. */
const MAX_DEPTH = 200;

/**
 * Lets through what JSON gives back as it was; properties that are undefined count as absent, and -0 as 0.
 *
 * @throws SNAPSHOT_INVALID with the path of anything else
 */
export function requirePlain(value: unknown, path: string, depth = 0): void {
  if (value === null || value === undefined) return;
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return;
    case 'number':
      if (Number.isFinite(value)) return;
      break;
    case 'object':
      if (depth >= MAX_DEPTH) throw refusal(path, `is nested deeper than ${MAX_DEPTH}, or contains itself`);
      if (requireParts(value, path, depth + 1)) return;
      break;
    default:
  }
  throw refusal(path, `is ${describe(value)}, which is no plain data`);
}

/** False when the object itself is not plain. */
function requireParts(value: object, path: string, depth: number): boolean {
  if (Array.isArray(value)) {
    // `length` is the one property that is no item.
    if (Reflect.ownKeys(value).length > value.length + 1) throw dropped(value, path);
    for (const [i, item] of value.entries()) {
      if (item === undefined) return false;
      requirePlain(item, `${path}[${i}]`, depth);
    }
    return true;
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  if ((prototype !== Object.prototype && prototype !== null) || 'toJSON' in value) return false;
  const entries = Object.entries(value);
  if (Reflect.ownKeys(value).length > entries.length) throw dropped(value, path);
  for (const [key, part] of entries) requirePlain(part, `${path}.${key}`, depth);
  return true;
}

/** Symbols, what is not enumerable, and what an array has beside its items. */
function dropped(value: object, path: string): RuntimeError {
  const key = Reflect.ownKeys(value).find(
    (one) =>
      typeof one === 'symbol' ||
      (Array.isArray(value)
        ? one !== 'length' && !(Number(one) < value.length)
        : !Object.prototype.propertyIsEnumerable.call(value, one)),
  );
  return refusal(path, `has the property ${String(key)}, which JSON leaves out`);
}

function refusal(path: string, problem: string): RuntimeError {
  return new RuntimeError('SNAPSHOT_INVALID', `the actor cannot be stored: ${path} ${problem}`);
}

function describe(value: unknown): string {
  if (typeof value !== 'object' || value === null)
    return typeof value === 'number' ? String(value) : `a ${typeof value}`;
  return `a ${(value as { readonly constructor?: { readonly name?: string } }).constructor?.name ?? 'strange object'}`;
}
