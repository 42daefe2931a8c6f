/** Names of what the audit has entries about. Stable: readers of sinks and of `troupe plugin audit` know them. */
export const AUDIT_EVENTS = {
  installed: 'plugin.installed',
  activated: 'plugin.activated',
  deactivated: 'plugin.deactivated',
  updated: 'plugin.updated',
  /** An update to the version that is there already. */
  updateNoop: 'plugin.update.noop',
  rolledBack: 'plugin.rollback',
  uninstalled: 'plugin.uninstalled',
  errored: 'plugin.errored',
  reset: 'plugin.reset',
  /** A host took over what a former one had left half done. */
  recovered: 'plugin.recovered',
  /** The breaker opened: too many crashes. */
  tripped: 'plugin.breaker.tripped',
  quarantined: 'plugin.quarantined',
  /** A version waits for consent to sensitive permissions. */
  consentRequired: 'plugin.consent.required',
  consented: 'plugin.consent.given',
  /** The plugin runs, and the key of its signature was revoked, or is valid no more: `data.code`, `data.signer`. */
  distrusted: 'plugin.signature.distrusted',
  /** The plugin goes on without another one that it needs: `data.missing`. */
  degraded: 'plugin.degraded',
  /** What a plugin was not allowed to do; `data.count` times. */
  denied: 'plugin.permission.denied',
  /** Retention removes entries up to `data.upTo`. */
  pruned: 'audit.pruned',
} as const;

/** The name of an entry that the host itself writes. */
export type AuditEvent = (typeof AUDIT_EVENTS)[keyof typeof AUDIT_EVENTS];
