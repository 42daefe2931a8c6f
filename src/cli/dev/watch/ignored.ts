// What is not a source, decided in one place: for what is watched, for what a change means, and for what is packed.

import { existsSync } from 'node:fs';
import { dirname, isAbsolute, matchesGlob, relative, sep } from 'node:path';
import { dataDirectoryAt } from '../../../host/index.ts';

/** Directories that hold no sources, wherever they are. */
export const IGNORED_DIRECTORIES: ReadonlySet<string> = new Set([
  'build',
  'target',
  'node_modules',
  '.git',
  '.idea',
  '.vscode',
  'vendor',
  'dist',
  '__pycache__',
]);

/** Files that editors and systems leave for a moment or for themselves. */
const IGNORED_FILES: readonly RegExp[] = [
  /~$/,
  /^\.#/,
  /^#.*#$/,
  // vim: the swap files, and the file by which it tries whether a directory can be written.
  /\.sw[a-px]$/,
  /^4913$/,
  /\.tmp$/,
  // JetBrains.
  /___jb_(?:tmp|old)___$/,
  /^\.DS_Store$/,
];

/** What is ignored in one project. */
export interface IgnoreOptions {
  /** Absolute path. */
  readonly directory: string;
  /** Absolute paths of what the build writes. */
  readonly own?: readonly string[];
  /** Patterns from the directory, with `*` and `**`; when there are some, only what they match is a source. */
  readonly only?: readonly string[];
  /** Whether a host keeps its data in a directory. Default: whether its lock and its database are there. */
  readonly holdsHost?: (directory: string) => boolean;
}

/** Whether a path is no source. A directory that is ignored is ignored with all that it holds. */
export type IsIgnored = (path: string, kind?: 'file' | 'directory') => boolean;

/** The predicate for a project. Paths outside of its directory are ignored; the directory itself is not. */
export function ignoredIn({ directory, own = [], only = [], holdsHost = isDataDirectory }: IgnoreOptions): IsIgnored {
  return (path, kind) => {
    const inner = relative(directory, path);
    if (inner === '') return false;
    if (inner.startsWith('..') || isAbsolute(inner)) return true;
    const names = inner.split(sep);
    const last = names.at(-1) ?? '';
    // Nobody knows whether the last name is that of a directory when the path is gone: a file `build` is ignored, too.
    const folders = kind === 'file' ? names.slice(0, -1) : names;
    if (folders.some((name) => IGNORED_DIRECTORIES.has(name))) return true;
    if (IGNORED_FILES.some((form) => form.test(last))) return true;
    if (own.some((output) => path === output || path.startsWith(output + sep))) return true;
    // Its keys are nobody's sources, and each upload would change them: the loop would never rest.
    if (foldersFrom(directory, kind === 'file' ? dirname(path) : path).some(holdsHost)) return true;
    return kind === 'file' && only.length > 0 && !only.some((pattern) => matchesGlob(names.join('/'), pattern));
  };
}

function isDataDirectory(path: string): boolean {
  const { hostLock, database } = dataDirectoryAt(path);
  return existsSync(hostLock) && existsSync(database);
}

/** The folder, and those around it below the directory. */
function foldersFrom(directory: string, folder: string): readonly string[] {
  const folders: string[] = [];
  for (let each = folder; each.length > directory.length; each = dirname(each)) folders.push(each);
  return folders;
}
