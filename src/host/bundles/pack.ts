// Makes bundles, and signs those that are there.
//
// Invariants:
//   K1. A bundle appears in one step, whole; one that fails leaves nothing behind and a former one as it is.
//   K2. Nothing is replaced but a former bundle.
//   K3. The order is always the same: the record, the signatures, the files by the bytes of their paths. A bundle that is
//       signed when it is packed and one that is signed later are the same bytes.

import { randomBytes } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import { isRuntimeError } from '../../errors/index.ts';
import { bundleError, limitExceeded, reasonOf, throwIfCancelled } from './bundle-error.ts';
import { resolveBundleLimits } from './bundle-limits.ts';
import type { BundleLimits, ResolvedBundleLimits } from './bundle-limits.ts';
import { recordText } from './record/bundle-record.ts';
import type { BundleRecord } from './record/bundle-record.ts';
import { RECORD_FILE } from './record/reserved-names.ts';
import { signDigest } from './signing/signature.ts';
import { signaturePath, signatureText } from './signing/signature-file.ts';
import type { BundleSignature } from './signing/signature.ts';
import type { OpenBundle } from './source/open-bundle.ts';
import { openDirectory } from './source/open-directory.ts';
import { READ, withArchive } from './source/with-bundle.ts';
import { isLeftOut } from './zip/entry-name.ts';
import { writeZip } from './zip/write-zip.ts';
import type { ZipInput } from './zip/write-zip.ts';

/** How a bundle is written. */
export interface WriteBundleOptions {
  readonly limits?: BundleLimits | undefined;
  /** Private key; the signature joins those that are there. */
  readonly key?: KeyObject | undefined;
  /** Hears of each file before it is written. */
  readonly onFile?: ((path: string, index: number, count: number) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** How a directory is packed. */
export interface PackOptions extends WriteBundleOptions {
  /** The file. Default: the plugin's name, a dash, its version and `.troupe`, in the working directory. */
  readonly out?: string | undefined;
}

/** A bundle that was written. */
export interface WrittenBundle {
  /** Absolute path. */
  readonly file: string;
  readonly record: BundleRecord;
  readonly signatures: readonly BundleSignature[];
  /** Of the archive. */
  readonly bytes: number;
}

/**
 * Packs a directory with a manifest. The same files give the same bytes (with the same Node.js), and the same digest always.
 *
 * Rejects with BUNDLE_* or MANIFEST_* codes, with BUNDLE_OUTPUT_REFUSED (K2) and with CANCELLED.
 */
export async function packBundle(directory: string, options: PackOptions = {}): Promise<WrittenBundle> {
  const limits = resolveBundleLimits(options.limits);
  const bundle = await openDirectory(directory, { limits, former: 'ignore', signal: options.signal });
  const { name, version } = bundle.record;
  const file = resolve(options.out ?? `${name}-${version}.troupe`);
  const inside = relative(resolve(directory), file).split(sep).join('/');
  // The next time it would be packed into itself.
  if (!inside.startsWith('../') && !isLeftOut(inside)) {
    throw bundleError('BUNDLE_OUTPUT_REFUSED', `output "${file}"`, 'is in the directory and does not end with .troupe');
  }
  return writeBundle(bundle, file, options);
}

/**
 * Signs a bundle in its place. Its files are checked on the way; a signature of the same key is replaced.
 *
 * Rejects with BUNDLE_* codes, SIGNATURE_INVALID for a former signature that is none, and CANCELLED.
 */
export async function signBundle(
  file: string,
  options: WriteBundleOptions & { readonly key: KeyObject },
): Promise<WrittenBundle> {
  const limits = resolveBundleLimits(options.limits);
  const path = resolve(file);
  return withArchive(`bundle "${file}"`, path, { limits }, (bundle) => writeBundle(bundle, path, options));
}

async function writeBundle(bundle: OpenBundle, file: string, options: WriteBundleOptions): Promise<WrittenBundle> {
  const limits = resolveBundleLimits(options.limits);
  const { label, record } = bundle;
  const signatures = signaturesOf(bundle, options.key, limits);
  const inputs = [textInput(RECORD_FILE, recordText(record)), ...signatures.map(signatureInput), ...filesOf(bundle)];
  await requireReplaceable(file);
  const fresh = join(dirname(file), `.${basename(file)}-${randomBytes(4).toString('hex')}`);
  try {
    const bytes = await writeZip(inputs, {
      label,
      file: fresh,
      limits,
      onFile(path, index) {
        throwIfCancelled(options.signal, `the packing of ${label}`);
        options.onFile?.(path, index, inputs.length);
      },
    });
    await rename(fresh, file);
    return { file, record, signatures, bytes };
  } catch (error) {
    throw isRuntimeError(error) ? error : outputRefused(file, `cannot be written (${reasonOf(error)})`, error);
  } finally {
    await rm(fresh, { force: true });
  }
}

function signaturesOf(
  { label, record, signatures }: OpenBundle,
  key: KeyObject | undefined,
  { maxSignatures }: ResolvedBundleLimits,
): readonly BundleSignature[] {
  const own = key === undefined ? undefined : signDigest(record.digest, key);
  const others = signatures.filter((each) => each.key !== own?.key);
  const all = [...others, ...(own === undefined ? [] : [own])].sort((a, b) => (a.key < b.key ? -1 : 1));
  if (all.length <= maxSignatures) return all;
  throw limitExceeded({ label, what: `has ${all.length} signatures`, limit: 'maxSignatures', allowed: maxSignatures });
}

function filesOf(bundle: OpenBundle): readonly ZipInput[] {
  return bundle.record.files.map((file) => ({
    path: file.path,
    bytes: file.bytes,
    isExecutable: file.executable === true,
    read: () => bundle.read(file),
  }));
}

function signatureInput(signature: BundleSignature): ZipInput {
  return textInput(signaturePath(signature), signatureText(signature));
}

function textInput(path: string, text: string): ZipInput {
  const contents = Buffer.from(text);
  return {
    path,
    bytes: contents.length,
    isExecutable: false,
    async *read() {
      yield contents;
    },
  };
}

const ZIP_MAGIC = 0x504b_0304;

/** K2. */
async function requireReplaceable(file: string): Promise<void> {
  let handle: Awaited<ReturnType<typeof open>>;
  try {
    handle = await open(file, READ);
  } catch (error) {
    if (reasonOf(error) === 'ENOENT') return;
    throw outputRefused(file, `cannot be looked at (${reasonOf(error)})`, error);
  }
  try {
    const isFile = (await handle.stat()).isFile();
    const { bytesRead, buffer } = isFile
      ? await handle.read(Buffer.alloc(4), 0, 4, 0)
      : { bytesRead: 0, buffer: Buffer.alloc(4) };
    if (bytesRead < 4 || buffer.readUInt32BE(0) !== ZIP_MAGIC) throw outputRefused(file, 'is there and is no bundle');
  } finally {
    await handle.close();
  }
}

function outputRefused(file: string, problem: string, cause?: unknown): Error {
  return bundleError('BUNDLE_OUTPUT_REFUSED', `output "${file}"`, problem, cause);
}
