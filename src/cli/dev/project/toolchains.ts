// The toolchains: how each is recognised, what it runs, and what comes out. A new one is a new row.

import { extname, join, resolve } from 'node:path';
import { RuntimeError } from '../../../errors/index.ts';
import type { Manifest } from '../../../host/index.ts';
import type { ProjectFacts } from './project-facts.ts';

/** A program that a build runs. */
export interface ToolStep {
  /** A path, or a name that is looked up in `PATH`. */
  readonly command: string;
  readonly args: readonly string[];
  /** Absolute path. */
  readonly cwd: string;
  /** Added to the environment of this process. */
  readonly env: Readonly<Record<string, string>>;
}

/** Where the single file of a toolchain comes out that chooses its name itself. */
export interface FoundArtifact {
  /** Absolute path of the directory in which it is. */
  readonly directory: string;
  readonly extension: string;
  /** Absolute path to which it is copied. */
  readonly copyTo: string;
}

/** What `--lang` takes, besides `auto`. */
export const LANGUAGES = ['ts', 'js', 'go', 'tinygo', 'rust'] as const;

export type Language = (typeof LANGUAGES)[number];
/** `custom`: what the manifest says under `build.command`. */
export type ToolchainName = Language | 'custom';

/** One row of the table. */
export interface Toolchain {
  /** Whether the directory is for it. */
  readonly matches: (facts: ProjectFacts) => boolean;
  /** The file by which it is recognised, for messages. */
  readonly mark: (facts: ProjectFacts) => string;
  /** What is run, in order. None: the files are used as they are. */
  readonly steps: (facts: ProjectFacts, self: SelfCommand) => readonly ToolStep[];
  readonly makes: 'bundle' | 'wasm';
  readonly found?: (facts: ProjectFacts) => FoundArtifact;
}

/** How this command line is started again: `troupe plugin build` is a step like any other. */
export interface SelfCommand {
  readonly command: string;
  readonly args: readonly string[];
}

/** The name that the one file of a WebAssembly plugin has, below its directory. */
export const WASM_FILE = join('build', 'plugin.wasm');

const WASI_TARGET = 'wasm32-wasi';
const TYPESCRIPT = new Set(['.ts', '.mts', '.cts']);

/** The table, in the order of messages. */
export const TOOLCHAINS: Readonly<Record<ToolchainName, Toolchain>> = {
  custom: {
    matches: ({ loaded }) => loaded?.manifest.build?.command !== undefined,
    mark: () => 'build.command of the manifest',
    steps: (facts) => [customStep(facts)],
    makes: 'bundle',
  },
  ts: {
    matches: (facts) => isForNode(facts) && isTypeScript(facts),
    mark: nodeMark,
    steps: nodeSteps,
    makes: 'bundle',
  },
  js: {
    matches: (facts) => isForNode(facts) && !isTypeScript(facts),
    mark: nodeMark,
    steps: nodeSteps,
    makes: 'bundle',
  },
  go: {
    matches: (facts) => facts.markers.includes('go.mod') && !wantsWasm(facts),
    mark: () => 'go.mod',
    steps: (facts) => [toolStep(facts, 'go', ['build', '-o', goProgram(facts), '.'])],
    makes: 'bundle',
  },
  tinygo: {
    matches: (facts) => facts.markers.includes('go.mod') && wantsWasm(facts),
    mark: () => 'go.mod',
    steps: (facts) => [
      toolStep(facts, 'tinygo', ['build', '-o', join(facts.directory, WASM_FILE), '-target=wasi', '.']),
    ],
    makes: 'wasm',
  },
  rust: {
    matches: ({ markers }) => markers.includes('Cargo.toml'),
    mark: () => 'Cargo.toml',
    steps: (facts) => [
      // The variable: somebody may have another directory in the environment or in a configuration file.
      toolStep(facts, 'cargo', ['build', '--target', WASI_TARGET, '--release'], {
        CARGO_TARGET_DIR: join(facts.directory, 'target'),
      }),
    ],
    makes: 'wasm',
    found: ({ directory }) => ({
      directory: join(directory, 'target', WASI_TARGET, 'release'),
      extension: '.wasm',
      copyTo: join(directory, WASM_FILE),
    }),
  },
};

/** The manifest; a build cannot do without. */
export function manifestOf({ directory, loaded }: ProjectFacts): Manifest {
  if (loaded !== undefined) return loaded.manifest;
  throw new RuntimeError('MANIFEST_NOT_FOUND', `${directory} has neither plugin.yaml nor plugin.json`);
}

function isForNode({ markers, loaded }: ProjectFacts): boolean {
  const { run, build } = loaded?.manifest ?? {};
  const names = [run?.node, build?.entry].filter((name) => name !== undefined);
  return markers.includes('package.json') || markers.includes('tsconfig.json') || names.length > 0;
}

function isTypeScript({ markers, loaded }: ProjectFacts): boolean {
  const { run, build } = loaded?.manifest ?? {};
  const source = build?.entry ?? run?.node;
  if (source !== undefined) return TYPESCRIPT.has(extname(source));
  return markers.includes('tsconfig.json');
}

function nodeMark({ markers, loaded }: ProjectFacts): string {
  const { run, build } = loaded?.manifest ?? {};
  if (build?.entry !== undefined) return 'build.entry of the manifest';
  if (run?.node !== undefined) return 'run.node of the manifest';
  return markers.includes('package.json') ? 'package.json' : 'tsconfig.json';
}

/** Without an entry Node.js runs the sources: it strips types itself. */
function nodeSteps(facts: ProjectFacts, self: SelfCommand): readonly ToolStep[] {
  const { entry, output = 'dist', env = {} } = manifestOf(facts).build ?? {};
  if (entry === undefined) return [];
  const args = [...self.args, 'plugin', 'build', entry, '--out', resolve(facts.directory, output)];
  return [{ command: self.command, args, cwd: facts.directory, env }];
}

function customStep(facts: ProjectFacts): ToolStep {
  const { command = '', args = [], env = {} } = manifestOf(facts).build ?? {};
  return { command: pathOrName(facts, command), args, cwd: facts.directory, env };
}

function toolStep(
  facts: ProjectFacts,
  command: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): ToolStep {
  return { command, args, cwd: facts.directory, env: { ...facts.loaded?.manifest.build?.env, ...env } };
}

/** The program is what the manifest starts; a bare name would be looked up in `PATH`, where nothing can be built to. */
function goProgram(facts: ProjectFacts): string {
  const { name, run } = manifestOf(facts);
  const { command } = run;
  if (command?.includes('/') === true) return resolve(facts.directory, command);
  const wanted = `run.command must be the path of what is built, such as build/${name}`;
  throw new RuntimeError('MANIFEST_INVALID', `the manifest does not say what to build: ${wanted}`);
}

/** A name with a slash is a path from the manifest, as it is in `run.command`. */
function pathOrName({ directory }: ProjectFacts, command: string): string {
  return command.includes('/') ? resolve(directory, command) : command;
}

function wantsWasm({ loaded }: ProjectFacts): boolean {
  const { allow = [], prefer = allow[0] } = loaded?.manifest.placement ?? {};
  return prefer === 'wasm';
}
