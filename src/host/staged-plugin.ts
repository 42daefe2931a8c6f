// What whoever replaces the version of a plugin holds.

import { InvalidOptionsError } from '../errors/index.ts';
import type { RuntimeError } from '../errors/index.ts';
import type { ReplacementEnd, ReplacementPhase, VerifyReport } from '../machines/index.ts';
import { requireAtLeast, requireObject } from '../policy/index.ts';
import type { EditionStatus } from './edition.ts';

/** How calls and events are routed to the new version. */
export interface SwapOptions {
  /**
   * Whether the old version is taken back at once when the new one crashes, or misses a health check, before `keep`.
   * Calls that it still answers can end. Default false: the new one is started again, as its own options say.
   */
  readonly revertOnCrash?: boolean;
  /**
   * Milliseconds that events which are on their way to one version have to be settled there, before the other one gets what
   * is left of them and all that wait. Default 5,000.
   */
  readonly eventDrainMs?: number;
  /** Milliseconds that calls to the old version have to end, before `probation` begins anyway. Default 30,000. */
  readonly drainMs?: number;
}

/** How the old version is ended. */
export interface KeepOptions {
  /** Milliseconds that calls to the old version have to end; then they are cut. Default: its own `stop.drainMs`. */
  readonly drainMs?: number;
}

/** What is known about a replacement now. */
export interface ReplacementStatus {
  readonly phase: ReplacementPhase;
  /** The new version; undefined once it has ended. */
  readonly next: EditionStatus | undefined;
  /** The old version; undefined once it has ended. */
  readonly previous: EditionStatus | undefined;
  /** Why it failed, or was reverted; undefined while all is well. */
  readonly failure: { readonly code: string; readonly message: string } | undefined;
}

/** What a replacement came to. */
export interface ReplacementOutcome {
  readonly end: ReplacementEnd;
  /** Why, when nobody asked for this end. */
  readonly error: RuntimeError | undefined;
}

/**
 * A new version of a plugin beside the one that works. Whoever staged it sees it through: until `keep`, `revert` or
 * `discard`, or until the plugin is stopped, two versions run.
 */
export interface StagedPlugin {
  status(): ReplacementStatus;
  /**
   * Checks the health of the new version, and lists its operations and types of steps. Each call has 10 s. Only in the phase
   * `staged`.
   *
   * @throws what the new version answers; CANCELLED when the signal aborts; REPLACEMENT_REFUSED
   */
  verify(signal?: AbortSignal): Promise<VerifyReport>;
  /**
   * Routes new calls and events to the new version. No call begins at the old one from the moment that calls begin at the new
   * one. Settles when the events have moved; calls to the old version may still be under way. Only in the phase `staged`.
   *
   * @throws why the new version cannot take over, and then nothing has changed; REPLACEMENT_REFUSED
   */
  swap(options?: SwapOptions): Promise<void>;
  /**
   * Ends the old version. Settles when it is gone. Only after `swap`.
   *
   * @throws REPLACEMENT_REFUSED; PLUGIN_STOPPED
   */
  keep(options?: KeepOptions): Promise<void>;
  /**
   * Routes new calls and events back to the old version, lets calls to the new one end, and ends it. Only after `swap`, or
   * during it.
   *
   * @throws STANDBY_LOST when the old version is not ready, and then nothing has changed; REPLACEMENT_REFUSED
   */
  revert(): Promise<void>;
  /**
   * Ends the new version, which was never used. Only before `swap`.
   *
   * @throws REPLACEMENT_REFUSED; PLUGIN_STOPPED
   */
  discard(): Promise<void>;
  /** Settles when one version is left. Never rejects. */
  readonly ended: Promise<ReplacementOutcome>;
}

/** `SwapOptions` with the defaults filled in. */
export type ResolvedSwapOptions = Required<SwapOptions>;

/** Fills the defaults in. Throws `InvalidOptionsError` naming the field. */
export function resolveSwapOptions(options: SwapOptions = {}): ResolvedSwapOptions {
  const { revertOnCrash = false, eventDrainMs = 5_000, drainMs = 30_000 } = requireObject('options', options);
  if (typeof revertOnCrash !== 'boolean') throw new InvalidOptionsError('revertOnCrash', 'takes true or false');
  return {
    revertOnCrash,
    eventDrainMs: requireAtLeast('eventDrainMs', eventDrainMs, 0),
    drainMs: requireAtLeast('drainMs', drainMs, 0),
  };
}
