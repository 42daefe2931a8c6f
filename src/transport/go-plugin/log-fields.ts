// Structured fields of log entries, made plain: what comes out is a small tree that JSON can hold.
//
// Invariants:
//   F1. Nothing here throws, whatever it is given: a log entry must never be the reason that a program fails.
//   F2. The result has at most MAX_NODES values, MAX_DEPTH levels, and MAX_CHARS characters in strings and keys.
//   F3. No key `__proto__` comes out: an assignment of it further on would exchange an object's prototype.

/** Most values in the fields of one entry, nested ones included; the rest is left out. */
export const MAX_NODES = 2_000;

/** Most levels of objects and arrays below the fields. */
export const MAX_DEPTH = 8;

/** Most UTF-16 units of all strings and keys together; what comes later is cut. */
export const MAX_CHARS = 131_072;

const UNREADABLE = '[unreadable]';

interface Walk {
  nodesLeft: number;
  charsLeft: number;
  /** The objects around the current value. Not all that were seen: the same object in two places is no cycle. */
  readonly around: unknown[];
}

/** The fields as plain data. What JSON cannot hold (cycles, BigInt, functions, throwing getters …) becomes a text. */
export function plainFields(fields: object): Record<string, unknown> {
  const plain = plainValue(fields, { nodesLeft: MAX_NODES, charsLeft: MAX_CHARS, around: [] });
  return typeof plain === 'object' && plain !== null ? { ...plain } : {};
}

/** The first `maxChars` UTF-16 units of a text, or one less where a surrogate pair would be cut in half. */
export function cutText(text: string, maxChars: number): string {
  if (text.length <= maxChars) return text;
  const last = text.charCodeAt(maxChars - 1);
  return text.slice(0, last >= 0xd800 && last <= 0xdbff ? maxChars - 1 : maxChars);
}

function plainValue(value: unknown, walk: Walk): unknown {
  walk.nodesLeft -= 1;
  switch (typeof value) {
    case 'string':
      return plainText(value, walk);
    case 'number':
      return Number.isFinite(value) ? value : String(value);
    case 'bigint':
      // Decimal digits of a huge number take quadratic time.
      return value < 2n ** 256n && value > -(2n ** 256n) ? value.toString() : '[bigint]';
    case 'symbol':
    case 'function':
      return `[${typeof value}]`;
    case 'object':
      return value === null ? null : plainObject(value, walk);
    default:
      return value; // boolean, undefined
  }
}

function plainText(text: string, walk: Walk): string {
  const kept = cutText(text, Math.max(0, walk.charsLeft));
  walk.charsLeft -= kept.length;
  return kept.length === text.length ? text : `${kept}…`;
}

function plainObject(object: object, walk: Walk): unknown {
  if (walk.around.includes(object)) return '[circular]';
  if (walk.around.length > MAX_DEPTH) return '[nested too deeply]';
  walk.around.push(object);
  try {
    if (ArrayBuffer.isView(object)) return `[${object.byteLength} bytes]`;
    // Errors have their texts in properties that are not enumerable.
    if (object instanceof Error) return plainValue(`${object.name}: ${object.message}`, walk);
    if ('toJSON' in object && typeof object.toJSON === 'function') return plainValue(object.toJSON(), walk);
    if (Array.isArray(object)) return plainItems(object, walk);
    return plainProperties(object, walk);
  } catch {
    return UNREADABLE; // F1: a proxy, toJSON or an iterator threw
  } finally {
    walk.around.pop();
  }
}

function plainItems(items: readonly unknown[], walk: Walk): unknown[] {
  const plain: unknown[] = [];
  for (const item of items) {
    if (walk.nodesLeft <= 0) break;
    plain.push(plainValue(item, walk));
  }
  return plain;
}

function plainProperties(object: object, walk: Walk): Record<string, unknown> {
  const plain: Record<string, unknown> = {};
  for (const key of Object.keys(object)) {
    if (walk.nodesLeft <= 0 || walk.charsLeft < key.length) break;
    if (key === '__proto__') continue; // F3
    walk.charsLeft -= key.length;
    const value = plainProperty(object, key, walk);
    if (value !== undefined) plain[key] = value;
  }
  return plain;
}

/** A getter that throws costs its own field, not those beside it. */
function plainProperty(object: object, key: string, walk: Walk): unknown {
  try {
    return plainValue(Reflect.get(object, key), walk);
  } catch {
    return UNREADABLE; // F1
  }
}
