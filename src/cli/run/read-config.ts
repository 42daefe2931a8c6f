import { readFile, stat } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';
import { RuntimeError } from '../../errors/index.ts';
import type { LaunchOptions } from '../../host/index.ts';
import type { LogLevel } from '../../ports/index.ts';
import { configProblems } from './config-problems.ts';
import { configSchema } from './config-schema.ts';
import type { ConfigFile, PluginEntry } from './config-schema.ts';
import { parseYaml } from './yaml-file.ts';

/** What `troupe run` does. */
export interface RunConfig {
  /** Name of the file, for messages. */
  readonly file: string;
  /** At least one; names are all different. */
  readonly plugins: readonly (LaunchOptions & { readonly name: string })[];
  readonly logLevel: LogLevel;
  /** Milliseconds that the plugins have together when they are stopped. */
  readonly stopDeadlineMs: number;
}

/** Larger files are refused, so that a wrong path does not fill the memory. */
const MAX_FILE_BYTES = 1024 * 1024;
const STOP_DEADLINE_MS = 10_000;

/**
 * Reads a configuration file. Paths in it start from its own directory.
 *
 * Rejects with CONFIG_NOT_FOUND, CONFIG_SYNTAX or CONFIG_INVALID; the latter two list everything that is wrong in
 * `details.problems`.
 */
export async function readConfig(path: string): Promise<RunConfig> {
  const file = basename(path);
  const yaml = parseYaml(file, await readConfigText(path));
  const result = configSchema.safeParse(yaml.value);
  const problems = configProblems(yaml, result.error?.issues ?? []);
  if (!result.success || problems.length > 0) {
    const count = problems.length === 1 ? '1 problem' : `${problems.length} problems`;
    throw new RuntimeError('CONFIG_INVALID', `${path} has ${count}`, { details: { problems } });
  }
  return runConfig(file, dirname(resolve(path)), result.data);
}

/** The text of a configuration file. Rejects with CONFIG_NOT_FOUND, CONFIG_SYNTAX or CONFIG_INVALID. */
export async function readConfigText(path: string): Promise<string> {
  try {
    const stats = await stat(path);
    if (!stats.isFile() && !stats.isFIFO()) throw new RuntimeError('CONFIG_NOT_FOUND', `${path} is not a file`);
    if (stats.size > MAX_FILE_BYTES) {
      throw new RuntimeError('CONFIG_INVALID', `${path} has ${stats.size} bytes, more than ${MAX_FILE_BYTES}`);
    }
    return new TextDecoder('utf-8', { fatal: true }).decode(await readFile(path));
  } catch (cause) {
    if (cause instanceof RuntimeError) throw cause;
    if (cause instanceof TypeError) throw new RuntimeError('CONFIG_SYNTAX', `${path} is not text in UTF-8`, { cause });
    const missing = cause instanceof Error && 'code' in cause && cause.code === 'ENOENT';
    const problem = missing ? 'does not exist' : 'cannot be read';
    throw new RuntimeError('CONFIG_NOT_FOUND', `${path} ${problem}`, { cause });
  }
}

function runConfig(file: string, directory: string, config: ConfigFile): RunConfig {
  return {
    file,
    plugins: config.plugins.map((entry) => launchOptions(entry, directory)),
    logLevel: config.log?.level ?? 'warn',
    stopDeadlineMs: config.stopDeadlineMs ?? STOP_DEADLINE_MS,
  };
}

function launchOptions(entry: PluginEntry, directory: string): LaunchOptions & { readonly name: string } {
  const { command, cwd = '.', checksum, compileCache } = entry;
  return {
    ...entry,
    ...(checksum === undefined ? {} : { checksum: { ...checksum, directory: resolve(directory, checksum.directory) } }),
    ...(compileCache === undefined ? {} : { compileCache: compileCacheAt(compileCache, directory) }),
    // A bare name is looked up in PATH, as a shell does it.
    command: command.includes('/') ? resolve(directory, command) : command,
    cwd: resolve(directory, cwd),
  };
}

function compileCacheAt(given: string, directory: string): string {
  return given === 'auto' || given === 'off' ? given : resolve(directory, given);
}
