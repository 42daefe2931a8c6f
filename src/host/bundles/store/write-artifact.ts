// An artifact on disk: `bundle.json`, `signatures/`, and the plugin's files below `plugin/` and the plugin's name.
//
// Invariants:
//   W1. Its bytes are those of the record, also after the power failed: they are on the disk before its name is.
//   W2. Nobody may write the plugin's files, not even their owner.
//   W3. It appears in one step. When two make the same one at once, one of them is kept; one that is damaged gives way.

import { chmod, mkdir, open, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { bundleError, reasonOf, throwIfCancelled } from '../bundle-error.ts';
import { recordText } from '../record/bundle-record.ts';
import type { BundledFile, BundleRecord } from '../record/bundle-record.ts';
import { RECORD_FILE, SIGNATURES_FOLDER } from '../record/reserved-names.ts';
import { signaturePath, signatureText } from '../signing/signature-file.ts';
import type { BundleSignature } from '../signing/signature.ts';
import type { OpenBundle } from '../source/open-bundle.ts';

const PLUGIN_FOLDER = 'plugin';

/** Where the plugin's files are in an artifact. The manifest has seen to it that the name is one of a directory. */
export function pluginDirectory(artifact: string, { name }: BundleRecord): string {
  return join(artifact, PLUGIN_FOLDER, name);
}

/** How an artifact is written. */
export interface WriteArtifactOptions {
  readonly signal?: AbortSignal | undefined;
  /** Hears of each file after it is written. */
  readonly onFile?: (index: number, count: number) => void;
}

/** Lays a bundle out in a directory that is not there yet. What is wrong with it ends this half-way. */
export async function writeArtifact(
  bundle: OpenBundle,
  target: string,
  { signal, onFile }: WriteArtifactOptions,
): Promise<void> {
  const { files } = bundle.record;
  const plugin = pluginDirectory(target, bundle.record);
  const made = [target, dirname(plugin), plugin, join(target, SIGNATURES_FOLDER)];
  for (const folder of made) await mkdir(folder, { mode: 0o700 });
  const folders = foldersOf(files);
  for (const folder of folders) await mkdir(join(plugin, folder), { mode: 0o700 });
  for (const [index, file] of files.entries()) {
    throwIfCancelled(signal, `the copy of ${bundle.label}`);
    await writeFileOnce(join(plugin, file.path), bundle.read(file), file.executable === true ? 0o500 : 0o400);
    onFile?.(index + 1, files.length);
  }
  await writeRecord(target, bundle.record);
  for (const signature of bundle.signatures) await addSignature(target, signature);
  for (const folder of [...folders.toReversed(), '', '..']) {
    await syncFolder(join(plugin, folder));
    await chmod(join(plugin, folder), 0o500);
  }
  await syncFolder(target);
}

/** Adds a signature to an artifact, unless it is there. */
export async function addSignature(artifact: string, signature: BundleSignature): Promise<void> {
  const file = join(artifact, signaturePath(signature));
  const fresh = `${file}.new`;
  await writeFileOnce(fresh, textChunks(signatureText(signature)), 0o400, 'w');
  await rename(fresh, file);
  await syncFolder(dirname(file));
}

/** W3. Where an artifact goes. */
export interface Publication {
  readonly root: string;
  readonly digest: string;
  /** Where a damaged one is moved to. */
  readonly aside: string;
  /** Whether what is there is whole. */
  isWhole(): Promise<boolean>;
}

/** Moves an artifact into the store. Returns whether it is this one that is now there. */
export async function publishArtifact(fresh: string, publication: Publication): Promise<boolean> {
  const { root, digest, aside, isWhole } = publication;
  const target = join(root, digest);
  try {
    await rename(fresh, target);
  } catch (error) {
    if (!['EEXIST', 'ENOTEMPTY', 'ENOTDIR'].includes(reasonOf(error))) throw storeFailed(root, error);
    if (await isWhole()) return false;
    await setAside(target, aside);
    await rename(fresh, target).catch((cause: unknown) => {
      throw storeFailed(root, cause);
    });
  }
  await chmod(target, 0o500);
  await syncFolder(root);
  return true;
}

/** Moves an artifact out of the store. */
export async function setAside(target: string, aside: string): Promise<void> {
  // A folder that moves to another one is written: its entry for the parent changes.
  await chmod(target, 0o700);
  await rename(target, aside);
}

/** What a store cannot do. */
export function storeFailed(root: string, cause: unknown): Error {
  return bundleError('BUNDLE_STORE_FAILED', `store "${root}"`, `cannot be written (${reasonOf(cause)})`, cause);
}

/** A folder comes before what is in it. */
function foldersOf(files: readonly BundledFile[]): readonly string[] {
  const folders = new Set<string>();
  for (const { path } of files) {
    const names = path.split('/');
    for (let depth = 1; depth < names.length; depth += 1) folders.add(names.slice(0, depth).join('/'));
  }
  return [...folders].sort();
}

async function writeRecord(target: string, record: BundleRecord): Promise<void> {
  await writeFileOnce(join(target, RECORD_FILE), textChunks(recordText(record)), 0o400);
}

async function* textChunks(text: string): AsyncGenerator<Buffer, void> {
  yield Buffer.from(text);
}

async function writeFileOnce(path: string, chunks: AsyncIterable<Buffer>, mode: number, flags = 'wx'): Promise<void> {
  const handle = await open(path, flags, mode);
  try {
    for await (const chunk of chunks) await handle.writeFile(chunk);
    // Whatever the umask says.
    await handle.chmod(mode);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function syncFolder(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
