// Installs what would be published into an empty project and uses it there, on the pinned Node.js and on the oldest
// one that is supported. Needs a build (`npm run build`) and the network.

import { cpSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import packageJson from '../package.json' with { type: 'json' };
import { ROOT, run, seconds } from './run.ts';
import type { RunResult } from './run.ts';

// The newest of the oldest line that `engines` allows. A package of npm, so that no second Node.js must be installed.
const OLDEST_NODE = { name: `node-linux-${process.arch}`, version: '22.23.3' };
const EXAMPLE = join(ROOT, 'examples', '01-embed');
// npm tells its scripts about themselves; a project that npm finds by those would not be the empty one.
const CLEAN = Object.fromEntries(
  Object.keys(process.env)
    .filter((name) => name.startsWith('npm_') || name === 'INIT_CWD' || name === 'NODE_OPTIONS')
    .map((name) => [name, undefined]),
);

async function main(): Promise<void> {
  if (!existsSync(join(ROOT, 'dist', 'index.js'))) throw new Error('there is no build; "npm run build" makes one');
  const project = mkdtempSync(join(tmpdir(), 'troupe-pack-'));
  try {
    await check('pack', run('npm', ['pack', '--ignore-scripts', '--silent', '--pack-destination', project]));
    await install(project);
    await check('types', checkTypes(project));
    await check('types in full', checkOwnTypes(project));
    for (const [name, node] of Object.entries({ pinned: process.execPath, oldest: oldestNode(project) })) {
      await use(project, name, node);
    }
  } finally {
    rmSync(project, { recursive: true, force: true });
  }
}

async function install(project: string): Promise<void> {
  writeFileSync(join(project, 'package.json'), JSON.stringify({ private: true, type: 'module' }));
  const tarball = readdirSync(project).find((name) => name.endsWith('.tgz')) ?? '';
  const node = `${OLDEST_NODE.name}@${OLDEST_NODE.version}`;
  await check(
    'install',
    run('npm', ['install', '--no-audit', '--no-fund', `./${tarball}`, node], { cwd: project, env: CLEAN }),
  );
}

/** Compiles a program that imports each door, as a user of the package would. */
function checkTypes(project: string): Promise<RunResult> {
  return compile(project, ['--skipLibCheck']);
}

/** Compiles it together with the package's declarations, whose errors `skipLibCheck` would turn into `any`. */
async function checkOwnTypes(project: string): Promise<RunResult> {
  const { code, output } = await compile(project, []);
  if (code === 0) return { code, output };
  const errors = output.split('\n').filter((line) => /\berror TS\d+/.test(line));
  const own = ownErrors(output);
  // A compiler that ends without a word about an error has broken.
  if (errors.length === 0) return { code, output };
  return { code: own.length === 0 ? 0 : code, output: own.join('\n') };
}

/** The errors in a compiler's output except those that stand in the types of other packages. */
export function ownErrors(output: string): string[] {
  return output.split('\n').filter((line) => {
    if (!/\berror TS\d+/.test(line)) return false;
    // A package may hold packages of its own; the last folder is the one that counts. No folder: the program, or an option.
    const [, owner = packageJson.name] = /^.*node_modules\/((?:@[^/]+\/)?[^/]+)\/.*\(\d+,\d+\): /.exec(line) ?? [];
    return owner === packageJson.name;
  });
}

function compile(project: string, extra: readonly string[]): Promise<RunResult> {
  const lines = doors().map((door, index) => `import * as door${index} from '${door}';\nvoid door${index};`);
  writeFileSync(join(project, 'doors.ts'), lines.join('\n'));
  const options = ['--noEmit', '--strict', '--module', 'nodenext', '--target', 'es2024', '--pretty', 'false'];
  const types = ['--typeRoots', join(ROOT, 'node_modules', '@types'), '--types', 'node'];
  return run('tsc', [...options, ...extra, ...types, join(project, 'doors.ts')], { cwd: project });
}

/** Imports and requires each door, asks the command line for help, and runs the example. */
async function use(project: string, name: string, node: string): Promise<void> {
  const evaluate = (program: string): Promise<RunResult> =>
    run(node, ['--input-type=module', '--eval', program], { cwd: project, env: CLEAN });
  const list = JSON.stringify(doors());
  await check(`import (${name})`, evaluate(`for (const door of ${list}) await import(door);`));
  const program = `import { createRequire } from 'node:module';
    const require = createRequire(process.cwd() + '/x.js');
    for (const door of ${list}) require(door);`;
  await check(`require (${name})`, evaluate(program));
  const bin = join('node_modules', packageJson.name, packageJson.bin.troupe);
  await check(`--help (${name})`, run(node, [bin, '--help'], { cwd: project, env: CLEAN }));
  if (!existsSync(EXAMPLE)) return console.log(`skip example (${name}): there is no examples/01-embed`);
  cpSync(EXAMPLE, join(project, 'example'), { recursive: true });
  await check(`example (${name})`, run(node, [join('example', 'main.ts')], { cwd: project, env: CLEAN }));
}

async function check(name: string, running: Promise<RunResult>): Promise<void> {
  const start = performance.now();
  const { code, output } = await running;
  console.log(`${code === 0 ? 'ok  ' : 'FAIL'} ${name.padEnd(18)} ${seconds(performance.now() - start)}`);
  if (code === 0) return;
  console.log(output);
  throw new Error(`${name} ended with ${code}`);
}

function doors(): string[] {
  return Object.keys(packageJson.exports)
    .filter((door) => door !== './package.json')
    .map((door) => packageJson.name + door.slice(1));
}

function oldestNode(project: string): string {
  return join(project, 'node_modules', OLDEST_NODE.name, 'bin', 'node');
}

if (import.meta.main) await main();
