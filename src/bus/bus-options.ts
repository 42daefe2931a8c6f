import type { ActorSystem } from '../actors/index.ts';
import { InvalidOptionsError } from '../errors/index.ts';
import { DEFAULT_MAX_PAYLOAD_BYTES, requireObject, requirePositiveInteger, shown } from '../policy/index.ts';
import { nullEventLog } from '../ports/index.ts';
import type { EventLog } from '../ports/index.ts';
import { requireSource } from './publisher.ts';

/** How a bus is made. */
export interface BusOptions {
  /** Where the actors of the subscriptions live, and whose environment gives ids and time. */
  readonly system: ActorSystem;
  /** Keeps what is published. Default: nothing is kept. */
  readonly log?: EventLog | undefined;
  /** How many events may cause each other: depths go from 0 to one less. Default 3. */
  readonly maxDepth?: number | undefined;
  /** Most bytes of a payload. Default 4 MiB. */
  readonly maxPayloadBytes?: number | undefined;
  /** What the host calls itself in its events. Default `host`. */
  readonly source?: string | undefined;
  /** For how many event types it is remembered whom they concern. Default 4,096. */
  readonly typesRemembered?: number | undefined;
  /** How many subscriptions the lists hold in all that are remembered for types. Default 1,000,000. */
  readonly entriesRemembered?: number | undefined;
  /** Most events that the log may have been given and has not kept yet; then publishing is refused. Default 10,000. */
  readonly maxAppends?: number | undefined;
}

/** The options of a bus with the defaults filled in. */
export interface ResolvedBusOptions {
  readonly system: ActorSystem;
  readonly log: EventLog;
  readonly maxDepth: number;
  readonly maxPayloadBytes: number;
  readonly source: string;
  readonly typesRemembered: number;
  readonly entriesRemembered: number;
  readonly maxAppends: number;
}

/**
 * Fills the defaults in.
 *
 * @throws InvalidOptionsError naming the option
 */
export function resolveBusOptions(options: BusOptions): ResolvedBusOptions {
  const { system, log = nullEventLog, source = 'host', maxDepth = 3 } = requireObject('options', options);
  const { maxPayloadBytes = DEFAULT_MAX_PAYLOAD_BYTES, maxAppends = 10_000 } = options;
  const { typesRemembered = 4_096, entriesRemembered = 1_000_000 } = options;
  requireObject('system', system);
  if (typeof requireObject('log', log).append !== 'function') {
    throw new InvalidOptionsError('log.append', `must be a function, got ${shown(log.append)}`);
  }
  return {
    system,
    log,
    source: requireSource(source),
    maxDepth: requirePositiveInteger('maxDepth', maxDepth),
    maxPayloadBytes: requirePositiveInteger('maxPayloadBytes', maxPayloadBytes),
    typesRemembered: requirePositiveInteger('typesRemembered', typesRemembered),
    entriesRemembered: requirePositiveInteger('entriesRemembered', entriesRemembered),
    maxAppends: requirePositiveInteger('maxAppends', maxAppends),
  };
}
