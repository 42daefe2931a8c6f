// Reads artifacts back from a store.
//
// Invariants:
//   V1. An artifact whose record is not that of its digest is not used.
//   V2. `verifyFiles` finds each file that is missing, other, added, or can be written.

import { createHash } from 'node:crypto';
import { lstat, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { chunksOf, openFile } from '../../../transport/process/index.ts';
import { loadManifest } from '../../manifest/index.ts';
import type { LoadedManifest } from '../../manifest/index.ts';
import { bundleError, entryCorrupt, reasonOf, throwIfCancelled } from '../bundle-error.ts';
import type { ResolvedBundleLimits } from '../bundle-limits.ts';
import { parseRecord } from '../record/bundle-record.ts';
import type { BundleRecord } from '../record/bundle-record.ts';
import { RECORD_FILE, SIGNATURES_FOLDER } from '../record/reserved-names.ts';
import { parseSignature } from '../signing/signature-file.ts';
import type { BundleSignature } from '../signing/signature.ts';
import { listFiles } from '../source/list-files.ts';
import { isDigest } from './store-folder.ts';
import { pluginDirectory } from './write-artifact.ts';

/** An artifact as it stands in its store. */
export interface StoredArtifact {
  readonly digest: string;
  readonly record: BundleRecord;
  /** Absolute path of the plugin's files. */
  readonly directory: string;
  readonly manifestText: string;
  readonly loaded: LoadedManifest;
  readonly signatures: readonly BundleSignature[];
}

/** Names an artifact in errors. */
export function artifactLabel(digest: string): string {
  return `artifact ${digest.slice(0, 16)}`;
}

/**
 * Reads what an artifact says of itself, and looks whether its files are there and as long as they should be.
 *
 * Rejects with BUNDLE_UNKNOWN, or BUNDLE_CORRUPT.
 */
export async function readArtifact(
  root: string,
  digest: string,
  limits: ResolvedBundleLimits,
): Promise<StoredArtifact> {
  const label = artifactLabel(digest);
  const artifact = join(root, digest);
  const isThere = isDigest(digest) && (await lstat(artifact).catch(() => undefined))?.isDirectory() === true;
  if (!isThere) throw bundleError('BUNDLE_UNKNOWN', label, `is not in the store "${root}"`);
  try {
    const record = parseRecord(label, await readFile(join(artifact, RECORD_FILE)));
    if (record.digest !== digest) throw bundleError('BUNDLE_CORRUPT', label, `holds the one of ${record.digest}`);
    const directory = pluginDirectory(artifact, record);
    for (const { path, bytes } of record.files) {
      const { size } = await lstat(join(directory, path));
      if (size !== bytes) throw entryCorrupt('BUNDLE_CORRUPT', label, path, `has ${size} bytes and not ${bytes}`);
    }
    const file = join(directory, record.manifest);
    const manifestText = await readFile(file, 'utf8');
    const loaded = loadManifest(manifestText, file);
    return {
      digest,
      record,
      directory,
      manifestText,
      loaded,
      signatures: await readSignatures(label, artifact, limits),
    };
  } catch (error) {
    // Whatever else it is, it once was whole.
    throw bundleError('BUNDLE_CORRUPT', label, `is damaged: ${reasonOf(error)}`, error);
  }
}

/** V2. Rejects with BUNDLE_CORRUPT, or CANCELLED. */
export async function verifyFiles(
  { digest, record, directory }: StoredArtifact,
  limits: ResolvedBundleLimits,
  signal?: AbortSignal,
): Promise<void> {
  const label = artifactLabel(digest);
  const isListed = new Set(record.files.map(({ path }) => path));
  // Limits may have become smaller since it was installed.
  const any = { ...limits, maxEntries: Infinity, maxDepth: Infinity, maxPathBytes: Infinity };
  const added = (await listFiles(label, directory, any, true)).find((path) => !isListed.has(path));
  if (added !== undefined) throw entryCorrupt('BUNDLE_CORRUPT', label, added, 'does not belong to it');
  for (const { path, sha256, executable = false } of record.files) {
    throwIfCancelled(signal, `the check of ${label}`);
    const { mode, hash } = await hashOf(label, directory, path);
    if (hash !== sha256) throw entryCorrupt('BUNDLE_CORRUPT', label, path, 'has other contents');
    if ((mode & 0o777) !== (executable ? 0o500 : 0o400)) {
      throw entryCorrupt('BUNDLE_CORRUPT', label, path, `has the mode ${(mode & 0o777).toString(8)}`);
    }
  }
}

async function hashOf(
  label: string,
  directory: string,
  path: string,
): Promise<{ readonly mode: number; readonly hash: string }> {
  try {
    const handle = await openFile(join(directory, path));
    try {
      const { mode } = await handle.stat();
      const hash = createHash('sha256');
      for await (const chunk of chunksOf(handle)) hash.update(chunk);
      return { mode, hash: hash.digest('hex') };
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw entryCorrupt('BUNDLE_CORRUPT', label, path, `cannot be read (${reasonOf(error)})`, error);
  }
}

async function readSignatures(
  label: string,
  artifact: string,
  { maxSignatures }: ResolvedBundleLimits,
): Promise<readonly BundleSignature[]> {
  const names = (await readdir(join(artifact, SIGNATURES_FOLDER))).filter((name) => name.endsWith('.json')).sort();
  const paths = names.slice(0, maxSignatures).map((name) => `${SIGNATURES_FOLDER}/${name}`);
  return Promise.all(paths.map(async (path) => parseSignature(label, path, await readFile(join(artifact, path)))));
}
