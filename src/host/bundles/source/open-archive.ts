// A packed bundle.
//
// Invariants:
//   A1. Files and record name each other: nothing is in the archive that the record does not list, and nothing is missing.
//   A2. The manifest that counts is the one that the record names, and says the same name and version.

import { bundleError, entryCorrupt, entryRefused, limitExceeded } from '../bundle-error.ts';
import type { BundleLimits, ResolvedBundleLimits } from '../bundle-limits.ts';
import { loadManifest } from '../../manifest/index.ts';
import { parseRecord } from '../record/bundle-record.ts';
import type { BundledFile, BundleRecord } from '../record/bundle-record.ts';
import { isReserved, RECORD_FILE } from '../record/reserved-names.ts';
import { parseSignature } from '../signing/signature-file.ts';
import type { BundleSignature } from '../signing/signature.ts';
import type { ByteSource } from '../zip/byte-source.ts';
import { isLeftOut } from '../zip/entry-name.ts';
import { openZip } from '../zip/open-zip.ts';
import type { OpenZip, ZipFileEntry } from '../zip/open-zip.ts';
import { checkManifestPaths } from './manifest-paths.ts';
import { verifiedContents } from './open-bundle.ts';
import type { OpenBundle } from './open-bundle.ts';
import { decode, manifestName } from './open-directory.ts';

/**
 * Reads the record, the manifest and the signatures of an archive; its other files only when they are asked for. The
 * source stays the caller's, and open.
 *
 * Rejects with BUNDLE_INVALID, BUNDLE_ENTRY_REFUSED, BUNDLE_LIMIT_EXCEEDED, BUNDLE_CORRUPT, SIGNATURE_INVALID,
 * MANIFEST_NOT_FOUND, MANIFEST_INVALID.
 */
export async function openArchive(
  label: string,
  source: ByteSource,
  limits: ResolvedBundleLimits,
): Promise<OpenBundle> {
  const zip = await openZip(label, source, limits);
  const entry = zip.files.get(RECORD_FILE);
  if (entry === undefined) {
    throw bundleError(
      'BUNDLE_INVALID',
      label,
      `has no ${RECORD_FILE}; "troupe plugin pack" makes bundles that have it`,
    );
  }
  const record = parseRecord(label, await readWhole(label, entry, limits, 'maxRecordBytes'));
  const files = matchFiles(label, zip, record);
  const manifestText = await readManifestText(label, record, files, limits);
  return {
    label,
    record,
    manifestText,
    signatures: await readSignatures(label, zip, limits),
    read: (file) => contentsOf(label, file, files),
  };
}

/** A1. */
function matchFiles(label: string, zip: OpenZip, record: BundleRecord): ReadonlyMap<string, ZipFileEntry> {
  const files = new Map<string, ZipFileEntry>();
  for (const { path, bytes } of record.files) {
    const entry = zip.files.get(path);
    if (entry === undefined)
      throw entryCorrupt('BUNDLE_INVALID', label, path, `is in ${RECORD_FILE} and not in the archive`);
    if (entry.bytes !== bytes) {
      throw entryCorrupt('BUNDLE_CORRUPT', label, path, `has ${entry.bytes} bytes and not ${bytes}`);
    }
    if (isReserved(path) || isLeftOut(path))
      throw entryRefused(label, path, 'has a name that no file of a bundle may have');
    files.set(path, entry);
  }
  for (const path of zip.files.keys()) {
    if (!files.has(path) && !isReserved(path)) {
      throw entryCorrupt('BUNDLE_INVALID', label, path, `is in the archive and not in ${RECORD_FILE}`);
    }
  }
  return files;
}

/** A2. */
async function readManifestText(
  label: string,
  record: BundleRecord,
  files: ReadonlyMap<string, ZipFileEntry>,
  limits: ResolvedBundleLimits,
): Promise<string> {
  const path = manifestName(label, [...files.keys()]);
  const entry = files.get(path);
  const file = record.files.find((each) => each.path === path);
  if (path !== record.manifest || entry === undefined || file === undefined) {
    throw bundleError('BUNDLE_INVALID', label, `has the manifest ${path}, and ${RECORD_FILE} names ${record.manifest}`);
  }
  const contents = { ...entry, read: () => contentsOf(label, file, files) };
  const text = decode(label, path, await readWhole(label, contents, limits, 'maxManifestBytes'));
  // Manifests of awf take a name from their directory; once it is installed, that is the plugin's.
  const { manifest } = loadManifest(text, `/${record.name}/${path}`, `${label}: ${path}`);
  const { name, version } = manifest;
  checkManifestPaths(label, manifest, [...files.keys()]);
  if (name === record.name && version === record.version) return text;
  const problem = `is ${record.name} ${record.version} by its ${RECORD_FILE} and ${name} ${version} by its manifest`;
  throw bundleError('BUNDLE_INVALID', label, problem);
}

async function readSignatures(
  label: string,
  zip: OpenZip,
  limits: ResolvedBundleLimits,
): Promise<readonly BundleSignature[]> {
  const entries = [...zip.files.values()].filter(({ path }) => isReserved(path) && path !== RECORD_FILE);
  const allowed = limits.maxSignatures;
  if (entries.length > allowed) {
    throw limitExceeded({ label, what: `has ${entries.length} signatures`, limit: 'maxSignatures', allowed });
  }
  const signatures: BundleSignature[] = [];
  for (const entry of entries) {
    signatures.push(parseSignature(label, entry.path, await readWhole(label, entry, limits, 'maxSignatureBytes')));
  }
  return signatures;
}

function contentsOf(label: string, file: BundledFile, files: ReadonlyMap<string, ZipFileEntry>): AsyncIterable<Buffer> {
  const entry = files.get(file.path);
  if (entry === undefined) throw entryCorrupt('BUNDLE_INVALID', label, file.path, 'is not in the archive');
  return verifiedContents(entry.read(), { label, file, code: 'BUNDLE_CORRUPT' });
}

async function readWhole(
  label: string,
  entry: Pick<ZipFileEntry, 'path' | 'bytes' | 'read'>,
  limits: ResolvedBundleLimits,
  limit: keyof BundleLimits,
): Promise<Buffer> {
  const allowed = limits[limit];
  const { bytes, path } = entry;
  if (bytes > allowed) throw limitExceeded({ label, what: `has ${bytes} bytes`, limit, allowed, entry: path });
  const chunks: Buffer[] = [];
  for await (const chunk of entry.read()) chunks.push(chunk);
  return Buffer.concat(chunks);
}
