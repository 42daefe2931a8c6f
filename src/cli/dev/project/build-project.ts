// Builds what is in a directory, and keeps the bytes of the newest build until they are uploaded.

import { createHash } from 'node:crypto';
import { copyFile, mkdir, readdir, readFile } from 'node:fs/promises';
import { basename, dirname, join, relative } from 'node:path';
import { RuntimeError } from '../../../errors/index.ts';
import type { DevArtifact } from '../../../machines/index.ts';
import { permissionsOf } from '../../../policy/index.ts';
import type { ProcessRunner } from '../process-runner.ts';
import { packPlugin } from './pack-plugin.ts';
import type { PackedPlugin } from './pack-plugin.ts';
import { pluginFiles } from './plugin-files.ts';
import { readProject } from './project-facts.ts';
import type { ProjectFacts } from './project-facts.ts';
import { manifestOf, TOOLCHAINS, WASM_FILE } from './toolchains.ts';
import type { FoundArtifact, SelfCommand, ToolchainName } from './toolchains.ts';

/** What a build needs. */
export interface BuildPorts {
  readonly runner: ProcessRunner;
  readonly self: SelfCommand;
  /** Hears what is run, and each line that it prints. */
  readonly onLine: (line: string) => void;
}

/** What a build made, with its bytes. */
export interface BuiltPlugin {
  readonly artifact: DevArtifact;
  readonly bytes: Uint8Array;
  /** Text of the manifest as it was when it was packed, and name of its file. */
  readonly manifest: string;
  readonly manifestName: string;
}

/**
 * Builds the project with a toolchain: runs its programs, then packs what came out. The manifest is read anew each time.
 *
 * Rejects with MANIFEST_NOT_FOUND, MANIFEST_INVALID, TOOLCHAIN_MISSING, TOOLCHAIN_FAILED, BUILD_ARTIFACT_UNCLEAR, or
 * CANCELLED when the signal aborts.
 */
export async function buildProject(
  directory: string,
  toolchain: ToolchainName,
  ports: BuildPorts,
  signal: AbortSignal,
): Promise<BuiltPlugin> {
  const facts = await readProject(directory);
  const { makes } = TOOLCHAINS[toolchain];
  await runToolchain(facts, toolchain, ports, signal);
  const { name, version } = manifestOf(facts);
  const file = facts.loaded?.file ?? '';
  const manifest = await readFile(file, 'utf8');
  const isBuilt = TOOLCHAINS[toolchain].steps(facts, ports.self).length > 0;
  const { bytes, digest } =
    makes === 'wasm'
      ? await readWasm(join(directory, WASM_FILE), manifest)
      : await packPlugin(directory, await pluginFiles(facts, isBuilt), signal);
  throwIfGivenUp(signal);
  const permissions = permissionsOf(manifestOf(facts));
  return {
    artifact: { name, version, kind: makes, digest, permissions },
    bytes,
    manifest,
    manifestName: basename(file),
  };
}

/** Runs the programs of a toolchain, and finds what they made. */
export async function runToolchain(
  facts: ProjectFacts,
  name: ToolchainName,
  { runner, self, onLine }: BuildPorts,
  signal: AbortSignal,
): Promise<void> {
  const toolchain = TOOLCHAINS[name];
  for (const step of toolchain.steps(facts, self)) {
    throwIfGivenUp(signal);
    onLine(`$ ${[step.command === self.command ? 'troupe' : step.command, ...shownArgs(step.args, self)].join(' ')}`);
    const { code, signal: ended } = await runner.run(step, { signal, onLine });
    throwIfGivenUp(signal);
    if (code === 0) continue;
    const how = code === null ? `was ended by ${ended ?? 'a signal'}` : `failed with exit code ${code}`;
    throw new RuntimeError('TOOLCHAIN_FAILED', `"${basename(step.command)}" ${how}`, { details: { exitCode: code } });
  }
  if (toolchain.found !== undefined) await copyFound(toolchain.found(facts), facts.directory);
}

/** Takes the one file that the toolchain has made, whatever its name. */
async function copyFound({ directory, extension, copyTo }: FoundArtifact, root: string): Promise<void> {
  const names = await readdir(directory).catch((): string[] => []);
  const found = names.filter((name) => name.endsWith(extension)).sort();
  const [only] = found;
  if (only === undefined || found.length > 1) {
    const what =
      only === undefined ? `no ${extension} file` : `${found.length} ${extension} files: ${found.join(', ')}`;
    const text = `${relative(root, directory)} holds ${what}, and 1 is expected`;
    throw new RuntimeError('BUILD_ARTIFACT_UNCLEAR', text, { details: { found } });
  }
  await mkdir(dirname(copyTo), { recursive: true });
  await copyFile(join(directory, only), copyTo);
}

async function readWasm(path: string, manifest: string): Promise<PackedPlugin> {
  try {
    const bytes = await readFile(path);
    return { bytes, digest: createHash('sha256').update(manifest).update('\0').update(bytes).digest('hex') };
  } catch (cause) {
    throw new RuntimeError('BUILD_ARTIFACT_UNCLEAR', `the build has not made ${WASM_FILE}`, { cause });
  }
}

function shownArgs(args: readonly string[], self: SelfCommand): readonly string[] {
  const isSelf = self.args.every((arg, index) => args[index] === arg) && self.args.length > 0;
  return isSelf ? args.slice(self.args.length) : args;
}

function throwIfGivenUp(signal: AbortSignal): void {
  if (signal.aborted) throw new RuntimeError('CANCELLED', 'the build was given up, as the sources have changed');
}
