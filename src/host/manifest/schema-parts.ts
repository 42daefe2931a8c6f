// Building blocks of the manifest's schema. Each carries the sentence that is shown when a value is something else.

import { z } from 'zod';

/** An object that knows all its keys, and names them when it meets another one. */
export function strict<Shape extends z.ZodRawShape>(shape: Shape): z.ZodObject<Shape, z.core.$strict> {
  const keys = Object.keys(shape).join(', ');
  return z.strictObject(shape, {
    error: (issue) =>
      issue.code === 'unrecognized_keys' ? `is not known here; known are ${keys}` : 'must be a mapping',
  });
}

/** A string that is not empty. */
export function text(what: string, maxLength: number = LONGEST_TEXT): z.ZodString {
  return z.string(what).min(1, what).max(maxLength, `${what}, with at most ${maxLength} characters`);
}

/** A string that is not empty and stands in one line as it is: what people are asked about must not be able to hide. */
export function plainText(what: string): z.ZodString {
  return text(what).regex(PLAIN, `${what}, without control characters`);
}

/** A string of a form. */
export function formed(form: RegExp, what: string): z.ZodString {
  return z.string(what).regex(form, what);
}

/** A whole number. */
export function whole(minimum: number, unit = '', maximum: number = Number.MAX_SAFE_INTEGER): z.ZodInt {
  const range = maximum === Number.MAX_SAFE_INTEGER ? `of at least ${minimum}` : `from ${minimum} to ${maximum}`;
  const what = `must be a whole number ${range}${unit}`;
  return z.int(what).min(minimum, what).max(maximum, what);
}

/** A duration. */
export function milliseconds(minimum: number): z.ZodInt {
  return whole(minimum, ' (milliseconds)');
}

/** One of some words. */
export function oneOf<const Values extends readonly [string, ...string[]]>(
  values: Values,
): z.ZodEnum<z.core.util.ToEnum<Values[number]>> {
  return z.enum(values, `must be one of ${values.join(', ')}`);
}

/** A list with a bound: what is read from a file must not fill the memory. */
export function list<Item extends z.ZodType>(item: Item, what: string, maximum: number = MOST_ITEMS): z.ZodArray<Item> {
  return z.array(item, what).max(maximum, `${what}, with at most ${maximum} entries`);
}

/** True or false. */
export function flag(): z.ZodBoolean {
  return z.boolean('must be true or false');
}

const PLAIN = /^[^\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Bidi_C}]*$/u;
/** Characters of the longest text. */
const LONGEST_TEXT = 1024;
/** Entries of the longest list. */
const MOST_ITEMS = 1000;
