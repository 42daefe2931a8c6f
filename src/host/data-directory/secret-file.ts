import { randomBytes } from 'node:crypto';
import { link, open, rm } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { RuntimeError } from '../../errors/index.ts';

/** What a secret looks like in its file: 64 hexadecimal digits. */
const FORM = /^[0-9a-f]{64}\n?$/;
const BYTES = 32;

/**
 * The secret in a file: 64 hexadecimal digits. A new one is made, with mode 0600, when there is no file; of several
 * processes that make it at once all get the same.
 *
 * @throws SECRET_FILE_INVALID when others can read it, or it holds something else
 */
export async function readOrMakeSecret(path: string): Promise<string> {
  const present = await readSecret(path);
  if (present !== undefined) return present;
  const draft = `${path}.${randomBytes(6).toString('hex')}`;
  try {
    const file = await open(draft, 'wx', 0o600);
    await writeAndClose(file, `${randomBytes(BYTES).toString('hex')}\n`);
    // A link appears complete or not at all, and never takes the place of another file.
    await link(draft, path).catch(ignoreExisting);
  } catch (cause) {
    throw new RuntimeError('SECRET_FILE_INVALID', `${path} cannot be written: ${reasonOf(cause)}`, { cause });
  } finally {
    await rm(draft, { force: true });
  }
  const made = await readSecret(path);
  if (made === undefined) throw new RuntimeError('SECRET_FILE_INVALID', `${path} is gone again`);
  return made;
}

/**
 * The secret in a file; undefined when there is no file.
 *
 * @throws SECRET_FILE_INVALID
 */
export async function readSecret(path: string): Promise<string | undefined> {
  const file = await open(path, 'r').catch((cause: unknown) => {
    if (reasonOf(cause) === 'ENOENT') return undefined;
    throw new RuntimeError('SECRET_FILE_INVALID', `${path} cannot be read: ${reasonOf(cause)}`, { cause });
  });
  if (file === undefined) return undefined;
  try {
    const stats = await file.stat();
    const own = process.geteuid?.();
    if (own !== undefined && stats.uid !== own) throw invalid(path, `belongs to user ${stats.uid}, and this is ${own}`);
    if ((stats.mode & 0o077) !== 0) throw invalid(path, `can be read by other users: chmod 600 ${path}`);
    if (!stats.isFile() || stats.size > 2 * BYTES + 1) throw invalid(path, 'does not hold 64 hexadecimal digits');
    const text = await file.readFile('utf8');
    if (!FORM.test(text)) throw invalid(path, 'does not hold 64 hexadecimal digits');
    return text.trim();
  } finally {
    await file.close();
  }
}

async function writeAndClose(file: FileHandle, text: string): Promise<void> {
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
}

function ignoreExisting(error: unknown): void {
  if (reasonOf(error) !== 'EEXIST') throw error;
}

function invalid(path: string, problem: string): RuntimeError {
  return new RuntimeError('SECRET_FILE_INVALID', `${path} ${problem}`);
}

function reasonOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}
