import type { Stats } from 'node:fs';
import { access, constants, open, stat } from 'node:fs/promises';
import { delimiter, resolve } from 'node:path';
import { RuntimeError } from '../../errors/index.ts';

/** Where a command is looked for. */
export interface CommandScope {
  /** Absolute path that relative paths, also those in `path`, start from. */
  readonly cwd: string;
  /** `PATH` of the process to be started. Undefined: `/bin:/usr/bin`, as the C library has it. */
  readonly path: string | undefined;
}

type Finding = 'executable' | 'missing' | 'directory' | 'forbidden';

const DEFAULT_PATH = '/bin:/usr/bin';
const SHEBANG_BYTES = 256; // what the Linux kernel reads of a script

/**
 * Finds the file that `execvp` would execute, and says in words why there is none.
 *
 * Done before the start, because a program that starts another one hides the reason behind exit code 127. The file can
 * still change before it is executed; then the process ends with 126 or 127 and a line on its standard error.
 * Rejects with `COMMAND_NOT_FOUND` or `COMMAND_NOT_EXECUTABLE`.
 */
export async function resolveCommand(command: string, scope: CommandScope): Promise<string> {
  if (command === '') throw new RuntimeError('COMMAND_NOT_FOUND', 'command "" is empty');
  const file = command.includes('/') ? await asPath(command, scope) : await inPath(command, scope);
  await checkInterpreter(command, file, scope);
  return file;
}

async function asPath(command: string, { cwd }: CommandScope): Promise<string> {
  const file = resolve(cwd, command);
  const finding = await inspect(file);
  if (finding === 'executable') return file;
  if (finding !== 'missing') throw notExecutable(command, file, finding);
  const where = file === command ? '' : ` in "${cwd}"`;
  throw new RuntimeError('COMMAND_NOT_FOUND', `command "${command}" does not exist${where}`, {
    details: { command, file },
  });
}

async function inPath(command: string, { cwd, path = DEFAULT_PATH }: CommandScope): Promise<string> {
  let refusal: RuntimeError | undefined;
  for (const directory of path.split(delimiter)) {
    const file = resolve(cwd, directory, command); // an empty entry means the working directory
    const finding = await inspect(file);
    if (finding === 'executable') return file;
    // As in execvp, a later match wins over a refused one; the first refusal explains best why there was none.
    if (finding !== 'missing') refusal ??= notExecutable(command, file, finding);
  }
  const message = `command "${command}" was not found in PATH "${path}"`;
  throw refusal ?? new RuntimeError('COMMAND_NOT_FOUND', message, { details: { command, path } });
}

/** A script whose interpreter is missing fails with the same error number as a missing script. */
async function checkInterpreter(command: string, file: string, { cwd }: CommandScope): Promise<void> {
  const interpreter = await readShebang(file);
  if (interpreter === undefined) return;
  const finding = await inspect(resolve(cwd, interpreter));
  if (finding === 'executable') return;
  // Quoted by JSON, so that the carriage return of a Windows line end shows.
  const named = `interpreter ${JSON.stringify(interpreter)} of command "${command}"`;
  const details = { command, file, interpreter };
  if (finding === 'missing') throw new RuntimeError('COMMAND_NOT_FOUND', `${named} does not exist`, { details });
  throw new RuntimeError('COMMAND_NOT_EXECUTABLE', `${named} may not be executed`, { details });
}

async function readShebang(file: string): Promise<string | undefined> {
  // A file that may be executed but not read is fine: the kernel reads it.
  const handle = await open(file, 'r').catch(() => undefined);
  if (handle === undefined) return undefined;
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(SHEBANG_BYTES), 0, SHEBANG_BYTES, 0);
    const line = buffer.toString('latin1', 0, bytesRead).split('\n', 1)[0] ?? '';
    return /^#![ \t]*([^ \t]+)/.exec(line)?.[1];
  } finally {
    await handle.close();
  }
}

async function inspect(file: string): Promise<Finding> {
  let stats: Stats;
  // Together, since a start waits for them.
  const executing = access(file, constants.X_OK).then(
    () => 'executable' as const,
    () => 'forbidden' as const,
  );
  try {
    stats = await stat(file);
  } catch (error) {
    // EACCES: a directory on the way is closed to us. All else (ENOENT, ENOTDIR, ELOOP, …): no such file.
    return error instanceof Error && 'code' in error && error.code === 'EACCES' ? 'forbidden' : 'missing';
  }
  if (stats.isDirectory()) return 'directory';
  if (!stats.isFile()) return 'forbidden';
  return executing;
}

function notExecutable(command: string, file: string, finding: Finding): RuntimeError {
  const where = file === command ? `command "${command}"` : `command "${command}" ("${file}")`;
  const problem = finding === 'directory' ? 'is a directory' : 'may not be executed: it lacks execute permission';
  return new RuntimeError('COMMAND_NOT_EXECUTABLE', `${where} ${problem}`, { details: { command, file } });
}
