// Makes a value fit to leave the process: small, of plain data, and without what looks like a secret.
//
// Invariants:
//   R1. The result is JSON, whatever the value: cycles, getters that throw, functions and class instances included.
//       No code of the value runs: getters and `toJSON` are not called.
//   R2. Depth, entries, nodes and texts are bounded; what is cut says so.
//   R3. What stands under a key that names a secret is masked, at any depth, also in maps.

import { isCell } from '../core/cell-brand.ts';

/** Where a value stands: keys and indexes from the top. */
export type ValuePath = readonly string[];

/** Says what to show in place of a value; the value itself to show it. */
export type Redactor = (path: ValuePath, value: unknown) => unknown;

/** How much is shown. */
export interface CopyLimits {
  /** Levels below the top. Default 8. */
  readonly depth?: number | undefined;
  /** Entries of one object, array, map or set. Default 100. */
  readonly entries?: number | undefined;
  /** Values in all. Default 5,000. */
  readonly values?: number | undefined;
  /** Characters of one text. Default 500. */
  readonly text?: number | undefined;
}

const SECRET =
  /secret|(?:api|private).?key|passw(?:or)?d|passphrase|token|credential|cookie|authori[sz]ation|connection.?string/i;
/** Short ones, which are parts of harmless words too: `author`, `fieldsNeeded`, `mapWidth`. */
const SHORT_SECRET =
  /[aA]uth(?![a-z])|AUTH(?![A-Z])|pwd|Pwd|PWD|jwt|Jwt|JWT|(?<![A-Za-z])dsn(?![a-z])|Dsn(?![a-z])|(?<![A-Z])DSN(?![A-Z])/;
const MASK = '[redacted]';

/** The redactor that is used unless another one is given: masks what stands under a key that names a secret. */
export const redactSecrets: Redactor = (path, value) => {
  const key = path.at(-1);
  // Nothing is learnt from what is not there, and that it is not there helps.
  if (key === undefined || value === undefined || value === null) return value;
  return SECRET.test(key) || SHORT_SECRET.test(key) ? MASK : value;
};

/** Copies a value so that it can leave the process. */
export function copyForView(value: unknown, redactor: Redactor | false, limits: CopyLimits = {}): unknown {
  const { depth = 8, entries = 100, values = 5000, text = 500 } = limits;
  return new Copier(redactor, { depth, entries, values, text }).copy(value, []);
}

class Copier {
  readonly #redactor: Redactor | false;
  readonly #limits: Required<{ [Name in keyof CopyLimits]: number }>;
  readonly #above = new Set<object>();
  #left: number;

  constructor(redactor: Redactor | false, limits: { depth: number; entries: number; values: number; text: number }) {
    this.#redactor = redactor;
    this.#limits = limits;
    this.#left = limits.values;
  }

  copy(given: unknown, path: ValuePath): unknown {
    if (this.#left-- <= 0) return '[more values]';
    const value = this.#redactor === false ? given : this.#redactor(path, given);
    switch (typeof value) {
      case 'string':
        return this.#cut(value);
      case 'number':
        // JSON has no negative zero.
        return Number.isFinite(value) ? value + 0 : String(value);
      case 'bigint':
        return `${value}n`;
      case 'symbol':
        return `[${String(value.description ?? 'symbol')}]`;
      case 'function':
        return `[function ${this.#cut(nameOf(value))}]`;
      case 'object':
        return value === null ? null : this.#copyObject(value, path);
      default:
        return value;
    }
  }

  #copyObject(value: object, path: ValuePath): unknown {
    if (this.#above.has(value)) return '[circular]';
    const short = inShort(value);
    if (short !== undefined) return short;
    if (path.length >= this.#limits.depth) return `[${nameOf(value.constructor)}]`;
    this.#above.add(value);
    try {
      if (Array.isArray(value)) return this.#copyItems(value, path);
      if (value instanceof Set) return this.#copyItems([...value], path);
      if (value instanceof Map)
        return this.#copyEntries(
          [...value].map(([key, one]) => [this.#keyOf(key), one]),
          path,
        );
      return this.#copyEntries(entriesOf(value), path);
    } catch {
      // A proxy can refuse anything.
      return '[unreadable]';
    } finally {
      this.#above.delete(value);
    }
  }

  #copyItems(items: readonly unknown[], path: ValuePath): unknown[] {
    const shown = items.slice(0, this.#limits.entries).map((item, i) => this.copy(item, [...path, String(i)]) ?? null);
    const more = items.length - shown.length;
    return more > 0 ? [...shown, `[${more} more]`] : shown;
  }

  #copyEntries(entries: readonly (readonly [string, unknown])[], path: ValuePath): object {
    const shown = entries.slice(0, this.#limits.entries).map(([key, one]) => [key, this.copy(one, [...path, key])]);
    const more = entries.length - shown.length;
    // Not by assignment, which `__proto__` would make something else of.
    return Object.fromEntries(more > 0 ? [...shown, ['…', `[${more} more]`]] : shown) as object;
  }

  #keyOf(key: unknown): string {
    return typeof key === 'object' && key !== null ? `[${nameOf(key.constructor)}]` : this.#cut(String(key));
  }

  #cut(text: string): string {
    const { text: most } = this.#limits;
    return text.length > most ? `${text.slice(0, most)}… [${text.length - most} more]` : text;
  }
}

/** Things that say more as one word than by their parts. */
function inShort(value: object): unknown {
  if (ArrayBuffer.isView(value)) return `[${nameOf(value.constructor)} of ${value.byteLength} bytes]`;
  if (value instanceof ArrayBuffer) return `[ArrayBuffer of ${value.byteLength} bytes]`;
  if (isCell(value)) return `[actor ${value.path}]`;
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? '[invalid date]' : value.toISOString();
  if (value instanceof RegExp) return String(value);
  if (value instanceof Promise) return '[promise]';
  if ('sessionId' in value && 'system' in value && 'id' in value) return `[xstate actor ${String(value.id)}]`;
  return undefined;
}

function entriesOf(value: object): (readonly [string, unknown])[] {
  const own = Object.entries(Object.getOwnPropertyDescriptors(value))
    .filter(([, { enumerable }]) => enumerable === true)
    .map(([key, descriptor]) => [key, descriptor.get ? '[getter]' : (descriptor.value as unknown)] as const);
  // What matters in an error is not enumerable.
  if (!(value instanceof Error)) return own;
  return [['name', value.name] as const, ['message', value.message] as const, ...own];
}

function nameOf(value: unknown): string {
  const name: unknown = typeof value === 'function' ? value.name : undefined;
  return typeof name === 'string' && name !== '' ? name : 'anonymous';
}
