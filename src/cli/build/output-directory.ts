// Where a build goes.
//
// Invariants:
//   O1. Nothing is replaced but a former build, and only when it holds nothing that no build made.
//   O2. The directory holds a former build, or the new one, and nothing in between, unless the process is killed just
//       between two renames; then the former build stands beside it.
//   O3. A build that fails leaves nothing behind, parent directories included.

import { randomBytes } from 'node:crypto';
import { mkdir, readdir, rename, rm, rmdir } from 'node:fs/promises';
import { basename, dirname, join, relative, sep } from 'node:path';
import { RuntimeError } from '../../errors/index.ts';
import { BUILD_RECORD_FILE, makeFolders, readBuildRecord } from '../../transport/process/index.ts';

/** A place to build in. Whoever opens it publishes or discards it. */
export interface OutputSite {
  /** Absolute path of an empty directory beside the output directory. */
  readonly workplace: string;
  /** Moves what is in the workplace to the output directory. */
  publish(): Promise<void>;
  /** Removes the workplace; after `publish` it does nothing. */
  discard(): Promise<void>;
}

/** Opens a place for an output directory, an absolute path. Rejects with BUILD_OUTPUT_REFUSED. */
export async function openOutput(directory: string): Promise<OutputSite> {
  const isThere = await checkOutput(directory);
  const parent = dirname(directory);
  const mark = randomBytes(4).toString('hex');
  const workplace = join(parent, `.${basename(directory)}-${mark}`);
  let made: string | undefined;
  try {
    made = await makeFolders(parent);
    await mkdir(workplace);
  } catch (error) {
    throw refused(directory, 'cannot be made', error);
  }
  let isOpen = true;
  return {
    workplace,
    async publish() {
      if (isThere) await replace(workplace, directory, `${workplace}-old`);
      else await rename(workplace, directory);
      isOpen = false;
    },
    async discard() {
      if (!isOpen) return;
      isOpen = false;
      await rm(workplace, { recursive: true, force: true });
      if (made !== undefined) await removeEmpty(parent, made);
    },
  };
}

/** Whether there is a directory to be replaced. */
async function checkOutput(directory: string): Promise<boolean> {
  let names: readonly string[];
  try {
    names = await listFiles(directory);
  } catch (error) {
    if (reasonOf(error) === 'ENOENT') return false;
    throw refused(directory, 'cannot be used', error);
  }
  if (names.length === 0) return true;
  const record = await readBuildRecord(directory);
  if (record === undefined) throw refused(directory, 'is not empty and holds no former build');
  const built = new Set([BUILD_RECORD_FILE, ...record.files.map(({ path }) => path)]);
  const foreign = names.find((name) => !built.has(name));
  if (foreign !== undefined) throw refused(directory, `holds "${foreign}", which no build made`);
  return true;
}

async function listFiles(directory: string): Promise<readonly string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  return entries
    .filter((each) => !each.isDirectory())
    .map((each) => relative(directory, join(each.parentPath, each.name)).replaceAll(sep, '/'));
}

async function replace(fresh: string, directory: string, aside: string): Promise<void> {
  await rename(directory, aside);
  try {
    await rename(fresh, directory);
  } catch (error) {
    await rename(aside, directory);
    throw error;
  }
  await rm(aside, { recursive: true, force: true });
}

/** From `from` up to `to`, as far as they are empty. */
async function removeEmpty(from: string, to: string): Promise<void> {
  for (let path = from; path.length >= to.length; path = dirname(path)) {
    try {
      await rmdir(path);
    } catch {
      // Somebody else has put something there meanwhile.
      return;
    }
  }
}

/** The error for a directory that cannot be used; the cause's own code is added to the text. */
export function refused(directory: string, problem: string, cause?: unknown): RuntimeError {
  const reason = cause === undefined ? '' : ` (${reasonOf(cause)})`;
  return new RuntimeError('BUILD_OUTPUT_REFUSED', `output directory "${directory}" ${problem}${reason}`, { cause });
}

function reasonOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}
