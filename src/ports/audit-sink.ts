import type { AuditEntry } from './lifecycle-store.ts';

/** An entry with its link in the chain. */
export type SealedEntry = AuditEntry & { readonly mac: string };

/**
 * Where entries of the audit go, besides the store. Each plugin's entries come in the order of their sequences and
 * without a gap; a batch that failed, or that was taken while the host died, comes again. A reader drops what it has: an
 * entry whose sequence is not above the last one of its plugin.
 */
export interface AuditSink {
  /** Letters, digits, `_` and `-`, at most 64: what is known about its progress is kept under this name. */
  readonly name: string;
  /**
   * Takes entries. They have to last when this resolves. When the signal aborts, the host waits no longer for this call, and
   * may make another one with the same entries; a sink that has not taken them by then rejects.
   */
  write(entries: readonly SealedEntry[], options: { readonly signal: AbortSignal }): Promise<void>;
}
