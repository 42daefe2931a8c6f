// From an upload to a plugin that serves it, by the host's one lifecycle.
//
// Invariants:
//   A1. What serves goes on serving until the new version is proven: only `update` touches an active plugin.
//   A2. The same bytes again change nothing.
//   A3. Sensitive permissions are granted only with the consent that came with the upload; without it nothing is touched.

import { isRuntimeError, RuntimeError } from '../../errors/index.ts';
import { diffPermissions, permissionsOf } from '../../policy/index.ts';
import type { IsSensitiveCapability } from '../../policy/index.ts';
import type { PluginRow, Principal } from '../../ports/lifecycle-store.ts';
import type { InstallOptions, Lifecycle, PluginSource } from '../lifecycle/types.ts';
import type { Manifest } from '../manifest/index.ts';

/** What is uploaded, as far as the lifecycle has to know it. */
export interface AppliedUpload {
  readonly manifest: Manifest;
  readonly consent: readonly string[];
  /** Digest of the files. */
  readonly digest: string;
  readonly source: PluginSource;
}

/** What came of it. */
export interface AppliedOutcome {
  readonly row: PluginRow;
  readonly action: 'installed' | 'reloaded' | 'unchanged';
}

/** What the work is done with. */
export interface ApplyPorts {
  readonly lifecycle: Lifecycle;
  readonly isSensitiveCapability?: IsSensitiveCapability | undefined;
}

const PRINCIPAL: Principal = { kind: 'user', label: 'dev' };

/** Makes the plugin what was uploaded. Rejects as the lifecycle does, and with CONSENT_REQUIRED. */
export async function applyUpload(upload: AppliedUpload, ports: ApplyPorts): Promise<AppliedOutcome> {
  const { lifecycle } = ports;
  const { name } = upload.manifest;
  const row = await rowOf(lifecycle, name);
  // A2.
  if (row?.state === 'active' && row.digest === upload.digest) return { row, action: 'unchanged' };
  requireConsent(row, upload, ports);
  const options: InstallOptions = {
    principal: PRINCIPAL,
    consent: upload.consent,
    // An author goes back and forth between versions.
    allowDowngrade: true,
    activate: true,
  };
  if (row === undefined) return { row: await lifecycle.install(upload.source, options), action: 'installed' };
  return { row: await replace(row, upload, options, lifecycle), action: 'reloaded' };
}

/** A1. What does not serve is brought into a state in which it can be updated. */
async function replace(
  row: PluginRow,
  { source }: AppliedUpload,
  options: InstallOptions,
  lifecycle: Lifecycle,
): Promise<PluginRow> {
  const { slug: plugin, state } = row;
  const by = { principal: PRINCIPAL };
  if (state === 'active') return lifecycle.update(plugin, source, options);
  if (state === 'errored' && row.failure?.from === undefined) {
    // It has never worked: there is nothing to update.
    await lifecycle.uninstall(plugin, by);
    return lifecycle.install(source, options);
  }
  if (state === 'errored' || state === 'quarantined') await lifecycle.reset(plugin, by);
  const updated = await lifecycle.update(plugin, source, options);
  return updated.state === 'active' ? updated : lifecycle.activate(plugin, by);
}

/** A3. */
function requireConsent(
  row: PluginRow | undefined,
  { manifest, consent }: AppliedUpload,
  { isSensitiveCapability }: ApplyPorts,
): void {
  const { sensitive } = diffPermissions(row?.permissions ?? [], permissionsOf(manifest), isSensitiveCapability);
  const missing = sensitive.filter((permission) => !consent.includes(permission));
  if (missing.length === 0) return;
  const text = `plugin "${manifest.name}" asks for ${missing.join(', ')}, and nobody consented`;
  throw new RuntimeError('CONSENT_REQUIRED', text, { details: { plugin: manifest.name, permissions: missing } });
}

/** The row of a plugin; undefined when there is none. */
export async function rowOf(lifecycle: Lifecycle, plugin: string): Promise<PluginRow | undefined> {
  try {
    return (await lifecycle.get(plugin)).row;
  } catch (error) {
    if (isRuntimeError(error) && error.code === 'PLUGIN_UNKNOWN') return undefined;
    throw error;
  }
}
