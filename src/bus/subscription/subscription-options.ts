import { InvalidOptionsError } from '../../errors/index.ts';
import { requireAtLeast, requireObject, requirePositiveInteger, shown } from '../../policy/index.ts';
import type { OverflowPolicy } from '../../policy/index.ts';
import type { DomainEvent, EventDraft } from '../../ports/index.ts';

/** What a local handler gets besides the event. */
export interface LocalHandlerContext {
  /** How often the event was given to this subscriber before. */
  readonly attempt: number;
  /** Aborts when the handler's time is up, or the subscription ends. */
  readonly signal: AbortSignal;
}

/**
 * Handles an event in this process. What it returns, or its promise resolves with, is published when it is an array; other
 * values mean nothing.
 */
// biome-ignore lint/suspicious/noConfusingVoidType: most handlers return nothing
export type LocalHandler = (
  event: DomainEvent,
  context: LocalHandlerContext,
) => readonly EventDraft[] | void | Promise<readonly EventDraft[] | void>;

/** How events wait for a subscriber. */
export interface SubscriptionOptions {
  /** Name of the subscriber. */
  readonly name: string;
  /**
   * What happens to an event for which there is no room. `dropNewest` (default) and `dropOldest` drop one; `reject` drops
   * the new one and says so to the publisher; `block` lets the publisher wait, as many events as `capacity` says, and rejects
   * what comes then.
   */
  readonly overflow?: OverflowPolicy | undefined;
  /** Most events that wait at a time. Those that were given back by a deliverer come on top. Default 256. */
  readonly capacity?: number | undefined;
  /** Most bytes that wait at a time. A single event with more is never taken. Default 64 MiB. */
  readonly maxBytes?: number | undefined;
  /** Milliseconds that an event waits for room under `block`, before it is dropped. Default 5,000. */
  readonly blockMs?: number | undefined;
  /** Fraction of the capacity to which an overflowing queue must fall to count as relieved. Default 0.5. */
  readonly lowWater?: number | undefined;
  /** Most events in the hands of the deliverer. Default 4,096. */
  readonly maxInFlight?: number | undefined;
  /** Most bytes in the hands of the deliverer; a single event may have more. Default 16 MiB. */
  readonly maxInFlightBytes?: number | undefined;
  /** How many delivered events are remembered for `deliveries`; 0 for none. Default 10,000. */
  readonly remembered?: number | undefined;
  /** Milliseconds that they are remembered after they were settled. Default 60,000. */
  readonly rememberedMs?: number | undefined;
  /** Handles the events in this process. Default: whoever uses `source` delivers them. */
  readonly handler?: LocalHandler | undefined;
  /** Milliseconds that the promise of the handler may take. Default 5,000. */
  readonly handlerMs?: number | undefined;
}

/** Subscription options with the defaults filled in. */
export interface ResolvedSubscriptionOptions {
  readonly name: string;
  readonly overflow: OverflowPolicy;
  readonly capacity: number;
  readonly maxBytes: number;
  readonly blockMs: number;
  /** Waiting events at which an overflowing queue counts as relieved. */
  readonly lowAt: number;
  /** Waiting bytes at which it may. */
  readonly lowBytes: number;
  readonly maxInFlight: number;
  readonly maxInFlightBytes: number;
  readonly remembered: number;
  readonly rememberedMs: number;
  readonly handler: LocalHandler | undefined;
  readonly handlerMs: number;
}

const MEBIBYTE = 1_048_576;
const POLICIES: readonly string[] = ['dropNewest', 'dropOldest', 'reject', 'block'] satisfies OverflowPolicy[];

/**
 * Fills the defaults in.
 *
 * @throws InvalidOptionsError naming the option
 */
export function resolveSubscriptionOptions(options: SubscriptionOptions): ResolvedSubscriptionOptions {
  const { name, overflow = 'dropNewest', handler, lowWater = 0.5 } = requireObject('options', options);
  if (typeof name !== 'string' || name === '') {
    throw new InvalidOptionsError('name', `must be a text that is not empty, got ${shown(name)}`);
  }
  if (!POLICIES.includes(overflow)) {
    throw new InvalidOptionsError('overflow', `must be one of ${POLICIES.join(', ')}, got ${shown(overflow)}`);
  }
  if (handler !== undefined && typeof handler !== 'function') {
    throw new InvalidOptionsError('handler', `must be a function, got ${shown(handler)}`);
  }
  if (!(lowWater >= 0 && lowWater < 1)) {
    throw new InvalidOptionsError(
      'lowWater',
      `must be a number from 0 up to but not including 1, got ${shown(lowWater)}`,
    );
  }
  const { remembered = 10_000 } = options;
  const capacity = requirePositiveInteger('capacity', options.capacity ?? 256);
  const maxBytes = requirePositiveInteger('maxBytes', options.maxBytes ?? 64 * MEBIBYTE);
  return {
    name,
    overflow,
    capacity,
    maxBytes,
    blockMs: requireAtLeast('blockMs', options.blockMs ?? 5000, 0),
    lowAt: Math.floor(capacity * lowWater),
    lowBytes: Math.floor(maxBytes * lowWater),
    maxInFlight: requirePositiveInteger('maxInFlight', options.maxInFlight ?? 4096),
    maxInFlightBytes: requirePositiveInteger('maxInFlightBytes', options.maxInFlightBytes ?? 16 * MEBIBYTE),
    remembered: remembered === 0 ? 0 : requirePositiveInteger('remembered', remembered),
    rememberedMs: requireAtLeast('rememberedMs', options.rememberedMs ?? 60_000, 0),
    handler,
    handlerMs: requireAtLeast('handlerMs', options.handlerMs ?? 5000, 1),
  };
}
