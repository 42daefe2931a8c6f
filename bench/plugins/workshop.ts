// The plugins of the benchmarks as plain JavaScript, beside a freshly built package: what a user of the package runs.
//
// Invariants:
//   W1. What stands in a workshop is made of the sources it is named after (by a hash), so it is never stale; the `dist`
//       folder, which others build and remove, is neither read nor written.
//   W2. A workshop is complete or not there: it is moved to its place in one step.

import { execFile } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { writeFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

/** A folder with the built package and the plugins. */
export interface Workshop {
  readonly directory: string;
  /** A plugin on the SDK of the built package. */
  readonly troupePlugin: string;
  /** A plugin on bare grpc-js. */
  readonly rawPlugin: string;
}

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const CACHE = join(ROOT, 'node_modules', '.cache', 'troupe-bench');
const CONTRACT = 'test/gen/troupe/testing/v1/peer.ts';
const BUILDER = 'tools/build.ts';
const PLUGINS = ['bench/plugins/troupe-plugin.ts', 'bench/plugins/raw-plugin.ts'] as const;
const KEPT = 3;

const run = promisify(execFile);

/** Builds the workshop of the present sources unless it exists. Takes about 3 s. */
export async function openWorkshop(): Promise<Workshop> {
  const directory = join(CACHE, hashOfSources());
  if (!existsSync(directory)) await build(directory);
  const [troupePlugin, rawPlugin] = PLUGINS.map((file) => join(directory, asJavaScript(file)));
  return { directory, troupePlugin: troupePlugin ?? '', rawPlugin: rawPlugin ?? '' };
}

async function build(target: string): Promise<void> {
  const site = `${target}.${randomUUID()}`;
  try {
    mkdirSync(site, { recursive: true });
    // Under its own name the package finds itself from here, as it does in the repository.
    copyFileSync(join(ROOT, 'package.json'), join(site, 'package.json'));
    // As `npm run build` makes it: what is measured is what a user installs.
    const builder = [join(ROOT, BUILDER), '--out', join(site, 'dist')];
    await run(process.execPath, builder, { cwd: ROOT }).catch((error: { stderr?: string }) => {
      throw new Error(`the package cannot be built:\n${error.stderr ?? ''}`, { cause: error });
    });
    for (const file of [CONTRACT, ...PLUGINS]) strip(file, site);
    removeOldest();
    if (!existsSync(target)) renameSync(site, target);
  } finally {
    rmSync(site, { recursive: true, force: true });
  }
}

/** Only types are taken away: what runs is what stands in the file. */
function strip(file: string, site: string): void {
  const text = stripTypeScriptTypes(readFileSync(join(ROOT, file), 'utf8'));
  const target = join(site, asJavaScript(file));
  mkdirSync(dirname(target), { recursive: true });
  writeFileSync(target, text.replaceAll(/(from '\.[^']*)\.ts'/g, "$1.js'"));
}

function asJavaScript(file: string): string {
  return file.replace(/\.ts$/, '.js');
}

function hashOfSources(): string {
  const sources = readdirSync(join(ROOT, 'src'), { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)))
    .sort();
  const others = [CONTRACT, ...PLUGINS, 'bench/plugins/workshop.ts', BUILDER, 'package.json', 'tsconfig.build.json'];
  const hash = createHash('sha256').update(process.version);
  for (const file of [...sources, ...others]) hash.update(`${file}\n`).update(readFileSync(join(ROOT, file)));
  return hash.digest('hex').slice(0, 16);
}

function removeOldest(): void {
  const old = readdirSync(CACHE)
    .filter((name) => !name.includes('.'))
    .map((name) => ({ path: join(CACHE, name), modifiedAt: statSync(join(CACHE, name)).mtimeMs }))
    .sort((a, b) => b.modifiedAt - a.modifiedAt)
    .slice(KEPT);
  for (const { path } of old) rmSync(path, { recursive: true, force: true });
}
