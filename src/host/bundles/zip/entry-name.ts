// Which names the entries of a bundle may have.
//
// Invariants:
//   N1. A name is a path below the directory of the bundle, on every operating system, and has one meaning only.
//   N2. No two names mean the same file, also where file systems know neither case nor the forms of Unicode.
//   N3. No name is both a file and a directory.
//   N4. The plugin's files and all directories that they stand in are counted, whether there is an entry for them or not.

import { entryRefused, limitExceeded, shownName } from '../bundle-error.ts';
import { MAX_NAME_BYTES } from '../bundle-limits.ts';
import type { ResolvedBundleLimits } from '../bundle-limits.ts';
import { isReserved } from '../record/reserved-names.ts';

/** What tools and desktops leave behind, wherever it is. */
const LEFT_OUT = new Set(['.git', '.hg', '.svn', '.DS_Store', 'Thumbs.db']);
/** Links to programs that packages bring: bundles hold no links, and no plugin is started by them. */
const PACKAGE_LINKS = /(?:^|\/)node_modules\/\.bin(?:\/|$)/;
/** At the top: bundles that were packed here. */
const BUNDLE = /^[^/]+\.troupe$/;

/** Whether a path is never part of a bundle. */
export function isLeftOut(path: string): boolean {
  return BUNDLE.test(path) || PACKAGE_LINKS.test(path) || path.split('/').some((name) => LEFT_OUT.has(name));
}

/** Looks at names one after the other. Throws BUNDLE_ENTRY_REFUSED, or BUNDLE_LIMIT_EXCEEDED. */
export interface NameGuard {
  /** A file. */
  file(name: string): void;
  /** A directory, without the slash at its end. */
  directory(name: string): void;
}

/** A guard for one bundle. */
export function createNameGuard(label: string, limits: ResolvedBundleLimits): NameGuard {
  // By what a file system may take them for: the name as it was first written, and what it is.
  const seen = new Map<string, { readonly name: string; readonly isFile: boolean }>();
  const allowed = limits.maxEntries;
  let count = 0;
  const note = (name: string, isFile: boolean): void => {
    const key = folded(name);
    const former = seen.get(key);
    if (former === undefined) {
      seen.set(key, { name, isFile });
      // N4. What a bundle needs for itself has limits of its own.
      if (!isReserved(name)) count += 1;
      if (count <= allowed) return;
      throw limitExceeded({ label, what: `has ${count} files and directories or more`, limit: 'maxEntries', allowed });
    }
    if (former.isFile !== isFile) throw entryRefused(label, name, 'is a file and a directory');
    if (former.name !== name) throw entryRefused(label, name, `may be the same as ${shownName(former.name)}`);
    if (isFile) throw entryRefused(label, name, 'is there twice');
  };
  const noteParents = (name: string): void => {
    for (let at = name.indexOf('/'); at >= 0; at = name.indexOf('/', at + 1)) note(name.slice(0, at), false);
  };
  const check = (name: string, isFile: boolean): void => {
    checkEntryName(label, name, limits);
    noteParents(name);
    note(name, isFile);
  };
  return { file: (name) => check(name, true), directory: (name) => check(name, false) };
}

/** N1. Throws BUNDLE_ENTRY_REFUSED, or BUNDLE_LIMIT_EXCEEDED. */
export function checkEntryName(label: string, name: string, limits: ResolvedBundleLimits): void {
  const problem = problemOf(name);
  if (problem !== undefined) throw entryRefused(label, name, problem);
  const bytes = Buffer.byteLength(name);
  if (bytes > limits.maxPathBytes) {
    const what = `is a path of ${bytes} bytes`;
    throw limitExceeded({ label, what, limit: 'maxPathBytes', allowed: limits.maxPathBytes, entry: name });
  }
  const names = name.split('/');
  if (names.length > limits.maxDepth) {
    const what = `is ${names.length} names deep`;
    throw limitExceeded({ label, what, limit: 'maxDepth', allowed: limits.maxDepth, entry: name });
  }
  if (names.some((each) => Buffer.byteLength(each) > MAX_NAME_BYTES)) {
    throw entryRefused(label, name, `has a name of more than ${MAX_NAME_BYTES} bytes`);
  }
}

// oxlint-disable-next-line no-control-regex
const CONTROL = /[\u0000-\u001f\u007f-\u009f]/;

function problemOf(name: string): string | undefined {
  if (name === '') return 'has no name';
  if (name.includes('\0')) return 'has a zero byte in its name';
  if (CONTROL.test(name)) return 'has a control character in its name';
  if (!name.isWellFormed()) return 'has a name that is not UTF-8';
  if (name.includes('\\')) return 'has a backslash in its name';
  if (name.startsWith('/')) return 'is an absolute path';
  const names = name.split('/');
  if (names.includes('..')) return 'leads out of the bundle';
  if (names.some((each) => each === '' || each === '.')) return 'has an empty name in its path';
  if (names.some((each) => /^[A-Za-z]:/.test(each))) return 'begins with the letter of a drive';
  // Windows drops them, so that the name would mean another file there.
  if (names.some((each) => /[. ]$/.test(each))) return 'has a name that ends with a dot or a space';
  return undefined;
}

/** N2. Upper case first: some letters have more than one lower-case form. */
function folded(name: string): string {
  return name.normalize('NFKC').toUpperCase().toLowerCase().normalize('NFKC');
}
