import { describe, expect, it } from 'vitest';
import { detectToolchain } from '../../../../src/cli/dev/project/detect.ts';
import type { Marker } from '../../../../src/cli/dev/project/project-facts.ts';
import { LANGUAGES, TOOLCHAINS } from '../../../../src/cli/dev/project/toolchains.ts';
import { facts } from './project-facts.ts';

const command = { command: 'build/kv' };

describe('detectToolchain', () => {
  it.each(LANGUAGES)('takes --lang %s whatever the directory holds', (lang) => {
    expect(detectToolchain(facts(['go.mod', 'Cargo.toml']), lang)).toBe(lang);
  });

  it.each<[string, readonly Marker[], object | undefined, string]>([
    ['go.mod', ['go.mod'], undefined, 'go'],
    ['go.mod and the placement wasm', ['go.mod'], { run: command, placement: { allow: ['wasm'] } }, 'tinygo'],
    ['Cargo.toml', ['Cargo.toml'], undefined, 'rust'],
    ['package.json', ['package.json'], undefined, 'js'],
    ['package.json and tsconfig.json', ['package.json', 'tsconfig.json'], undefined, 'ts'],
    ['run.node plugin.ts', [], { run: { node: 'plugin.ts' } }, 'ts'],
    ['run.node plugin.js beside a tsconfig.json', ['tsconfig.json'], { run: { node: 'plugin.js' } }, 'js'],
    ['build.entry plugin.ts', [], { run: { node: 'dist/main.cjs' }, build: { entry: 'plugin.ts' } }, 'ts'],
    ['build.command and two marks', ['go.mod', 'Cargo.toml'], { run: command, build: { command: 'make' } }, 'custom'],
  ])('finds by %s', (_, markers, manifest, expected) => {
    expect(detectToolchain(facts(markers, manifest), 'auto')).toBe(expected);
  });

  it.each<[readonly Marker[], object | undefined]>([
    [['go.mod', 'Cargo.toml'], undefined],
    [['go.mod', 'package.json'], undefined],
    [['go.mod'], { run: { node: 'plugin.ts' } }],
  ])('finds %j with %j ambiguous, and names both marks', (markers, manifest) => {
    expect(() => detectToolchain(facts(markers, manifest), 'auto')).toThrow(
      expect.objectContaining({ code: 'PROJECT_AMBIGUOUS', rawMessage: expect.stringContaining('go.mod (go)') }),
    );
  });

  it('finds nothing in a directory without marks', () => {
    expect(() => detectToolchain(facts([]), 'auto')).toThrow(expect.objectContaining({ code: 'PROJECT_UNKNOWN' }));
  });
});

describe('the toolchains', () => {
  const self = { command: '/node', args: ['main.ts'] };
  const stepOf = (name: keyof typeof TOOLCHAINS, markers: readonly Marker[], manifest: object) =>
    TOOLCHAINS[name].steps(facts(markers, manifest), self)[0];

  it('run tinygo with -target=wasi for build/plugin.wasm', () => {
    const step = stepOf('tinygo', ['go.mod'], { run: command });

    expect(step?.command).toBe('tinygo');
    expect(step?.args).toEqual(['build', '-o', '/kv/build/plugin.wasm', '-target=wasi', '.']);
  });

  it('run cargo for wasm32-wasi in release, with the target directory of the project', () => {
    const step = stepOf('rust', ['Cargo.toml'], { run: command });

    expect([step?.command, ...(step?.args ?? [])]).toEqual(['cargo', 'build', '--target', 'wasm32-wasi', '--release']);
    expect(step?.env).toEqual({ CARGO_TARGET_DIR: '/kv/target' });
  });

  it('run go for the program that the manifest starts', () => {
    expect(stepOf('go', ['go.mod'], { run: command })?.args).toEqual(['build', '-o', '/kv/build/kv', '.']);
  });

  it('refuse go when the manifest starts a program of PATH', () => {
    expect(() => stepOf('go', ['go.mod'], { run: { command: 'kv' } })).toThrow('run.command must be the path');
  });

  it('run nothing for TypeScript without build.entry, else plugin build', () => {
    const build = { entry: 'plugin.ts' };

    expect(stepOf('ts', [], { run: { node: 'plugin.ts' } })).toBeUndefined();
    expect(stepOf('ts', [], { run: { node: 'dist/main.cjs' }, build })).toMatchObject({
      command: '/node',
      args: ['main.ts', 'plugin', 'build', 'plugin.ts', '--out', '/kv/dist'],
    });
  });

  it('run what build.command says, in the directory and with the variables of the manifest', () => {
    const build = { command: './make.sh', args: ['all'], env: { MODE: 'dev' } };

    expect(stepOf('custom', [], { run: command, build })).toEqual({
      command: '/kv/make.sh',
      args: ['all'],
      cwd: '/kv',
      env: { MODE: 'dev' },
    });
  });
});
