// What a program must give, so that a slip is named where it was made.

import { InvalidOptionsError } from '../../errors/index.ts';
import { shown } from '../../policy/index.ts';
import type { AnyLogic } from './body/logic.ts';

const NAME = /^[A-Za-z0-9._-]{1,128}$/;

/** Throws `InvalidOptionsError` unless it can name an actor. `.` and `..` would read as something else in a path. */
export function requireName(name: unknown): asserts name is string {
  if (typeof name === 'string' && NAME.test(name) && name !== '.' && name !== '..') return;
  throw new InvalidOptionsError(
    'name',
    `is ${shown(name)}; it takes 1 to 128 of A-Z a-z 0-9 . _ -, and not . or .. alone`,
  );
}

/** Throws `InvalidOptionsError` unless an actor can run it. */
export function requireLogic(logic: unknown): asserts logic is AnyLogic {
  const { kind, receive, transition } = (logic ?? {}) as Readonly<Record<string, unknown>>;
  if (typeof transition === 'function' || (kind === 'behavior' && typeof receive === 'function')) return;
  throw new InvalidOptionsError('logic', 'must be an XState machine, other XState actor logic, or a behavior');
}

/** Throws `InvalidOptionsError` unless messages can be sent to it. */
export function requireReceiver(receiver: unknown): void {
  const { tell } = (receiver ?? {}) as { readonly tell?: unknown };
  if (typeof tell === 'function') return;
  throw new InvalidOptionsError('receiver', `must be the reference of an actor, got ${shown(receiver)}`);
}

/** Throws `InvalidOptionsError` unless it can be called. */
export function requireFunction(field: string, value: unknown): void {
  if (typeof value !== 'function') throw new InvalidOptionsError(field, `must be a function, got ${shown(value)}`);
}
