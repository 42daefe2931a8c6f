import { InvalidOptionsError } from '../../errors/index.ts';
import { requirePositiveInteger, resolveBackoff } from '../../policy/index.ts';
import type { BackoffOptions, BackoffPolicy } from '../../policy/index.ts';
import type { Message, SnapshotStore } from '../../ports/index.ts';
import type { DurableRecord, TimerResume } from './record.ts';

/** Turns a state into plain data and back, where it holds more than that. */
export interface StateCodec {
  /** From what the actor holds, the context of a chart or the state of a behaviour, to plain data. */
  encode(state: unknown): unknown;
  /** The opposite. */
  decode(data: unknown): unknown;
}

/** What a durable actor learns when it goes on from a stored state. */
export interface RestoredInfo {
  /** When the state was stored, in milliseconds since the epoch. */
  readonly savedAt: number;
  /** Milliseconds between that and now, by the wall clock; at least 0. */
  readonly awayMs: number;
  /** The version of the logic that stored it. */
  readonly version: number;
}

/** Where and how an actor keeps its state. */
export interface PersistOptions {
  /** Who owns it closes it, after the system has stopped. */
  readonly store: SnapshotStore;
  /** Names the actor in the store; one actor at a time runs it. 1 to 512 characters. */
  readonly key: string;
  /** Version of the logic: a whole number of at least 1, raised with each change that old states do not fit. Default 1. */
  readonly version?: number | undefined;
  /** Turns what an older version stored into what this one stores. Pure; without it older states are refused. */
  readonly migrate?: ((record: DurableRecord, fromVersion: number) => DurableRecord) | undefined;
  /**
   * When timers fire that were armed: at the moment they would have (`deadline`), after the time that was left when they
   * were last stored (`remaining`), or after their whole time (`restart`). Default: what was declared when it was stored,
   * `deadline` at first.
   */
  readonly resume?: TimerResume | undefined;
  /** Needed where the state holds more than plain data, such as references to actors. Default: none. */
  readonly codec?: StateCodec | undefined;
  /** Makes the message that comes before all others when the actor goes on from a stored state. Default: none comes. */
  readonly restored?: ((info: RestoredInfo) => Message) | undefined;
  /** What becomes of the stored state when the actor is done. Default `keep`: started again, it is done at once. */
  readonly whenDone?: 'keep' | 'delete' | undefined;
  /** How often the store is asked for the same thing before the actor fails. Default 5. */
  readonly attempts?: number | undefined;
  /** The waits between. Default 100 ms, doubled up to 5 s, half of it random. */
  readonly backoff?: BackoffOptions | undefined;
  /** Milliseconds that one answer of the store may take. Default 5,000. */
  readonly timeoutMs?: number | undefined;
}

/** The options with the defaults filled in. */
export interface PersistPolicy extends PersistOptions {
  readonly version: number;
  readonly whenDone: 'keep' | 'delete';
  readonly attempts: number;
  readonly backoff: BackoffPolicy;
  readonly timeoutMs: number;
}

/** What `resume` takes. */
export const RESUMES: readonly unknown[] = ['deadline', 'remaining', 'restart', undefined] satisfies (
  | TimerResume
  | undefined
)[];

/**
 * Fills in the defaults.
 *
 * @throws InvalidOptionsError naming the option
 */
export function resolvePersist(options: PersistOptions): PersistPolicy {
  const { store, key, version = 1, resume, whenDone = 'keep', attempts = 5, timeoutMs = 5000 } = options;
  if (typeof store?.save !== 'function') throw new InvalidOptionsError('persist.store', 'is no store');
  if (typeof key !== 'string' || key.length === 0 || key.length > 512) {
    throw new InvalidOptionsError('persist.key', `takes 1 to 512 characters, got "${String(key).slice(0, 40)}"`);
  }
  if (!RESUMES.includes(resume)) {
    throw new InvalidOptionsError('persist.resume', `must be one of deadline, remaining, restart, got "${resume}"`);
  }
  if (whenDone !== 'keep' && whenDone !== 'delete') {
    throw new InvalidOptionsError('persist.whenDone', `must be one of keep, delete, got "${String(whenDone)}"`);
  }
  requirePositiveInteger('persist.version', version);
  requirePositiveInteger('persist.attempts', attempts);
  requirePositiveInteger('persist.timeoutMs', timeoutMs);
  const waits = { initialMs: 100, maxMs: 5000, ...options.backoff };
  return { ...options, version, whenDone, attempts, timeoutMs, backoff: resolveBackoff(waits, 'persist.backoff') };
}
