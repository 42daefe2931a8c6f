import { InvalidOptionsError } from '../errors/index.ts';
import { shown } from './required-options.ts';

/** Returns `value` when it is a finite number above 0; else throws `InvalidOptionsError` for `field`. */
export function requirePositive(field: string, value: number): number {
  if (Number.isFinite(value) && value > 0) return value;
  throw new InvalidOptionsError(field, `must be a finite number above 0, got ${shown(value)}`);
}

/** Returns `value` when it is a whole number of at least 1; else throws `InvalidOptionsError` for `field`. */
export function requirePositiveInteger(field: string, value: number): number {
  if (Number.isSafeInteger(value) && value >= 1) return value;
  throw new InvalidOptionsError(field, `must be a whole number of at least 1, got ${shown(value)}`);
}

/** Returns `value` when it is a whole number from `minimum` to `maximum`; else throws `InvalidOptionsError` for `field`. */
export function requireWhole(field: string, value: number, minimum: number, maximum: number): number {
  if (Number.isSafeInteger(value) && value >= minimum && value <= maximum) return value;
  throw new InvalidOptionsError(field, `must be a whole number from ${minimum} to ${maximum}, got ${shown(value)}`);
}

/** Returns `value` when it is a finite number of at least `minimum`; else throws `InvalidOptionsError` for `field`. */
export function requireAtLeast(field: string, value: number, minimum: number): number {
  if (Number.isFinite(value) && value >= minimum) return value;
  throw new InvalidOptionsError(field, `must be a finite number of at least ${minimum}, got ${shown(value)}`);
}
