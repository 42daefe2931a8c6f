// One hash over all files of a directory, by which a plugin is pinned.
//
// Invariants:
//   T1. Two trees have the same hash when, and only when, they have the same paths, and under each path the same contents
//       and the same right to be executed, or a link with the same target. Times, owners, other permissions, empty
//       directories and the order of creation do not count.
//   T2. A tree is whole in itself: a link that leads out of it, or nowhere, is refused, and so is everything that is
//       neither file, directory nor link.
//   T3. Neither the number of files nor their bytes exceed their limits, whatever is in the directory.
//   T4. The record of a build describes a tree and is not part of it; a file of that name which is no record is.
//
// The hash is the SHA-256 over `KIND BYTES SHA256 PATH` and a zero byte for each entry, sorted by the bytes of the path;
// KIND is `file`, `executable` or `link`, and a link's contents are its target.

import { isUtf8 } from 'node:buffer';
import { createHash } from 'node:crypto';
import type { Dirent } from 'node:fs';
import { constants, open, readdir, readlink, realpath } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { isAbsolute, join, sep } from 'node:path';
import { RuntimeError } from '../../errors/index.ts';
import { requireAtLeast } from '../../policy/index.ts';
import { BUILD_RECORD_FILE, readBuildRecord } from './build-record.ts';

/** How large a tree may be. */
export interface TreeLimits {
  /** Files, links and directories together. Default 10,000. */
  readonly maxFiles?: number;
  /** Bytes of all files together. Default 1 GiB. */
  readonly maxBytes?: number;
}

/** A file or link of a tree. */
export interface TreeEntry {
  /** Below the directory, with `/` between names. */
  readonly path: string;
  readonly kind: 'file' | 'executable' | 'link';
  readonly bytes: number;
  /** Of the contents, in lower-case hexadecimal. */
  readonly sha256: string;
}

/** A tree and its hash. */
export interface HashedTree {
  /** In lower-case hexadecimal. */
  readonly sha256: string;
  /** Sorted by the bytes of the path. */
  readonly entries: readonly TreeEntry[];
}

const MAX_FILES = 10_000;
const MAX_BYTES = 1024 ** 3;
const CHUNK_BYTES = 256 * 1024;
const EXECUTABLE = 0o111;
// A pipe in place of a file would otherwise block the opening for ever.
const READ = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);

/**
 * Hashes all files of a directory.
 *
 * Rejects with CHECKSUM_INVALID for a tree that cannot be pinned (T2, T3) or not be read; throws `InvalidOptionsError`.
 * A tree that changes meanwhile has a hash that means nothing: whoever relies on it hashes a copy.
 */
export async function hashTree(directory: string, limits: TreeLimits = {}): Promise<HashedTree> {
  const { maxFiles = MAX_FILES, maxBytes = MAX_BYTES } = limits;
  requireAtLeast('maxFiles', maxFiles, 1);
  requireAtLeast('maxBytes', maxBytes, 0);
  try {
    const root = await realpath(directory);
    const paths = await listTree(root, maxFiles);
    const entries: TreeEntry[] = [];
    let bytes = 0;
    for (const { path, isLink } of paths) {
      const entry = isLink ? await hashLink(root, path) : await hashFile(root, path, maxBytes - bytes);
      bytes += entry.bytes;
      entries.push(entry);
    }
    return { sha256: hashOf(entries), entries };
  } catch (error) {
    if (error instanceof RuntimeError) throw error;
    const reason = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    throw new RuntimeError('CHECKSUM_INVALID', `directory "${directory}" cannot be read: ${reason}`, { cause: error });
  }
}

interface FoundPath {
  readonly path: string;
  readonly isLink: boolean;
}

async function listTree(root: string, maxFiles: number): Promise<readonly FoundPath[]> {
  const found: FoundPath[] = [];
  const waiting = [''];
  let seen = 0;
  for (let folder = waiting.pop(); folder !== undefined; folder = waiting.pop()) {
    // Names as bytes, so that one that is no text is refused and not silently changed.
    const names: Dirent<Buffer>[] = await readdir(join(root, folder), { withFileTypes: true, encoding: 'buffer' });
    seen += names.length;
    if (seen > maxFiles) throw unfit(root, `holds more than ${maxFiles} files`);
    for (const each of names) {
      if (!isUtf8(each.name)) throw unfit(root, `holds the name "${each.name.toString()}", which is not UTF-8`);
      const path = folder === '' ? each.name.toString() : `${folder}/${each.name.toString()}`;
      if (each.isDirectory()) waiting.push(path);
      else if (each.isFile() || each.isSymbolicLink()) found.push({ path, isLink: each.isSymbolicLink() });
      else throw unfit(root, `holds "${path}", which is neither file, directory nor link`);
    }
  }
  const hasRecord = found.some(isRecordFile) && (await readBuildRecord(root)) !== undefined;
  const counted = hasRecord ? found.filter((each) => !isRecordFile(each)) : found;
  return counted.sort((a, b) => Buffer.compare(Buffer.from(a.path), Buffer.from(b.path)));
}

/** T4. A link of that name is an ordinary link. */
function isRecordFile({ path, isLink }: FoundPath): boolean {
  return path === BUILD_RECORD_FILE && !isLink;
}

/** T2. Where it really leads decides: `a/../b` means something else when `a` is a link. */
async function hashLink(root: string, path: string): Promise<TreeEntry> {
  const target = await readlink(join(root, path));
  const shown = `holds the link "${path}" to "${target}", which`;
  // It would still lead to this tree, not to the copy that is made of it.
  if (isAbsolute(target)) throw unfit(root, `${shown} is an absolute path`);
  const real = await realpath(join(root, path)).catch((cause: unknown) => {
    throw unfit(root, `${shown} leads nowhere`, cause);
  });
  if (real !== root && !real.startsWith(root + sep)) throw unfit(root, `${shown} leads out of it`);
  const sha256 = createHash('sha256').update(target).digest('hex');
  return { path, kind: 'link', bytes: Buffer.byteLength(target), sha256 };
}

async function hashFile(root: string, path: string, limit: number): Promise<TreeEntry> {
  const handle = await openFile(join(root, path));
  try {
    const { mode } = await handle.stat();
    const hash = createHash('sha256');
    let bytes = 0;
    for await (const chunk of chunksOf(handle)) {
      bytes += chunk.length;
      if (bytes > limit) throw unfit(root, 'holds more bytes than its limit allows');
      hash.update(chunk);
    }
    const kind = (mode & EXECUTABLE) === 0 ? 'file' : 'executable';
    return { path, kind, bytes, sha256: hash.digest('hex') };
  } finally {
    await handle.close();
  }
}

/** Opens a regular file and nothing else, also when it was replaced since it was listed. The caller closes it. */
export async function openFile(path: string): Promise<FileHandle> {
  const handle = await open(path, READ);
  const stats = await handle.stat();
  if (stats.isFile()) return handle;
  await handle.close();
  throw new RuntimeError('CHECKSUM_INVALID', `"${path}" is no file any more`);
}

/** The contents from the start. A chunk is valid until the next one is asked for. */
export async function* chunksOf(handle: FileHandle): AsyncGenerator<Buffer, void> {
  const buffer = Buffer.allocUnsafe(CHUNK_BYTES);
  for (let position = 0; ; ) {
    const { bytesRead } = await handle.read(buffer, 0, CHUNK_BYTES, position);
    if (bytesRead === 0) return;
    position += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}

function hashOf(entries: readonly TreeEntry[]): string {
  const hash = createHash('sha256');
  for (const { kind, bytes, sha256, path } of entries) hash.update(`${kind} ${bytes} ${sha256} ${path}\0`);
  return hash.digest('hex');
}

function unfit(root: string, problem: string, cause?: unknown): RuntimeError {
  return new RuntimeError('CHECKSUM_INVALID', `directory "${root}" ${problem}`, cause === undefined ? {} : { cause });
}
