// What the schemas of configuration files are made of. Each part carries the sentence that is shown when a value is
// something else.

import { z } from 'zod';

/** An object that knows all its keys, and names them when it meets another one. */
export function strict<Shape extends z.ZodRawShape>(shape: Shape): z.ZodObject<Shape, z.core.$strict> {
  const keys = Object.keys(shape).join(', ');
  return z.strictObject(shape, {
    error: (issue) =>
      issue.code === 'unrecognized_keys' ? `is not known here; known are ${keys}` : 'must be a mapping',
  });
}

/** A text that is not empty. */
export function text(what: string): z.ZodString {
  return z.string(what).min(1, what);
}

/** A number of at least `minimum`. */
export function number(minimum: number, unit = ''): z.ZodNumber {
  const what = `must be a number of at least ${minimum}${unit}`;
  return z.number(what).min(minimum, what);
}

/** A whole number in a range. */
export function whole(minimum: number, maximum: number = Number.MAX_SAFE_INTEGER): z.ZodInt {
  const range = maximum === Number.MAX_SAFE_INTEGER ? `of at least ${minimum}` : `from ${minimum} to ${maximum}`;
  const what = `must be a whole number ${range}`;
  return z.int(what).min(minimum, what).max(maximum, what);
}

/** One of some words. */
export function oneOf<const Values extends readonly [string, ...string[]]>(
  values: Values,
): z.ZodEnum<z.core.util.ToEnum<Values[number]>> {
  return z.enum(values, `must be one of ${values.join(', ')}`);
}

/** The level of a log. */
export const logLevel = oneOf(['trace', 'debug', 'info', 'warn', 'error']);
