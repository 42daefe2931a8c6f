import type { DiagnosticCheck } from '../../gen/troupe/admin/v1/admin.ts';
import type { Lifecycle } from '../lifecycle/types.ts';
import type { PluginLogs } from '../logs/index.ts';

/** A setting that has changed and does not hold yet. */
export interface PendingSetting {
  /** Its path in the file, such as `ops.port`. */
  readonly setting: string;
  /** From when it holds, in words for people. */
  readonly when: string;
}

/** What came of reading the configuration again. */
export interface ReloadReport {
  /** Paths of the settings that hold from now on. */
  readonly applied: readonly string[];
  readonly pending: readonly PendingSetting[];
}

/** The audit of one plugin, as it was found. */
export interface AuditChainReport {
  readonly plugin: string;
  /** Entries whose links were checked. */
  readonly entries: number;
  /** Newer entries without a link yet. */
  readonly unsealed: number;
  /** What is wrong; undefined when all is well. */
  readonly problem: { readonly message: string; readonly sequence: number } | undefined;
}

/** Something that was looked at. */
export interface HostCheck extends Pick<DiagnosticCheck, 'name' | 'message' | 'details'> {
  readonly status: 'ok' | 'warning' | 'failed';
}

/** What is known about the host itself. */
export interface HostFacts {
  /** Version of the package. */
  readonly version: string;
  readonly hostId: string;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
}

/** What the admin service is made of. */
export interface AdminPorts {
  readonly lifecycle: Lifecycle;
  readonly logs: PluginLogs;
  readonly facts: HostFacts;
  /** Checks the chain of the audit of one plugin, or of all. Default: answers UNIMPLEMENTED. */
  readonly verifyAudit?: ((plugin: string | undefined) => Promise<readonly AuditChainReport[]>) | undefined;
  /** Reads the configuration again. Default: answers UNIMPLEMENTED. */
  readonly reload?: (() => Promise<ReloadReport>) | undefined;
  /** Looks at what only the host can look at. Default: nothing. */
  readonly diagnose?: (() => Promise<readonly HostCheck[]>) | undefined;
}
