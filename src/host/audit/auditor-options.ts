import type { ActorSystem } from '../../actors/index.ts';
import { InvalidOptionsError } from '../../errors/index.ts';
import type { AuditRelayFact } from '../../machines/index.ts';
import { requireAtLeast, requireObject, requirePositiveInteger, shown } from '../../policy/index.ts';
import type { AuditSink, Environment } from '../../ports/index.ts';
import type { LifecycleStore } from '../../ports/lifecycle-store.ts';
import type { AuditRetention } from './retention.ts';

/** How an auditor is made. */
export interface AuditorOptions {
  /** Not closed by the auditor. */
  readonly store: LifecycleStore;
  /** At least 32 bytes, as bytes or hexadecimal digits. Keep it where whoever can write the database cannot read it. */
  readonly key: Uint8Array | string;
  /**
   * Where the relays run. Default: a system of the auditor's own, which it stops, so that it can be made before a host and
   * stopped after it.
   */
  readonly system?: ActorSystem | undefined;
  /** Default: that of the system; the real one without a system. */
  readonly environment?: Environment | undefined;
  /** Default none: entries are sealed, and stay in the store. At most 16, with different names. */
  readonly sinks?: readonly AuditSink[] | undefined;
  /** Default: every entry stays. */
  readonly retention?: AuditRetention | undefined;
  /** Milliseconds between two looks at the store for what other hosts have written. Default 5,000. */
  readonly pollMs?: number | undefined;
  /** Milliseconds that a written entry waits for others to be sealed with. Default 50. */
  readonly settleMs?: number | undefined;
  /** Milliseconds that one call of a sink may take before it is made again. Default 30,000. */
  readonly sinkTimeoutMs?: number | undefined;
  /** Most entries that a sink gets at once. Default 256. */
  readonly batchSize?: number | undefined;
  /** Milliseconds for which denials of one plugin and permission are gathered. Default 60,000. */
  readonly denialWindowMs?: number | undefined;
  /** Permissions of one plugin that are told apart within that time. Default 64. */
  readonly denialPermissions?: number | undefined;
}

/** What an auditor says as it happens. */
export type AuditFact =
  | AuditRelayFact
  | { readonly type: 'audit.sealed'; readonly entries: number }
  | { readonly type: 'audit.delivered'; readonly sink: string; readonly entries: number }
  /** Entries of a plugin are not as they were written: they are not sealed, and verification finds them. Told once. */
  | { readonly type: 'audit.damaged'; readonly plugin: string; readonly failure: { code: string; message: string } }
  /** Entries were removed before a sink got them. */
  | { readonly type: 'audit.missed'; readonly sink: string; readonly plugin: string; readonly entries: number }
  /** Somebody has changed the cursor of a sink; it gets everything again. */
  | { readonly type: 'audit.cursorRefused'; readonly sink: string }
  | { readonly type: 'audit.pruned'; readonly plugin: string; readonly entries: number };

/** Where one sink stands. */
export interface SinkStatus {
  readonly name: string;
  /** Sealed entries that it has not taken; undefined until that is known. */
  readonly behind: number | undefined;
  /** Failures in a row. */
  readonly failures: number;
  /** The last failure, until a step goes well. */
  readonly failure: { readonly code: string; readonly message: string } | undefined;
}

/** Where the audit stands, for metrics: as of the last look at the store. */
export interface AuditStatus {
  /** Entries without a link. */
  readonly unsealed: number;
  /** Denials that are in no entry yet. */
  readonly denialsPending: number;
  /** Denials told so far. */
  readonly denials: number;
  readonly sinks: readonly SinkStatus[];
}

/** How a stop went. */
export interface AuditStopReport {
  /** Whether everything is sealed, and every sink has it all. */
  readonly isCaughtUp: boolean;
  /** Denials that are in no entry, as the store failed. */
  readonly denialsLost: number;
  /** Denials that may be in an entry: the store was asked to write it, and gave no answer. */
  readonly denialsUnclear: number;
}

/** The bounds of an auditor. */
export interface AuditorBounds {
  readonly batchSize: number;
  readonly windowMs: number;
  readonly permissions: number;
}

const MOST_SINKS = 16;
const SINK_NAME = /^[A-Za-z0-9_-]{1,64}$/;

/** Checks the options but for the key, and fills in the bounds. Throws `InvalidOptionsError` naming the option. */
export function checkAuditorOptions(options: AuditorOptions): AuditorBounds {
  const { pollMs = 1, settleMs = 0, sinkTimeoutMs = 1, sinks = [], retention = {} } = requireObject('options', options);
  requireObject('store', options.store);
  requireObject('retention', retention);
  requireAtLeast('pollMs', pollMs, 1);
  requireAtLeast('settleMs', settleMs, 0);
  requireAtLeast('sinkTimeoutMs', sinkTimeoutMs, 1);
  checkSinks(sinks);
  return {
    batchSize: requirePositiveInteger('batchSize', options.batchSize ?? 256),
    windowMs: requireAtLeast('denialWindowMs', options.denialWindowMs ?? 60_000, 1),
    permissions: requirePositiveInteger('denialPermissions', options.denialPermissions ?? 64),
  };
}

function checkSinks(sinks: readonly AuditSink[]): void {
  if (!Array.isArray(sinks)) throw new InvalidOptionsError('sinks', `must be an array, got ${shown(sinks)}`);
  if (sinks.length > MOST_SINKS)
    throw new InvalidOptionsError('sinks', `has ${sinks.length} entries, more than ${MOST_SINKS}`);
  const names = new Set<string>();
  for (const [index, sink] of sinks.entries()) {
    const { name } = requireObject(`sinks[${index}]`, sink);
    const field = `sinks[${index}].name`;
    if (!SINK_NAME.test(name)) {
      throw new InvalidOptionsError(field, `must be 1 to 64 letters, digits, "_" or "-", got ${shown(name)}`);
    }
    if (names.has(name)) throw new InvalidOptionsError(field, `is ${shown(name)}, as that of another sink`);
    names.add(name);
  }
}
