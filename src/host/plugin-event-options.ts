import { InvalidOptionsError } from '../errors/index.ts';
import { compileGlobs, requireAtLeast, requireObject, requirePositiveInteger, shown } from '../policy/index.ts';

/** What a plugin has to do with events. */
export interface PluginEventOptions {
  /** Types of the events that it gets: patterns. Default: none. */
  readonly subscribe?: readonly string[];
  /** Types of the events that it may emit: patterns. Default: none; then each emit is refused with EMIT_DENIED. */
  readonly emit?: readonly string[];
  /** What happens to an event when its queue is full. Default `dropNewest`. */
  readonly overflow?: 'dropNewest' | 'dropOldest' | 'reject' | 'block';
  /** Events that may wait for it. Default 256. */
  readonly capacity?: number;
  /** Bytes of events that may wait for it. Default 64 MiB. */
  readonly maxBytes?: number;
  /** Milliseconds that `block` holds a publisher back at most. */
  readonly blockMs?: number;
  /** Events without a cause that it may emit in a second. Default 1,000. */
  readonly rateLimit?: number;
  /** Milliseconds that its handler has for one event, where the host can tell. Default: no limit of the host's. */
  readonly handlerMs?: number;
}

const OVERFLOW: readonly unknown[] = ['dropNewest', 'dropOldest', 'reject', 'block'];

/** Checks the options. Throws `InvalidOptionsError` naming the field; PATTERN_INVALID. */
export function checkEventOptions(options: PluginEventOptions): PluginEventOptions {
  const { subscribe, emit, overflow, capacity, maxBytes, blockMs, rateLimit, handlerMs, ...others } = requireObject(
    'events',
    options,
  );
  // The rest goes on to the subscription, which has more options than a plugin has.
  for (const name of Object.keys(others)) throw new InvalidOptionsError(`events.${name}`, 'is no option');
  checkPatterns('events.subscribe', subscribe);
  checkPatterns('events.emit', emit);
  if (overflow !== undefined && !OVERFLOW.includes(overflow)) {
    throw new InvalidOptionsError('events.overflow', `takes ${OVERFLOW.join(', ')}, got ${shown(overflow)}`);
  }
  if (capacity !== undefined) requirePositiveInteger('events.capacity', capacity);
  if (maxBytes !== undefined) requirePositiveInteger('events.maxBytes', maxBytes);
  if (rateLimit !== undefined) requirePositiveInteger('events.rateLimit', rateLimit);
  if (blockMs !== undefined) requireAtLeast('events.blockMs', blockMs, 1);
  if (handlerMs !== undefined) requireAtLeast('events.handlerMs', handlerMs, 1);
  return options;
}

function checkPatterns(field: string, patterns: readonly string[] | undefined): void {
  if (patterns === undefined) return;
  if (!Array.isArray(patterns))
    throw new InvalidOptionsError(field, `must be a list of patterns, got ${shown(patterns)}`);
  if (patterns.length > MOST_PATTERNS) {
    throw new InvalidOptionsError(field, `must be at most ${MOST_PATTERNS} patterns, got ${patterns.length}`);
  }
  compileGlobs(patterns);
}

/** As many as a subscription takes. */
const MOST_PATTERNS = 1_024;
