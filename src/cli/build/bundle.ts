// A plugin and everything that it imports as one file.
//
// Invariants:
//   D1. The same sources give the same bytes, wherever and whenever they are bundled with the same esbuild.
//   D2. Identifiers keep their names: without whitespace and with shorter syntax a start is quicker, with short names it
//       is 4 ms slower, and stack traces mean nothing.
//   D3. The output holds no `import` and `export`: it becomes the body of an asynchronous function, which is how `await` at
//       the top level works in a file that is not a module. esbuild refuses it in CommonJS; a file that is a module was
//       measured to start no quicker, and cannot be run as a script with its compiled code.

import { readFile } from 'node:fs/promises';
import { isBuiltin } from 'node:module';
import { dirname, extname, relative, resolve } from 'node:path';
import type { BuildFailure, BuildOptions, Loader, Message, OnLoadResult, Plugin } from 'esbuild';
import { RuntimeError } from '../../errors/index.ts';
import { BUNDLE_FRAME } from './entry-file.ts';

type Esbuild = typeof import('esbuild');

/** What is bundled. Paths are absolute. */
export interface BundleOptions {
  readonly entry: string;
  /** Where the bundle will be; it is not written. */
  readonly outFile: string;
  /** Packages that are loaded at run time instead, from beside the bundle. */
  readonly external: readonly string[];
  /** Conditions for `exports` of packages, besides those of Node.js. */
  readonly conditions: readonly string[];
  readonly sourceMap: boolean;
}

/** A bundle in memory. */
export interface Bundle {
  /** Absolute paths, sorted. The bundle itself is among them. */
  readonly files: readonly { readonly path: string; readonly contents: Uint8Array }[];
  /** One line each, with file and line where there is one. */
  readonly warnings: readonly string[];
}

const ENTRY_NAME = 'troupe:entry';
const REQUIRED = 'troupe-required';
const LOADERS: Readonly<Record<string, Loader>> = {
  '.ts': 'ts',
  '.mts': 'ts',
  '.cts': 'ts',
  '.tsx': 'tsx',
  '.jsx': 'jsx',
};

/**
 * Bundles. Rejects with BUILD_TOOL_MISSING without esbuild, and with BUILD_SOURCE_INVALID, which lists all problems in
 * `details.problems`.
 */
export async function bundle(options: BundleOptions): Promise<Bundle> {
  const esbuild = await loadEsbuild();
  const folder = dirname(options.entry);
  try {
    const { outputFiles, warnings } = await esbuild.build(settings(options, folder, esbuild));
    return {
      files: outputFiles.map(({ path, contents }) => ({ path, contents })).sort((a, b) => (a.path < b.path ? -1 : 1)),
      warnings: warnings.map((warning) => problemText(warning, folder)),
    };
  } catch (error) {
    if (!isBuildFailure(error)) throw toolMissing(error);
    const problems = error.errors.map((each) => problemText(each, folder));
    const count = problems.length === 1 ? '1 problem' : `${problems.length} problems`;
    const shown = relative('.', options.entry);
    throw new RuntimeError('BUILD_SOURCE_INVALID', `"${shown}" cannot be bundled: ${count}`, { details: { problems } });
  } finally {
    await esbuild.stop();
  }
}

/** Loaded by this command alone: hosts and plugins need no esbuild. */
async function loadEsbuild(): Promise<Esbuild> {
  try {
    return await import('esbuild');
  } catch (cause) {
    throw toolMissing(cause);
  }
}

function toolMissing(cause: unknown): RuntimeError {
  const text = 'esbuild is not installed or does not run here; try: npm install --save-dev esbuild';
  return new RuntimeError('BUILD_TOOL_MISSING', text, { cause });
}

function settings(options: BundleOptions, folder: string, esbuild: Esbuild): BuildOptions & { write: false } {
  return {
    stdin: { contents: `import '${ENTRY_NAME}'`, resolveDir: folder, sourcefile: ENTRY_NAME },
    // D1: names of files get into the output, relative to this.
    absWorkingDir: folder,
    outfile: options.outFile,
    bundle: true,
    write: false,
    platform: 'node',
    format: 'esm',
    target: 'node22',
    conditions: [...options.conditions],
    mainFields: ['module', 'main'],
    minifyWhitespace: true,
    minifySyntax: true,
    legalComments: 'external',
    sourcemap: options.sourceMap ? 'linked' : false,
    loader: { '.node': 'copy' },
    define: { 'import.meta': '__importMeta' },
    banner: { js: BUNDLE_FRAME.before },
    footer: { js: BUNDLE_FRAME.after },
    logLevel: 'silent',
    plugins: [required(options.external), entry(options.entry, esbuild)],
  };
}

/** D3. What is not in the bundle is required, also where the source imports it. */
function required(external: readonly string[]): Plugin {
  const isOutside = (name: string): boolean =>
    isBuiltin(name) || external.some((each) => name === each || name.startsWith(`${each}/`));
  return {
    name: REQUIRED,
    setup(build) {
      build.onResolve({ filter: /.*/ }, ({ path, kind }) => {
        if (!isOutside(path)) return undefined;
        // `import()` in a script has Node.js warn that this is experimental.
        const isRequired = kind === 'import-statement' || (kind === 'dynamic-import' && isBuiltin(path));
        return isRequired ? { path, namespace: REQUIRED } : { path, external: true };
      });
      build.onLoad({ filter: /.*/, namespace: REQUIRED }, ({ path }) => ({
        contents: `module.exports = require(${JSON.stringify(path)})`,
      }));
    },
  };
}

/** The entry is the main module of its program, and is run whatever its package says about side effects. */
function entry(file: string, esbuild: Esbuild): Plugin {
  return {
    name: ENTRY_NAME,
    setup(build) {
      build.onResolve({ filter: new RegExp(`^${ENTRY_NAME}$`) }, () => ({ path: file, sideEffects: true }));
      build.onLoad({ filter: /.*/ }, async ({ path }) => {
        if (path !== file) return undefined;
        const contents = await readFile(file, 'utf8');
        return /\b(import\.meta|require)\.main\b/.test(contents) ? asMain(contents, file, esbuild) : undefined;
      });
    },
  };
}

/** Any other module is told that it is not the main one. */
async function asMain(contents: string, file: string, esbuild: Esbuild): Promise<OnLoadResult> {
  try {
    const { code } = await esbuild.transform(contents, {
      loader: LOADERS[extname(file)] ?? 'js',
      define: { 'import.meta.main': 'true', 'require.main': 'module' },
      sourcemap: 'inline',
      sourcefile: file,
      logLevel: 'silent',
    });
    return { contents: code, loader: 'js' };
  } catch (error) {
    if (isBuildFailure(error)) return { errors: error.errors };
    throw error;
  }
}

/** `src/plugin.ts:3:14  Expected ";" but found "x"`, the file relative to the working directory. */
function problemText({ text, location }: Message, folder: string): string {
  if (location === null) return text;
  return `${relative('.', resolve(folder, location.file))}:${location.line}:${location.column + 1}  ${text}`;
}

function isBuildFailure(error: unknown): error is BuildFailure {
  return error instanceof Error && 'errors' in error && Array.isArray(error.errors);
}
