import { InvalidOptionsError } from '../errors/index.ts';
import { requirePositiveInteger } from './required-numbers.ts';
import { shown } from './required-options.ts';

/**
 * What happens to a message for which there is no room:
 * - `reject`: it is refused and stays the sender's; nothing else happens.
 * - `dropNewest`: it is refused and becomes a dead letter.
 * - `dropOldest`: it is accepted, and the one that waits longest becomes a dead letter.
 * - `block`: `tell` refuses it as under `reject`; `offer` waits for room for at most `blockMs`.
 */
export type OverflowPolicy = 'reject' | 'dropNewest' | 'dropOldest' | 'block';

/** How a mailbox is bounded. Signals of the system are outside all bounds. */
export interface MailboxOptions {
  /** Most messages that wait at a time, stashed ones included. Default 1,024. */
  readonly capacity?: number | undefined;
  /** What happens when there is no room. Default `reject`. */
  readonly overflow?: OverflowPolicy | undefined;
  /** Milliseconds that an `offer` waits for room under `block`. Default 1,000. */
  readonly blockMs?: number | undefined;
  /** Most bytes that wait at a time; needs `sizeOf`. A larger single message is never accepted. Default: no bound. */
  readonly maxBytes?: number | undefined;
  /** Bytes of a message, for `maxBytes`. Called once for each message; must not throw. */
  readonly sizeOf?: ((message: never) => number) | undefined;
  /** Fraction of the capacity at which `mailbox.high` is reported. Default 0.8. */
  readonly highWater?: number | undefined;
  /** Fraction of the capacity at which `mailbox.low` is reported after that. Default 0.5. */
  readonly lowWater?: number | undefined;
}

/** Mailbox options with the defaults filled in. */
export interface MailboxPolicy {
  readonly capacity: number;
  readonly overflow: OverflowPolicy;
  readonly blockMs: number;
  readonly maxBytes: number;
  readonly sizeOf: ((message: never) => number) | undefined;
  /** Waiting messages at which the mailbox counts as high. */
  readonly highAt: number;
  /** Waiting messages at which a high mailbox counts as low again. */
  readonly lowAt: number;
}

/** Default number of messages that a mailbox holds. */
export const DEFAULT_MAILBOX_CAPACITY = 1024;
const DEFAULT_BLOCK_MS = 1000;
const DEFAULT_HIGH_WATER = 0.8;
const DEFAULT_LOW_WATER = 0.5;
const POLICIES: readonly string[] = ['reject', 'dropNewest', 'dropOldest', 'block'] satisfies OverflowPolicy[];

/**
 * Fills the defaults in.
 *
 * @throws InvalidOptionsError naming `mailbox.<field>`
 */
export function resolveMailbox(options: MailboxOptions = {}): MailboxPolicy {
  const capacity = requirePositiveInteger('mailbox.capacity', options.capacity ?? DEFAULT_MAILBOX_CAPACITY);
  const overflow = options.overflow ?? 'reject';
  if (!POLICIES.includes(overflow)) {
    throw new InvalidOptionsError('mailbox.overflow', `must be one of ${POLICIES.join(', ')}, got ${shown(overflow)}`);
  }
  const { sizeOf } = options;
  if (sizeOf !== undefined && typeof sizeOf !== 'function') {
    throw new InvalidOptionsError('mailbox.sizeOf', `must be a function, got ${shown(sizeOf)}`);
  }
  const high = requireFraction('mailbox.highWater', options.highWater ?? DEFAULT_HIGH_WATER);
  const low = requireFraction('mailbox.lowWater', options.lowWater ?? Math.min(DEFAULT_LOW_WATER, high));
  if (low > high)
    throw new InvalidOptionsError('mailbox.lowWater', `must not be above highWater (${high}), got ${low}`);
  return {
    capacity,
    overflow,
    blockMs: requirePositiveInteger('mailbox.blockMs', options.blockMs ?? DEFAULT_BLOCK_MS),
    maxBytes: requireBytes(options),
    sizeOf,
    highAt: Math.max(1, Math.ceil(capacity * high)),
    lowAt: Math.floor(capacity * low),
  };
}

function requireFraction(field: string, value: number): number {
  if (value >= 0 && value <= 1) return value;
  throw new InvalidOptionsError(field, `must be a number from 0 to 1, got ${shown(value)}`);
}

function requireBytes({ maxBytes, sizeOf }: MailboxOptions): number {
  if (maxBytes === undefined) return Number.POSITIVE_INFINITY;
  if (sizeOf === undefined) throw new InvalidOptionsError('mailbox.sizeOf', 'must be given with mailbox.maxBytes');
  return requirePositiveInteger('mailbox.maxBytes', maxBytes);
}
