// A plugin in a directory, as the bundle that it would be.
//
// Invariants:
//   E1. The same files give the same record, and so the same digest, whether they are packed or not.
//   E2. A directory that has a record (an unpacked bundle) is what the record says, or is refused.

import { createHash } from 'node:crypto';
import { realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { isRuntimeError } from '../../../errors/index.ts';
import { chunksOf, openFile } from '../../../transport/process/index.ts';
import { loadManifest, MANIFEST_NAMES } from '../../manifest/index.ts';
import { bundleError, entryCorrupt, limitExceeded, reasonOf, throwIfCancelled } from '../bundle-error.ts';
import type { ResolvedBundleLimits } from '../bundle-limits.ts';
import { createRecord, digestOf, isRecordLike, parseRecord } from '../record/bundle-record.ts';
import type { BundledFile, BundleRecord } from '../record/bundle-record.ts';
import { isReserved, RECORD_FILE } from '../record/reserved-names.ts';
import { HEAD_BYTES, platformOf, runtimeFacts } from '../record/runtime-facts.ts';
import { parseSignature } from '../signing/signature-file.ts';
import type { BundleSignature } from '../signing/signature.ts';
import { listFiles } from './list-files.ts';
import { checkManifestPaths } from './manifest-paths.ts';
import { verifiedContents } from './open-bundle.ts';
import type { OpenBundle } from './open-bundle.ts';

/** How a directory is read. */
export interface OpenDirectoryOptions {
  readonly limits: ResolvedBundleLimits;
  /** What becomes of a record that is there: it has to fit, or it is passed over with its signatures. Default `check`. */
  readonly former?: 'check' | 'ignore';
  readonly signal?: AbortSignal | undefined;
}

/**
 * Reads a directory once, to know what is in it. Owns nothing that must be closed.
 *
 * Rejects with BUNDLE_NOT_FOUND, BUNDLE_ENTRY_REFUSED, BUNDLE_LIMIT_EXCEEDED, MANIFEST_NOT_FOUND, MANIFEST_INVALID,
 * SIGNATURE_INVALID, with BUNDLE_CORRUPT (E2), and with BUNDLE_CHANGED.
 */
export async function openDirectory(path: string, options: OpenDirectoryOptions): Promise<OpenBundle> {
  const { limits, former = 'check', signal } = options;
  const label = `directory "${path}"`;
  const root = await realpath(path).catch((cause: unknown) => {
    throw bundleError('BUNDLE_NOT_FOUND', label, `cannot be read (${reasonOf(cause)})`, cause);
  });
  const paths = await listFiles(label, root, limits);
  const hasRecord = paths.includes(RECORD_FILE);
  const recordBytes = hasRecord ? await readWhole(label, root, RECORD_FILE, limits, 'maxRecordBytes') : undefined;
  if (recordBytes !== undefined && !isRecordLike(recordBytes.toString())) {
    throw bundleError('BUNDLE_INVALID', label, `has a file ${RECORD_FILE}, a name that bundles need for themselves`);
  }
  const signaturePaths = paths.filter((each) => isReserved(each) && each !== RECORD_FILE);
  const own = paths.filter((each) => !isReserved(each));
  const manifest = manifestName(label, own);
  const manifestBytes = await readWhole(label, root, manifest, limits, 'maxManifestBytes');
  const manifestText = decode(label, manifest, manifestBytes);
  const loaded = loadManifest(manifestText, join(root, manifest)).manifest;
  checkManifestPaths(label, loaded, own);
  const { name, version } = loaded;
  const { files, platforms } = await hashFiles(label, root, own, { limits, signal });
  // Name and version are those of the manifest that is among the files.
  const isSame = files.find(({ path: each }) => each === manifest)?.sha256 === sha256Of(manifestBytes);
  if (!isSame) throw entryCorrupt('BUNDLE_CHANGED', label, manifest, 'has other contents');
  const hasAddons = files.some((file) => file.path.endsWith('.node'));
  const fresh = createRecord({ name, version, manifest, runtime: runtimeFacts(platforms, hasAddons), files });
  const signatures = await readSignatures(label, root, signaturePaths, limits);
  const isChecked = former === 'check' && recordBytes !== undefined;
  const record = isChecked ? sameRecord(label, fresh, parseRecord(label, recordBytes)) : fresh;
  return {
    label,
    record,
    manifestText,
    signatures: former === 'check' ? signatures : signatures.filter(({ digest }) => digest === record.digest),
    read: (file) => verifiedContents(contentsOf(join(root, file.path)), { label, file, code: 'BUNDLE_CHANGED' }),
  };
}

/** The only manifest among the files at the top. Throws MANIFEST_NOT_FOUND or BUNDLE_INVALID. */
export function manifestName(label: string, paths: readonly string[]): BundleRecord['manifest'] {
  const [found, other] = MANIFEST_NAMES.filter((name) => paths.includes(name));
  if (found === undefined)
    throw bundleError('MANIFEST_NOT_FOUND', label, `has neither ${MANIFEST_NAMES.join(' nor ')}`);
  if (other === undefined) return found as BundleRecord['manifest'];
  throw bundleError('BUNDLE_INVALID', label, `has ${MANIFEST_NAMES.join(' and ')}; only one of them may be there`);
}

/** Text in UTF-8. Throws BUNDLE_INVALID. */
export function decode(label: string, path: string, bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw entryCorrupt('BUNDLE_INVALID', label, path, 'is not text in UTF-8', cause);
  }
}

interface HashOptions {
  readonly limits: ResolvedBundleLimits;
  readonly signal: AbortSignal | undefined;
}

async function hashFiles(
  label: string,
  root: string,
  paths: readonly string[],
  { limits, signal }: HashOptions,
): Promise<{ readonly files: readonly BundledFile[]; readonly platforms: ReadonlySet<string> }> {
  const files: BundledFile[] = [];
  const platforms = new Set<string>();
  let total = 0;
  for (const path of paths) {
    throwIfCancelled(signal, `the reading of ${label}`);
    const { file, platform } = await hashFile(label, root, path, limits);
    total += file.bytes;
    const allowed = limits.maxTotalBytes;
    if (total > allowed) {
      const what = `brings all files to ${total} bytes`;
      throw limitExceeded({ label, what, limit: 'maxTotalBytes', allowed, entry: path });
    }
    files.push(file);
    if (platform !== undefined) platforms.add(platform);
  }
  return { files, platforms };
}

interface HashedFile {
  readonly file: BundledFile;
  readonly platform: string | undefined;
}

const EXECUTABLE = 0o111;

async function hashFile(label: string, root: string, path: string, limits: ResolvedBundleLimits): Promise<HashedFile> {
  const handle = await openFile(join(root, path)).catch((cause: unknown) => {
    throw unreadable(label, path, cause);
  });
  try {
    const { mode } = await handle.stat();
    const hash = createHash('sha256');
    let head = Buffer.alloc(0);
    let bytes = 0;
    const allowed = limits.maxEntryBytes;
    for await (const chunk of chunksOf(handle)) {
      if (bytes === 0) head = Buffer.from(chunk.subarray(0, HEAD_BYTES));
      bytes += chunk.length;
      if (bytes > allowed) {
        const what = `has ${bytes} bytes or more`;
        throw limitExceeded({ label, what, limit: 'maxEntryBytes', allowed, entry: path });
      }
      hash.update(chunk);
    }
    const sha256 = hash.digest('hex');
    const executable = (mode & EXECUTABLE) === 0 ? {} : ({ executable: true } as const);
    return { file: { path, bytes, sha256, ...executable }, platform: platformOf(head) };
  } finally {
    await handle.close();
  }
}

/** E2. Names the first file that differs. */
function sameRecord(label: string, fresh: BundleRecord, former: BundleRecord): BundleRecord {
  // Where it was packed is a fact of the bundle, and not of this machine.
  if (digestOf({ ...fresh, runtime: former.runtime }) === former.digest) return former;
  const files = new Map(fresh.files.map((file) => [file.path, file]));
  for (const { path, sha256, executable } of former.files) {
    const now = files.get(path);
    const isSame = now !== undefined && now.sha256 === sha256 && now.executable === executable;
    if (!isSame) throw entryCorrupt('BUNDLE_CORRUPT', label, path, `is not as its ${RECORD_FILE} says`);
    files.delete(path);
  }
  const [added] = files.keys();
  if (added !== undefined) throw entryCorrupt('BUNDLE_CORRUPT', label, added, `is not in its ${RECORD_FILE}`);
  throw bundleError('BUNDLE_CORRUPT', label, `has a ${RECORD_FILE} for another manifest`);
}

async function readSignatures(
  label: string,
  root: string,
  paths: readonly string[],
  limits: ResolvedBundleLimits,
): Promise<readonly BundleSignature[]> {
  const allowed = limits.maxSignatures;
  if (paths.length > allowed) {
    throw limitExceeded({ label, what: `has ${paths.length} signatures`, limit: 'maxSignatures', allowed });
  }
  const read = async (path: string): Promise<BundleSignature> =>
    parseSignature(label, path, await readWhole(label, root, path, limits, 'maxSignatureBytes'));
  return Promise.all(paths.map(read));
}

async function readWhole(
  label: string,
  root: string,
  path: string,
  limits: ResolvedBundleLimits,
  limit: 'maxManifestBytes' | 'maxRecordBytes' | 'maxSignatureBytes',
): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of contentsOf(join(root, path))) {
    bytes += chunk.length;
    const allowed = limits[limit];
    if (bytes > allowed)
      throw limitExceeded({ label, what: `has ${bytes} bytes or more`, limit, allowed, entry: path });
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function sha256Of(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** Each chunk is the receiver's own. */
async function* contentsOf(path: string): AsyncGenerator<Buffer, void> {
  const handle = await openFile(path);
  try {
    for await (const chunk of chunksOf(handle)) yield Buffer.from(chunk);
  } finally {
    await handle.close();
  }
}

function unreadable(label: string, path: string, cause: unknown): Error {
  const reason = isRuntimeError(cause) ? cause.rawMessage : reasonOf(cause);
  return entryCorrupt('BUNDLE_NOT_FOUND', label, path, `cannot be read (${reason})`, cause);
}
