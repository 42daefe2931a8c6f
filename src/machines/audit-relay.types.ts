import type { BackoffPolicy } from '../policy/index.ts';

/** What the chart starts from. */
export interface AuditRelayInput {
  /** Name of the sink; empty for a relay that only seals. */
  readonly sink: string;
  /** A number from 0 up to 1; the jitter of all waits follows from it. Default 0.5. */
  readonly random?: number | undefined;
  /** Milliseconds after which it looks for entries though nobody has told it about one. Default 5,000. */
  readonly pollMs?: number | undefined;
  /** Milliseconds that it waits for more entries to come after the first. Default 50. */
  readonly settleMs?: number | undefined;
  /** Milliseconds that sealing may take, and one call of the sink. Default 30,000. */
  readonly stepMs?: number | undefined;
  /** Default: 250 ms, doubled up to 30 s, with equal jitter. */
  readonly backoff?: BackoffPolicy | undefined;
}

/** What the chart remembers. */
export interface AuditRelayContext {
  readonly sink: string;
  readonly pollMs: number;
  readonly settleMs: number;
  readonly stepMs: number;
  readonly drainMs: number;
  readonly backoff: BackoffPolicy;
  /** Failures in a row. */
  readonly attempt: number;
  /** Where the sequence of random numbers stands. */
  readonly seed: number;
  /** Whether entries were written since it last began to seal. */
  readonly hasHeard: boolean;
  /** Whether all was delivered when it stopped. */
  readonly isCaughtUp: boolean;
}

/** Commands to the chart, and what it is told. */
export type AuditRelayEvent =
  /** Entries wait, or something that becomes one. */
  { readonly type: 'entries.written' } | { readonly type: 'stop'; readonly drainMs: number };

/** What a step came to. */
export interface AuditStep {
  /** Whether more waits to be delivered. */
  readonly more: boolean;
}

/** What the chart tells whoever listens. */
export type AuditRelayFact =
  | {
      readonly type: 'relay.failed';
      readonly sink: string;
      /** Failures in a row. */
      readonly attempt: number;
      readonly failure: AuditFailure;
    }
  | { readonly type: 'relay.caughtUp'; readonly sink: string }
  | { readonly type: 'relay.stopped'; readonly sink: string; readonly isCaughtUp: boolean };

/** Why a step failed. */
export interface AuditFailure {
  readonly code: string;
  readonly message: string;
}

/** What the chart comes to. */
export interface AuditRelayOutcome {
  /** Whether everything that was there at the stop is sealed and delivered. */
  readonly isCaughtUp: boolean;
}
