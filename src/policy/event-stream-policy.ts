import { resolveBackoff } from './backoff.ts';
import type { BackoffOptions, BackoffPolicy } from './backoff.ts';
import { requireAtLeast, requirePositiveInteger } from './required-numbers.ts';

/** How events reach one plugin process. All times in milliseconds. */
export interface EventStreamPolicyOptions {
  /** Time the plugin has to answer the start of an acknowledged stream. Default 5,000. */
  readonly probeTimeoutMs?: number | undefined;
  /** Time without any progress, while something waits to be sent, that counts as one send time-out. Default 5,000. */
  readonly sendTimeoutMs?: number | undefined;
  /** Send time-outs in a row that end a stream. Default 3. */
  readonly sendTimeouts?: number | undefined;
  /** Time the plugin has to end a stream that the host has closed. Default 1,000. */
  readonly closeTimeoutMs?: number | undefined;
  /** Time that results of a plain stream have after it was cut, before its events count as unknown. Default 5,000. */
  readonly lateResultsMs?: number | undefined;
  /** Single calls. */
  readonly unary?: {
    /** Time one call may take. Default 5,000. */
    readonly timeoutMs?: number | undefined;
    /** Calls for one event that may run into that time before the event counts as failed. Default 3. */
    readonly attempts?: number | undefined;
  };
  /** One message of an acknowledged stream. */
  readonly batch?: {
    /** Events in a message, at most. Default 256. */
    readonly events?: number | undefined;
    /** Size of a message in bytes, from which on no further event is added. Default 262,144 (256 KiB). */
    readonly bytes?: number | undefined;
    /** Messages that may be on their way without an acknowledgement. Default 4. */
    readonly messages?: number | undefined;
  };
  /** Events that may be on their way without a result. */
  readonly window?: {
    /** Default 4,096. */
    readonly events?: number | undefined;
    /** Size of them in bytes. Default 16,777,216 (16 MiB). */
    readonly bytes?: number | undefined;
  };
  /** Waits before a stream is opened again. Default 250 ms, doubled up to 30 s, full jitter. */
  readonly backoff?: BackoffOptions | undefined;
}

/** `EventStreamPolicyOptions` with every default filled in. */
export interface EventStreamPolicy {
  readonly probeTimeoutMs: number;
  readonly sendTimeoutMs: number;
  readonly sendTimeouts: number;
  readonly closeTimeoutMs: number;
  readonly lateResultsMs: number;
  readonly unary: { readonly timeoutMs: number; readonly attempts: number };
  readonly batch: { readonly events: number; readonly bytes: number; readonly messages: number };
  readonly window: { readonly events: number; readonly bytes: number };
  readonly backoff: BackoffPolicy;
}

/** Fills in the defaults. Throws `InvalidOptionsError` naming the field. */
export function resolveEventStreamPolicy(options: EventStreamPolicyOptions = {}): EventStreamPolicy {
  const { unary = {}, batch = {}, window = {} } = options;
  return {
    probeTimeoutMs: requireAtLeast('probeTimeoutMs', options.probeTimeoutMs ?? 5000, 1),
    sendTimeoutMs: requireAtLeast('sendTimeoutMs', options.sendTimeoutMs ?? 5000, 1),
    sendTimeouts: requirePositiveInteger('sendTimeouts', options.sendTimeouts ?? 3),
    closeTimeoutMs: requireAtLeast('closeTimeoutMs', options.closeTimeoutMs ?? 1000, 0),
    lateResultsMs: requireAtLeast('lateResultsMs', options.lateResultsMs ?? 5000, 0),
    unary: {
      timeoutMs: requireAtLeast('unary.timeoutMs', unary.timeoutMs ?? 5000, 1),
      attempts: requirePositiveInteger('unary.attempts', unary.attempts ?? 3),
    },
    batch: {
      events: requirePositiveInteger('batch.events', batch.events ?? 256),
      bytes: requirePositiveInteger('batch.bytes', batch.bytes ?? 262_144),
      messages: requirePositiveInteger('batch.messages', batch.messages ?? 4),
    },
    window: {
      events: requirePositiveInteger('window.events', window.events ?? 4096),
      bytes: requirePositiveInteger('window.bytes', window.bytes ?? 16_777_216),
    },
    backoff: resolveBackoff({ initialMs: 250, maxMs: 30_000, jitter: 'full', ...options.backoff }, 'backoff'),
  };
}
