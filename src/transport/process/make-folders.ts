import { mkdir, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';

/**
 * Makes a directory and those above it that are missing. Returns the topmost that it made; undefined when all were there.
 * Rejects as `mkdir` does.
 *
 * In place of the `recursive` option of Node.js, which tries for ever, at full speed and beyond any signal, where the
 * operating system says that a directory to be made does not exist: below `/proc`, for one.
 */
export async function makeFolders(path: string, mode = 0o777): Promise<string | undefined> {
  const missing: string[] = [];
  for (let at = resolve(path); await isMissing(at); at = dirname(at)) missing.push(at);
  for (const folder of missing.toReversed()) {
    try {
      await mkdir(folder, { mode });
    } catch (error) {
      // Somebody else was quicker; if that is no directory, the next step says so.
      if (!hasCode(error, 'EEXIST')) throw error;
    }
  }
  return missing.at(-1);
}

async function isMissing(path: string): Promise<boolean> {
  try {
    await stat(path);
    return false;
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return true;
    throw error;
  }
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
