import { mkdir, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, extname, join, relative, resolve, sep } from 'node:path';
import { RuntimeError } from '../../errors/index.ts';
import { BUILD_RECORD_FILE, hashTree } from '../../transport/process/index.ts';
import type { BuildRecord } from '../../transport/process/index.ts';
import { bundle } from './bundle.ts';
import { BUNDLE_FILE, CACHE_FOLDER, ENTRY_FILE, ENTRY_TEXT } from './entry-file.ts';
import { openOutput, refused } from './output-directory.ts';
import { tryPlugin } from './trial.ts';
import type { TrialOptions } from './trial.ts';

/** What is built, and how. */
export interface PluginBuildOptions extends TrialOptions {
  /** The plugin's main file, in TypeScript or JavaScript. */
  readonly entry: string;
  /** Where the output goes. Default: `build/` and the name of the entry without its extension. */
  readonly out?: string | undefined;
  /** Packages that are not bundled. They must be found from the output directory, and are not part of its checksum. */
  readonly external?: readonly string[];
  /** Conditions for `exports` of packages, besides those of Node.js. */
  readonly conditions?: readonly string[];
  /** Writes a source map beside the bundle; `node --enable-source-maps` uses it. Default false. */
  readonly sourceMap?: boolean;
  /** Starts the plugin once, which fills its code cache. Default true. */
  readonly start?: boolean;
}

/** What was built. */
export interface PluginBuild {
  /** Absolute path of the output directory. */
  readonly directory: string;
  /** As it stands in `build.json`. */
  readonly record: BuildRecord;
  /** Whether the output holds compiled code for the running Node.js. */
  readonly hasCache: boolean;
  /** One line each. */
  readonly warnings: readonly string[];
}

/**
 * Builds a plugin: one file with everything that it imports, a small file to start it with, its compiled code, and
 * `build.json`. The same sources give the same files, but for the compiled code.
 *
 * Rejects with BUILD_ENTRY_NOT_FOUND, BUILD_SOURCE_INVALID, BUILD_TOOL_MISSING, BUILD_OUTPUT_REFUSED, BUILD_TRIAL_FAILED,
 * BUILD_CACHE_MISSING or CANCELLED; nothing is then left behind, and a former build stays as it is. A build that was
 * started has a cache.
 */
export async function buildPlugin(options: PluginBuildOptions): Promise<PluginBuild> {
  const { external = [], conditions = [], sourceMap = false, start = true } = options;
  const entry = resolve(options.entry);
  await requireFile(entry, options.entry);
  const directory = resolve(options.out ?? join('build', basename(entry, extname(entry))));
  const output = await openOutput(directory);
  try {
    const { workplace } = output;
    const outFile = join(workplace, BUNDLE_FILE);
    const { files, warnings } = await bundle({ entry, outFile, external, conditions, sourceMap });
    for (const { path, contents } of files) {
      // Parts of packages may have folders of their own.
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, contents);
    }
    await writeFile(join(workplace, ENTRY_FILE), ENTRY_TEXT);
    if (start) await tryPlugin(workplace, options);
    const record = await describe(workplace);
    await writeFile(join(workplace, BUILD_RECORD_FILE), `${JSON.stringify(record, undefined, 2)}\n`);
    await output.publish();
    const hasCache = record.files.some(({ path }) => path.startsWith(`${CACHE_FOLDER}/`));
    return { directory, record, hasCache, warnings };
  } catch (error) {
    // A full disk, for one. What is ours to say has a code of its own already.
    throw error instanceof RuntimeError ? error : refused(directory, 'cannot be written', error);
  } finally {
    await output.discard();
  }
}

async function requireFile(entry: string, given: string): Promise<void> {
  const stats = await stat(entry).catch(() => undefined);
  if (stats?.isFile() === true) return;
  const shown = relative('.', entry).startsWith(`..${sep}`) ? entry : given;
  const problem = stats === undefined ? 'does not exist' : 'is not a file';
  throw new RuntimeError('BUILD_ENTRY_NOT_FOUND', `entry "${shown}" ${problem}`, { details: { entry } });
}

async function describe(directory: string): Promise<BuildRecord> {
  const { sha256, entries } = await hashTree(directory);
  return {
    format: 1,
    entry: ENTRY_FILE,
    node: process.versions.node,
    files: entries.map((each) => ({ path: each.path, bytes: each.bytes, sha256: each.sha256 })),
    sha256,
  };
}
