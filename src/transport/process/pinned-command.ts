// Moves the start of a program from a directory to the copy of it.
//
// Invariants:
//   Q1. What is started lies in the copy when it lay in the directory: as the command, an argument, `--option=path`, a file
//       URL, or a path relative to the working directory.
//   Q2. Everything else means after the move what it meant before.
// Paths count as they are written: no link is followed.

import { isAbsolute, join, relative, resolve, sep } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

/** What is to be started. */
export interface Invocation {
  readonly command: string;
  readonly args: readonly string[];
  /** Undefined: that of this process. */
  readonly cwd: string | undefined;
}

/** The same start from a copy; undefined when nothing of it lies in the directory. Both paths are absolute. */
export function moveInvocation(invocation: Invocation, directory: string, copy: string): Invocation | undefined {
  const base = resolve(invocation.cwd ?? '.');
  const isBaseMoved = isInside(base, directory);
  const move: Move = { directory, copy, base, isBaseMoved };
  const command = isPath(invocation.command) ? movedPath(invocation.command, move) : invocation.command;
  const args = invocation.args.map((arg) => movedArgument(arg, move));
  const isChanged = command !== invocation.command || args.some((arg, index) => arg !== invocation.args[index]);
  if (!isChanged && !isBaseMoved) return undefined;
  return { command, args, cwd: isBaseMoved ? swap(base, move) : invocation.cwd };
}

interface Move {
  readonly directory: string;
  readonly copy: string;
  /** Absolute path that relative ones start from, before the move. */
  readonly base: string;
  readonly isBaseMoved: boolean;
}

function movedArgument(arg: string, move: Move): string {
  const [, option = '', value = arg] = /^(-[^=]*=)(.*)$/s.exec(arg) ?? [];
  if (value.startsWith('file:')) return option + movedUrl(value, move);
  return isPath(value) ? option + movedPath(value, move) : arg;
}

function movedPath(path: string, move: Move): string {
  const absolute = resolve(move.base, path);
  const inside = isInside(absolute, move.directory);
  if (isAbsolute(path)) return inside ? swap(absolute, move) : path;
  // Relative paths move along with the working directory, unless they lead from the inside to the outside.
  if (inside) return move.isBaseMoved ? path : swap(absolute, move);
  return move.isBaseMoved && /^\.\.([/\\]|$)/.test(path) ? absolute : path;
}

function movedUrl(url: string, move: Move): string {
  try {
    const path = fileURLToPath(url);
    return isInside(path, move.directory) ? pathToFileURL(swap(path, move)).href : url;
  } catch {
    // Not the URL of a local file, whatever it is.
    return url;
  }
}

/** A word without a slash is a name, not a path. */
function isPath(text: string): boolean {
  return text.includes('/') || text.includes(sep);
}

function isInside(path: string, directory: string): boolean {
  return path === directory || path.startsWith(directory.endsWith(sep) ? directory : directory + sep);
}

function swap(path: string, { directory, copy }: Move): string {
  return join(copy, relative(directory, path));
}
