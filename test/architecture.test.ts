import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  exportsNamesOnly,
  keepsLayers,
  keepsLibraries,
  keepsMachinesPure,
  namesFiles,
  staysShort,
  takesTimeFromEnvironment,
  throwsCodedErrors,
  usesDoors,
} from './architecture-rules.ts';
import type { Rule } from './architecture-rules.ts';
import { LIBRARIES, MAY_IMPORT, TIME_MODULES } from './layers.ts';
import { cycles, folderOf, parseFile, readSources, ROOT } from './source-files.ts';

const all = readSources('src');
const written = all.filter(({ file }) => folderOf(file) !== 'gen');
const folders = [...new Set(all.map(({ file }) => folderOf(file)))];

describe('the layers of src', () => {
  it.each(folders)('src/%s imports only from below', (folder) => {
    expect(all.filter(({ file }) => folderOf(file) === folder).flatMap(keepsLayers)).toEqual([]);
  });

  it('enters other folders through their index', () => {
    expect(written.flatMap(usesDoors)).toEqual([]);
  });

  it('uses xstate, grpc-js and commander only where they belong', () => {
    expect(written.flatMap(keepsLibraries)).toEqual([]);
  });

  it('keeps machines free of every library but xstate', () => {
    expect(written.filter(({ file }) => folderOf(file) === 'machines').flatMap(keepsMachinesPure)).toEqual([]);
  });

  it('has no cycle of value imports', () => {
    expect(cycles(all)).toEqual([]);
  });
});

describe('every file of src', () => {
  it.each<[string, Rule]>([
    ['takes time and randomness from the environment', takesTimeFromEnvironment],
    ['throws errors with a code', throwsCodedErrors],
    ['exports names only, and awaits nothing while it loads', exportsNamesOnly],
    ['has at most 400 lines', staysShort],
    ['has a name in kebab-case', namesFiles],
  ])('%s', (_, rule) => {
    expect(written.flatMap(rule)).toEqual([]);
  });
});

describe('the linter', () => {
  it.each(Object.keys(MAY_IMPORT).filter((folder) => folder !== '.' && folder !== 'gen'))(
    'forbids in src/%s what the layer table forbids',
    (folder) => {
      expect(lintRuleOf(folder)).toEqual(expectedLintRule(folder));
    },
  );
});

describe('the rules themselves', () => {
  it.each<[Rule, string, string]>([
    [keepsLayers, 'src/policy/x.ts', "import { a } from '../ports/index.ts';"],
    [keepsLayers, 'src/machines/x.ts', "import type { A } from '../transport/index.ts';"],
    [keepsLayers, 'src/host/x.ts', "export { a } from '../cli/index.ts';"],
    [keepsLayers, 'src/sdk/x.ts', "const a = await import('../host/index.ts');"],
    [keepsLayers, 'src/sdk/x.ts', "let a: typeof import('../stores/index.ts');"],
    [keepsLayers, 'src/unheard-of/x.ts', ''],
    [usesDoors, 'src/host/x.ts', "import { a } from '../actors/cell.ts';"],
    [keepsLibraries, 'src/host/x.ts', "import { createActor } from 'xstate';"],
    [keepsLibraries, 'src/host/x.ts', "import { toPromise } from 'xstate/actors';"],
    [keepsLibraries, 'src/host/x.ts', "import { Server } from '@grpc/grpc-js';"],
    [keepsMachinesPure, 'src/machines/x.ts', "import { join } from 'node:path';"],
    [takesTimeFromEnvironment, 'src/a/x.ts', 'export const a = Date.now();'],
    [takesTimeFromEnvironment, 'src/a/x.ts', 'export const a = new Date();'],
    [takesTimeFromEnvironment, 'src/a/x.ts', 'export const a = Math.random();'],
    [takesTimeFromEnvironment, 'src/a/x.ts', 'setTimeout(() => {}, 1);'],
    [takesTimeFromEnvironment, 'src/a/x.ts', 'globalThis.setInterval(() => {}, 1);'],
    [takesTimeFromEnvironment, 'src/a/x.ts', 'export const a = performance.now();'],
    [takesTimeFromEnvironment, 'src/a/x.ts', "import { setTimeout } from 'node:timers/promises';"],
    [throwsCodedErrors, 'src/a/x.ts', "throw new Error('x');"],
    [throwsCodedErrors, 'src/a/x.ts', "throw TypeError('x');"],
    [exportsNamesOnly, 'src/a/x.ts', 'export default 1;'],
    [exportsNamesOnly, 'src/a/x.ts', "export * from './y.ts';"],
    [exportsNamesOnly, 'src/a/x.ts', 'await Promise.resolve();'],
    [staysShort, 'src/a/x.ts', '\n'.repeat(401)],
    [namesFiles, 'src/a/myFile.ts', ''],
  ])('%o finds a violation in %s', (rule, file, text) => {
    expect(rule(parseFile(file, text))).toHaveLength(1);
  });

  it.each<[Rule, string, string]>([
    [keepsLayers, 'src/machines/x.ts', "import { a } from '../ports/index.ts'; import { b } from './y.ts';"],
    [usesDoors, 'src/sdk/x.ts', "import { a } from '../transport/grpc/index.ts'; import { b } from '../gen/a/b.ts';"],
    [keepsLibraries, 'src/host/x.ts', "import type { Server } from '@grpc/grpc-js';"],
    [takesTimeFromEnvironment, 'src/a/x.ts', '// Date.now()\nclock.setTimeout(f, 1); new Date(1); clock.now();'],
    [takesTimeFromEnvironment, 'src/ports/real-clock.ts', 'export const a = Date.now();'],
    [throwsCodedErrors, 'src/a/x.ts', "throw new RuntimeError('INTERNAL', 'new Error()');"],
    [exportsNamesOnly, 'src/a/x.ts', 'export const a = async () => { await b(); };'],
    [staysShort, 'src/a/x.ts', '\n'.repeat(400)],
    [namesFiles, 'src/a/my-file.machine.ts', ''],
  ])('%o accepts %s', (rule, file, text) => {
    expect(rule(parseFile(file, text))).toEqual([]);
  });

  it('finds a cycle of 3 files, and none through a type import', () => {
    const a = parseFile('src/a/a.ts', "import { b } from './b.ts';");
    const b = parseFile('src/a/b.ts', "export { c } from './c.ts';");

    expect(cycles([a, b, parseFile('src/a/c.ts', "import { a } from './a.ts';")])).toEqual([
      'src/a/a.ts -> src/a/b.ts -> src/a/c.ts -> src/a/a.ts',
    ]);
    expect(cycles([a, b, parseFile('src/a/c.ts', "import type { A } from './a.ts';")])).toEqual([]);
  });
});

// Helpers

interface LintConfig {
  readonly overrides: readonly {
    readonly files: readonly string[];
    readonly rules: Readonly<Record<string, unknown>>;
  }[];
}

function lintRuleOf(folder: string): unknown {
  const config = JSON.parse(readFileSync(join(ROOT, '.oxlintrc.json'), 'utf8')) as LintConfig;
  const rules = config.overrides.filter(({ files }) => files.includes(`src/${folder}/**`)).map((one) => one.rules);
  return rules.find((one) => 'no-restricted-imports' in one)?.['no-restricted-imports'];
}

/** The linter's rule that says the same as the tables in layers.ts. */
function expectedLintRule(folder: string): unknown {
  const allowed = MAY_IMPORT[folder] ?? [];
  const forbidden = Object.keys(MAY_IMPORT).filter((other) => ![...allowed, folder, '.'].includes(other));
  const libraries = Object.entries(LIBRARIES)
    .filter(([, rule]) => !rule.in.includes(folder))
    .map(([name, rule]) => ({ name, ...(rule.typesIn?.includes(folder) ? { allowTypeImports: true } : {}) }));
  const modules = Object.entries(TIME_MODULES).map(([name, names]) => ({
    name,
    ...(names.length > 0 ? { allowImportNames: names } : {}),
  }));
  return [
    'error',
    { paths: [...libraries, ...modules], patterns: [{ group: forbidden.map((other) => `**/${other}/**`) }] },
  ];
}
