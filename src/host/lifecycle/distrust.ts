// What becomes of files whose signature counts no more.
//
// Invariants:
//   T1. Nothing is activated, gone back to or taken up again by hand whose key was revoked.
//   T2. What was active when its host ended is started again: a host that stops what others rely on, because of a line in a
//       file, would do more harm than what it keeps out. It is told, in the log and in the audit.

import type { RuntimeError } from '../../errors/index.ts';
import { AUDIT_EVENTS } from '../../policy/index.ts';
import type { PluginRow } from '../../ports/lifecycle-store.ts';
import type { StoredArtifact } from './artifacts.ts';
import { entry } from './drafts.ts';
import type { RequestDetails } from './request.ts';
import { write } from './work-context.ts';
import type { WorkContextParts } from './work-context.ts';

/** T1. Throws SIGNATURE_KEY_REVOKED. A key that is valid no more was valid when the files were taken. */
export function requireNotRevoked({ distrust }: StoredArtifact): void {
  if (distrust?.code === 'SIGNATURE_KEY_REVOKED') throw distrust;
}

/** T2. Tells of files that are about to be run. What cannot be written down keeps nobody from running them. */
export async function tellDistrust(
  context: WorkContextParts,
  row: PluginRow,
  { digest, distrust }: StoredArtifact,
  details: RequestDetails,
  signal: AbortSignal,
): Promise<void> {
  if (distrust === undefined) return;
  const { plugin, environment } = context;
  const { code, rawMessage: message } = distrust;
  const { log } = environment;
  log.log('warn', `plugin "${plugin}" runs, and its signature counts no more: ${message}`, { plugin, code });
  const data = { version: row.version, digest, code, ...keyOf(distrust) };
  try {
    const told = entry(plugin, details, { event: AUDIT_EVENTS.distrusted, severity: 'warning', data });
    await write(context, { before: row, audit: [told] }, signal);
  } catch (error) {
    log.log('warn', 'the audit does not know of a signature that counts no more', { plugin, error });
  }
}

function keyOf({ details }: RuntimeError): Readonly<Record<string, unknown>> {
  const { key, signer } = details;
  return { key, signer };
}
