import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { buildProject } from '../../../../src/cli/dev/project/build-project.ts';
import type { BuiltPlugin } from '../../../../src/cli/dev/project/build-project.ts';
import { readProject } from '../../../../src/cli/dev/project/project-facts.ts';
import type { ToolchainName } from '../../../../src/cli/dev/project/toolchains.ts';
import { createProcessRunner } from '../../../../src/cli/dev/process-runner.ts';
import type { ProcessRunner } from '../../../../src/cli/dev/process-runner.ts';
import { createRealClock } from '../../../../src/ports/index.ts';
import { CARGO, RUSTC } from '../../../peers/availability.ts';
import { describeWithPeer } from '../../../peers/peers.ts';
import { temporaryDirectory } from '../../support.ts';

const MANIFEST = `apiVersion: troupe.plugin/v1
name: kv
version: 1.0.0
kinds: [operations]
run: { command: build/kv }
permissions: { net: [example.org], fs: { read: [data] } }
`;

describe('readProject', () => {
  it('takes a directory named go.mod for no mark', async () => {
    const directory = project({ 'Cargo.toml': '' });
    mkdirSync(join(directory, 'go.mod'));

    expect((await readProject(directory)).markers).toEqual(['Cargo.toml']);
  });
});

describe('buildProject', () => {
  it('copies the one artifact of rust to build/plugin.wasm', async () => {
    const directory = project({ 'plugin.yaml': MANIFEST });

    const { artifact, bytes } = await build(directory, 'rust', making(directory, 'kv.wasm'));

    expect(Buffer.from(bytes).toString()).toBe('kv.wasm');
    expect(readFileSync(join(directory, 'build/plugin.wasm'), 'utf8')).toBe('kv.wasm');
    expect(artifact).toMatchObject({ name: 'kv', version: '1.0.0', kind: 'wasm' });
    expect(artifact.permissions).toEqual(['fs.read:data', 'net:example.org']);
  });

  it.each([
    [[], 'no .wasm file'],
    [['a.wasm', 'b.wasm'], '2 .wasm files: a.wasm, b.wasm'],
  ])('rejects when rust made %j', async (names, text) => {
    const directory = project({ 'plugin.yaml': MANIFEST });

    await expect(build(directory, 'rust', making(directory, ...names))).rejects.toMatchObject({
      code: 'BUILD_ARTIFACT_UNCLEAR',
      rawMessage: expect.stringContaining(text),
    });
  });

  it('rejects when the toolchain fails, with its exit code and its words before', async () => {
    const directory = project({ 'plugin.yaml': MANIFEST });
    const lines: string[] = [];
    const runner: ProcessRunner = {
      run: async (_, { onLine }) => {
        onLine('error: it is wrong');
        return { code: 101, signal: null };
      },
    };

    await expect(build(directory, 'rust', runner, lines)).rejects.toMatchObject({ code: 'TOOLCHAIN_FAILED' });
    expect(lines).toEqual(['$ cargo build --target wasm32-wasi --release', 'error: it is wrong']);
  });

  it('rejects when the manifest is missing', async () => {
    const directory = project({ 'Cargo.toml': '' });

    await expect(build(directory, 'rust', making(directory, 'kv.wasm'))).rejects.toMatchObject({
      code: 'MANIFEST_NOT_FOUND',
    });
  });

  it('names a program that is not installed', async () => {
    const directory = project({ 'plugin.yaml': MANIFEST });
    const runner = createProcessRunner(createRealClock());

    await expect(
      build(directory, 'tinygo', { run: (step, options) => runner.run({ ...step, command: 'no-tinygo' }, options) }),
    ).rejects.toMatchObject({ code: 'TOOLCHAIN_MISSING', rawMessage: expect.stringContaining('no-tinygo') });
  });

  it('gives the same sources the same digest, and others another one', async () => {
    const manifest = MANIFEST.replace('command: build/kv', 'node: plugin.js');
    const directory = project({ 'plugin.yaml': manifest, 'plugin.js': '1' });

    const first = await build(directory, 'js', nothing());
    const second = await build(directory, 'js', nothing());
    writeFileSync(join(directory, 'plugin.js'), '2');
    const third = await build(directory, 'js', nothing());

    expect(second.artifact.digest).toBe(first.artifact.digest);
    expect(second.bytes).toEqual(first.bytes);
    expect(third.artifact.digest).not.toBe(first.artifact.digest);
  });
});

describeWithPeer('rust', 'cargo', () => {
  it('builds a WebAssembly module for real', { timeout: 120_000 }, async () => {
    const directory = project({
      'plugin.yaml': MANIFEST,
      'Cargo.toml': '[package]\nname = "kv"\nversion = "1.0.0"\nedition = "2021"\n\n[lib]\ncrate-type = ["cdylib"]\n',
      'src/lib.rs': '#[no_mangle]\npub extern "C" fn add(a: i32, b: i32) -> i32 {\n    a + b\n}\n',
    });
    const runner = createProcessRunner(createRealClock());
    const own: ProcessRunner = {
      run: (step, options) => runner.run({ ...step, command: CARGO, env: { ...step.env, RUSTC } }, options),
    };

    const { artifact, bytes } = await build(directory, 'rust', own);

    expect(artifact.kind).toBe('wasm');
    const { instance } = await wasm.instantiate(bytes);
    expect(instance.exports['add']?.(40, 2)).toBe(42);
  });
});

// Helpers

// The types of Node.js do not have it.
const wasm = (globalThis as unknown as Record<'WebAssembly', Wasm>).WebAssembly;
interface Wasm {
  instantiate(bytes: Uint8Array): Promise<{
    readonly instance: { readonly exports: Readonly<Record<string, (a: number, b: number) => number>> };
  }>;
}

function project(files: Readonly<Record<string, string>>): string {
  const directory = join(temporaryDirectory(), 'kv');
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(join(directory, path, '..'), { recursive: true });
    writeFileSync(join(directory, path), text);
  }
  return directory;
}

function build(
  directory: string,
  toolchain: ToolchainName,
  runner: ProcessRunner,
  lines: string[] = [],
): Promise<BuiltPlugin> {
  const ports = { runner, self: { command: '/node', args: [] }, onLine: (line: string) => void lines.push(line) };
  return buildProject(directory, toolchain, ports, new AbortController().signal);
}

/** A toolchain that writes files with the names to where rust has its output. */
function making(directory: string, ...names: readonly string[]): ProcessRunner {
  return {
    async run() {
      const output = join(directory, 'target/wasm32-wasi/release');
      mkdirSync(output, { recursive: true });
      for (const name of names) writeFileSync(join(output, name), name);
      return { code: 0, signal: null };
    },
  };
}

function nothing(): ProcessRunner {
  return { run: async () => ({ code: 0, signal: null }) };
}
