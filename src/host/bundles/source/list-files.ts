// The files of a directory that belong to a plugin.

import { isUtf8 } from 'node:buffer';
import type { Dirent } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { bundleError, entryRefused, reasonOf } from '../bundle-error.ts';
import type { ResolvedBundleLimits } from '../bundle-limits.ts';
import { createNameGuard, isLeftOut } from '../zip/entry-name.ts';

/**
 * The paths of all files, with `/` between names, but for those that are never part of a bundle (with `everything`: all).
 *
 * Rejects with BUNDLE_NOT_FOUND when it cannot be read, with BUNDLE_ENTRY_REFUSED for what is neither file nor directory
 * and for names that no bundle may have, with BUNDLE_LIMIT_EXCEEDED for too many or too deep ones.
 */
export async function listFiles(
  label: string,
  root: string,
  limits: ResolvedBundleLimits,
  everything = false,
): Promise<readonly string[]> {
  const names = createNameGuard(label, limits);
  const files: string[] = [];
  const waiting = [''];
  for (let folder = waiting.pop(); folder !== undefined; folder = waiting.pop()) {
    const entries = await entriesOf(label, join(root, folder));
    if (!everything && folder !== '' && isHostData(entries)) continue;
    for (const entry of entries) {
      // Names as bytes, so that one that is no text is refused and not silently changed.
      const path = folder === '' ? entry.name.toString() : `${folder}/${entry.name.toString()}`;
      if (!everything && isLeftOut(path)) continue;
      if (!isUtf8(entry.name)) throw entryRefused(label, path, 'has a name that is not UTF-8');
      if (entry.isDirectory()) {
        names.directory(path);
        waiting.push(path);
      } else if (entry.isFile()) {
        names.file(path);
        files.push(path);
      } else {
        throw entryRefused(label, path, entry.isSymbolicLink() ? 'is a link' : 'is neither a file nor a directory');
      }
    }
  }
  return files.sort();
}

/** The data directory of a host has its keys and its database in it, which are nobody else's business. */
function isHostData(entries: readonly Dirent<Buffer>[]): boolean {
  const names = new Set(entries.map(({ name }) => name.toString()));
  return names.has('host.lock') && names.has('troupe.db');
}

async function entriesOf(label: string, path: string): Promise<readonly Dirent<Buffer>[]> {
  try {
    return await readdir(path, { withFileTypes: true, encoding: 'buffer' });
  } catch (error) {
    throw bundleError('BUNDLE_NOT_FOUND', label, `cannot be read (${reasonOf(error)})`, error);
  }
}
