// `npm run verify`: everything that can be said about the repository without running its tests.

import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join, relative } from 'node:path';
import { ROOT, run } from './run.ts';
import { runSteps } from './steps.ts';
import type { Step, StepResult } from './steps.ts';

const PARALLEL = 2;
// Generated code: the folder, and the template that writes it.
const GENERATED = [
  { folder: 'src/gen', template: 'buf.gen.yaml' },
  { folder: 'test/gen', template: 'buf.gen.test.yaml' },
];
const PROTO_FOLDERS = ['proto', 'test/peers/proto'];
// What npm writes into a lockfile when it records where a package was taken from.
const ADDRESS = /"resolved":\s*"(?:https?|git)[^"]*"/g;

/** A step that is one command, or several that must all end with 0. */
function commands(name: string, ...lines: readonly string[]): Step {
  return {
    name,
    run: async () => {
      const outputs: string[] = [];
      let ok = true;
      for (const line of lines) {
        const [command = '', ...args] = line.split(' ');
        const { code, output } = await run(command, args);
        if (code === 0) continue;
        ok = false;
        outputs.push(`$ ${line}\n${output}`);
      }
      return { ok, output: outputs.join('\n') };
    },
  };
}

const steps: readonly Step[] = [
  commands('build', 'npm run --silent build'),
  commands('format', 'biome format .'),
  commands('types', 'tsc -p .'),
  commands('lint', 'oxlint --type-aware --deny-warnings'),
  { name: 'exports', needs: ['build'], run: checkExports },
  commands('layers', 'npm run --silent layers'),
  commands('knip', 'knip'),
  commands(
    'proto',
    'buf lint',
    ...PROTO_FOLDERS.map((folder) => `buf format ${folder} --diff --exit-code`),
    'buf breaking --against proto/base.binpb',
  ),
  { name: 'generated', run: checkGenerated },
  commands(
    'docs',
    'node --conditions=source tools/docs-errors.ts --check',
    'node --conditions=source tools/docs-go-plugin.ts --check',
    'node --conditions=source tools/docs-manifest.ts --check',
    'node --conditions=source tools/diagrams.ts --check',
  ),
  { name: 'lockfile', run: checkLockfile },
];

/** Packs what was built, and has the tarball itself judged, not the folder. */
async function checkExports(): Promise<StepResult> {
  const folder = temporaryFolder('pack-');
  try {
    const packed = await run('npm', ['pack', '--ignore-scripts', '--silent', '--pack-destination', folder]);
    if (packed.code !== 0) return { ok: false, output: packed.output };
    const tarball = join(folder, packed.output.trim());
    const results = [
      await run('publint', [tarball, '--strict']),
      await run('attw', [tarball, '--profile', 'esm-only', '--no-color', '--no-emoji']),
    ];
    const failed = results.filter(({ code }) => code !== 0);
    return { ok: failed.length === 0, output: failed.map(({ output }) => output).join('\n') };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Generates again, elsewhere, and compares. */
async function checkGenerated(): Promise<StepResult> {
  const folder = temporaryFolder('gen-');
  try {
    const differences: string[] = [];
    for (const { folder: generated, template } of GENERATED) {
      const { code, output } = await run('buf', ['generate', '--template', template, '--output', folder]);
      if (code !== 0) return { ok: false, output };
      differences.push(...compareFolders(join(ROOT, generated), join(folder, generated)));
    }
    const output = differences.map((file) => `${file} differs from its protocol file; run "npm run gen"`).join('\n');
    return { ok: differences.length === 0, output };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The files that are not the same in both folders, by path below the top folder. */
function compareFolders(present: string, wanted: string): string[] {
  const [before, after] = [present, wanted].map(readFolder) as [Map<string, string>, Map<string, string>];
  const names = new Set([...before.keys(), ...after.keys()]);
  return [...names]
    .filter((name) => before.get(name) !== after.get(name))
    .map((name) => relative(ROOT, join(present, name)))
    .sort();
}

function readFolder(folder: string): Map<string, string> {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
  return new Map(names.map((name) => [name, readFileSync(join(folder, name), 'utf8')]));
}

async function checkLockfile(): Promise<StepResult> {
  const found = readFileSync(join(ROOT, 'package-lock.json'), 'utf8').match(ADDRESS) ?? [];
  const output = found.length > 0 ? `package-lock.json records ${found.length} addresses, for example ${found[0]}` : '';
  return { ok: found.length === 0, output };
}

function temporaryFolder(prefix: string): string {
  mkdirSync(join(ROOT, '.cache'), { recursive: true });
  return mkdtempSync(join(ROOT, '.cache', prefix));
}

const failed = await runSteps(steps, PARALLEL);
console.log(failed.length === 0 ? `${steps.length} checks passed` : `failed: ${failed.join(', ')}`);
process.exitCode = failed.length === 0 ? 0 : 1;
