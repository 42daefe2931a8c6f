// `npm run build`: what the package ships. TypeScript writes the declarations, esbuild writes the code.
//
// Invariants:
//   B1. Every source file is in the output once: what two doors share lies in a chunk that both load, so that classes,
//       brands and tables of modules are the same ones whichever door they come through.
//   B2. Dependencies stay outside: whoever installs the package decides about their fixes.
//   B3. Names stay as they are, and source maps lead back to the sources.
// A plugin that loads the SDK as 80 small files starts a quarter slower; the command line is bundled along for B1.

import { build } from 'esbuild';
import type { Plugin } from 'esbuild';
import { readdirSync, rmSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { join, relative, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import packageJson from '../package.json' with { type: 'json' };
import { ROOT, run } from './run.ts';

/** Files that have to lie where they do: two are started by their path, the other finds `package.json` by it. */
const PLACED = ['src/cli/main.ts', 'src/cli/program.ts', 'src/stores/sqlite/sqlite-worker.ts'];
const DEMO_PLUGINS = 'src/cli/demo/plugins';
/** What a plugin loads before its first answer. */
const START_PATH = /\/src\/(sdk|transport|ports)\//;
const BUILTIN = 'builtin';

/** Builds into a folder, which is emptied first. */
async function main(outputFolder: string): Promise<void> {
  rmSync(outputFolder, { recursive: true, force: true });
  const { code, output } = await run('tsc', ['-p', 'tsconfig.build.json', '--outDir', outputFolder]);
  if (code !== 0) throw new Error(`the declarations cannot be written:\n${output}`);
  await build({
    absWorkingDir: ROOT,
    entryPoints: entryPoints(),
    outdir: outputFolder,
    outbase: 'src',
    chunkNames: 'shared/[hash]',
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node22',
    packages: 'external',
    sourcemap: 'linked',
    sourcesContent: true,
    logLevel: 'warning',
    plugins: [quickBuiltins()],
  });
}

function entryPoints(): string[] {
  const doors = Object.values(packageJson.exports).flatMap((door) => (typeof door === 'string' ? [] : [door.source]));
  const plugins = readdirSync(join(ROOT, DEMO_PLUGINS)).map((name) => `${DEMO_PLUGINS}/${name}`);
  return [...doors, ...PLACED, ...plugins].map((file) => relative('.', file));
}

/**
 * Has the start path take Node's own modules as `require` would give them. An `import` of one makes Node read every
 * property of it, also those that load more: for `node:crypto`, `node:fs`, `node:net` and others some 2 ms at each start.
 */
function quickBuiltins(): Plugin {
  return {
    name: BUILTIN,
    setup(built) {
      built.onResolve({ filter: /^node:/ }, ({ path, importer, kind }) => {
        if (kind !== 'import-statement' || !START_PATH.test(importer)) return undefined;
        return { path, namespace: BUILTIN, sideEffects: false };
      });
      built.onLoad({ filter: /.*/, namespace: BUILTIN }, ({ path }) => ({ contents: facadeOf(path) }));
    },
  };
}

/** A module whose exports cost nothing but what is used: the rest is shaken off, because none has an effect. */
function facadeOf(path: string): string {
  const name = path.slice('node:'.length);
  if (!builtinModules.includes(name)) throw new Error(`"${path}" is no module of Node.js`);
  const own = Object.keys(process.getBuiltinModule(path) as object).filter((key) => /^[a-z_$][\w$]*$/i.test(key));
  const lines = own
    .filter((key) => key !== 'default')
    .map((key) => `export const ${key} = /* @__PURE__ */ (() => builtin.${key})();`);
  return [`const builtin = /* @__PURE__ */ process.getBuiltinModule('${path}');`, ...lines].join('\n');
}

const { values } = parseArgs({ options: { out: { type: 'string', default: join(ROOT, 'dist') } } });
await main(resolve(values.out));
