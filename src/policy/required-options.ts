import { InvalidOptionsError } from '../errors/index.ts';

/** Most characters of a given text that an error message repeats. */
const MOST_SHOWN = 64;

/** What was given, for an error message: text in quotes, long text cut, and never a throw. */
export function shown(value: unknown): string {
  if (typeof value === 'string') return `"${value.length > MOST_SHOWN ? `${value.slice(0, MOST_SHOWN)}…` : value}"`;
  if (typeof value === 'function') return 'a function';
  if (Array.isArray(value)) return 'an array';
  if (typeof value === 'object' && value !== null) return 'an object';
  return String(value);
}

/** Returns `value` when it can hold options; else throws `InvalidOptionsError` for `field`. */
export function requireObject<Value>(field: string, value: Value): Value {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  throw new InvalidOptionsError(field, `must be an object, got ${shown(value)}`);
}
