// Finds the plugins below directories.
//
// Invariants:
//   D1. The first directory in which a name is found wins; within one, the order is that of the folders' names.
//   D2. What cannot be used is reported and skipped; it never hides another plugin and never stops the search.

import { readdir, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { RuntimeError } from '../../errors/index.ts';
import type { Code } from '../../errors/index.ts';
import type { ManifestProblem } from './manifest-source.ts';
import { readManifest } from './read-manifest.ts';
import type { LoadedManifest } from './read-manifest.ts';

/** Something that is no usable plugin. */
export interface SkippedPlugin {
  /** Path of the folder or the manifest. */
  readonly path: string;
  readonly code: Code;
  /** Everything that is wrong. */
  readonly errors: readonly ManifestProblem[];
}

/** What a search found. */
export interface Discovery {
  readonly plugins: readonly LoadedManifest[];
  readonly skipped: readonly SkippedPlugin[];
}

/** Where to search. */
export interface DiscoveryOptions {
  /** Directories whose folders are plugins, the strongest first. */
  readonly directories?: readonly string[];
  /** Manifests, or folders with one; they win over all directories. */
  readonly manifests?: readonly string[];
}

/** Folders looked at in one directory; the rest is reported as one that is skipped. */
export const MOST_FOLDERS = 1000;

/** Searches. Never rejects. */
export async function discoverPlugins({ directories = [], manifests = [] }: DiscoveryOptions): Promise<Discovery> {
  const found = new Map<string, LoadedManifest>();
  const skipped: SkippedPlugin[] = [];
  const take = async (path: string): Promise<void> => {
    try {
      const loaded = await readManifest(path);
      const { name } = loaded.manifest;
      const first = found.get(name);
      if (first === undefined) found.set(name, loaded);
      // Named twice it is the same plugin, not a second one.
      else if (first.file !== loaded.file) {
        throw new RuntimeError('NAME_TAKEN', `plugin "${name}" is at ${first.directory} already`);
      }
    } catch (error) {
      skipped.push(skippedAt(path, error));
    }
  };
  // One after the other: the order decides who wins.
  for (const path of manifests) await take(resolve(path));
  for (const directory of directories) {
    for (const path of await foldersOf(resolve(directory), skipped)) await take(path);
  }
  return { plugins: [...found.values()], skipped };
}

async function foldersOf(directory: string, skipped: SkippedPlugin[]): Promise<readonly string[]> {
  try {
    const names = (await readdir(directory)).filter((name) => !name.startsWith('.')).sort();
    if (names.length > MOST_FOLDERS) {
      const text = `has ${names.length} entries; those after the first ${MOST_FOLDERS} are not looked at`;
      skipped.push(skippedAt(directory, new RuntimeError('MANIFEST_NOT_FOUND', text)));
    }
    const paths = names.slice(0, MOST_FOLDERS).map((name) => join(directory, name));
    const areFolders = await Promise.all(paths.map(isFolder));
    // D2: a link that leads nowhere was meant to be a plugin.
    for (const [index, error] of areFolders.entries()) {
      if (typeof error !== 'boolean') skipped.push(skippedAt(paths[index] ?? directory, error));
    }
    return paths.filter((_, index) => areFolders[index] === true);
  } catch (cause) {
    skipped.push(skippedAt(directory, new RuntimeError('MANIFEST_NOT_FOUND', 'is no readable directory', { cause })));
    return [];
  }
}

/** Whether it is one, or why nobody can tell. */
async function isFolder(path: string): Promise<boolean | RuntimeError> {
  try {
    return (await stat(path)).isDirectory();
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown';
    return new RuntimeError('MANIFEST_NOT_FOUND', `cannot be looked at (${code})`, { cause });
  }
}

function skippedAt(path: string, reason: unknown): SkippedPlugin {
  const { code, rawMessage, details } = RuntimeError.from(reason);
  const { errors = [{ path: '', message: rawMessage, line: undefined, column: undefined }] } = details;
  return { path, code, errors: errors as readonly ManifestProblem[] };
}
