// What a store does. A module of its own, so that it is loaded only when it is needed.

import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import { isRuntimeError } from '../../../errors/index.ts';
import { removeTree } from '../../../transport/process/index.ts';
import { checkSignatures, distrustOf } from '../signing/trust.ts';
import type { SignatureCheck } from '../signing/trust.ts';
import type { Artifact, VerifiedArtifact } from './artifact-store.ts';
import { artifactLabel, readArtifact, verifyFiles } from './read-artifact.ts';
import type { StoredArtifact } from './read-artifact.ts';
import type { StoreContext } from './stage.ts';
import { digestsIn, isDigest, openStoreFolder, openWorkplace, sweepWorkplaces } from './store-folder.ts';
import { setAside, storeFailed } from './write-artifact.ts';

export { stageSource } from './stage.ts';

/** Makes the directory, and removes what was left in it; returns the names. */
export async function openStore({ root, environment }: StoreContext): Promise<readonly string[]> {
  await openStoreFolder(root);
  return sweepWorkplaces(root, environment.clock);
}

/** An artifact of the store. */
export async function openStored(context: StoreContext, digest: string): Promise<Artifact> {
  const stored = await readArtifact(context.root, digest, context.limits);
  return artifactOf(stored, checksOf(context, stored));
}

/** An artifact of the store, all of whose files were read. */
export async function verifyStored(
  context: StoreContext,
  digest: string,
  signal: AbortSignal | undefined,
): Promise<VerifiedArtifact> {
  const stored = await readArtifact(context.root, digest, context.limits);
  await verifyFiles(stored, context.limits, signal);
  const signatures = checksOf(context, stored);
  return { ...artifactOf(stored, signatures), signatures };
}

/** Removes an artifact in one step; whether it was there. */
export async function removeStored({ root }: StoreContext, digest: string): Promise<boolean> {
  const artifact = join(root, digest);
  if (!isDigest(digest) || (await lstat(artifact).catch(() => undefined)) === undefined) return false;
  const workplace = await openWorkplace(root);
  try {
    await setAside(artifact, join(workplace, 'old'));
    return true;
  } catch (error) {
    // Another caller may have been quicker.
    if ((await lstat(artifact).catch(() => undefined)) === undefined) return false;
    throw isRuntimeError(error) ? error : storeFailed(root, error);
  } finally {
    // What cannot be removed now is swept later.
    await removeTree(workplace).catch(() => {});
  }
}

/** The digests of all artifacts. */
export async function listStored({ root }: StoreContext): Promise<readonly string[]> {
  return digestsIn(root);
}

function checksOf(
  { trust, environment }: StoreContext,
  { digest, signatures }: StoredArtifact,
): readonly SignatureCheck[] {
  return checkSignatures(digest, signatures, trust, environment.clock.now());
}

function artifactOf(stored: StoredArtifact, checks: readonly SignatureCheck[]): Artifact {
  const { digest, directory, loaded, manifestText, record } = stored;
  const valid = checks.find(({ status }) => status === 'valid');
  const signer = valid?.signer === undefined ? undefined : { id: valid.signer, fingerprint: valid.key };
  const bytes = record.files.reduce((sum, file) => sum + file.bytes, 0);
  const distrust = distrustOf(artifactLabel(digest), checks);
  return { digest, directory, loaded, manifestText, record, signer, distrust, bytes };
}
