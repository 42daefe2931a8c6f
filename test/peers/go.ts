// Builds the Go peers of the integration tests from the sources beside this file and Debian's go-plugin.
//
// Invariants:
//   B1. What is built is named by a hash of everything it is made of; what exists under that name is complete, because
//       a finished build is moved there in one step.
//   B2. Building reaches for no network: GOPATH mode, own sources first, then the packages of the distribution.
//   B3. The patched binaries are made of the same sources plus the patch and the additions, and nothing else.

import { execFile, execFileSync } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { GO_LIBRARIES } from './availability.ts';
import { withBuildLock } from './go/build-lock.ts';
import { BROKERED_MTLS, replaceOnce, SYNCED_OUTPUT, TCP_LISTENING } from './go/patch.ts';

/** The Go peers, built: absolute paths of executable files, and what they are made of. */
export interface GoPeers {
  /** The plugin on go-plugin as the distribution has it. */
  readonly plugin: string;
  /** The plugin whose go-plugin can call the host back under AutoMTLS, serves its output, and listens on TCP if asked. */
  readonly pluginPatched: string;
  /** The host on go-plugin as the distribution has it. */
  readonly host: string;
  /** The host that demands the plugin's certificate on connections that it serves under AutoMTLS, and reads its output. */
  readonly hostPatched: string;
  /** As `go version` prints it. */
  readonly goVersion: string;
  /** Version of the distribution's package, such as `1.0.1-4`; the patched programs append `+patched`. */
  readonly goPluginVersion: string;
}

const HERE = fileURLToPath(new URL('.', import.meta.url));
/** The project's own contracts. */
const PROTO = fileURLToPath(new URL('../../proto', import.meta.url));
const CACHE = fileURLToPath(new URL('../../node_modules/.cache/troupe-go-peers', import.meta.url));
const GO_PLUGIN = 'github.com/hashicorp/go-plugin';
const GO_PLUGIN_PACKAGE = 'golang-github-hashicorp-go-plugin-dev';
const PROTO_FILE = 'troupe/testing/v1/peer.proto';
/** Where the contract of the output stream is, which old sources lack, and its name. */
const STDIO_PROTO = { directory: join(PROTO, 'plugin'), file: 'grpc_stdio.proto' };
/** Where the distribution has the generated code of google.protobuf.Empty; protoc's own file names a newer place. */
const EMPTY_PACKAGE = 'github.com/golang/protobuf/ptypes/empty';
const ADDITIONS = join(HERE, 'go', 'additions');
const PROGRAMS = ['host', 'plugin'] as const;
const PACKAGES = ['contract', ...PROGRAMS] as const;
const BUILD_LIMIT_MS = 300_000;
// A change of the sources leaves some 35 MB of binaries behind.
const KEEP_MS = 7 * 86_400_000;

const run = promisify(execFile);
let built: Promise<GoPeers> | undefined;

/** The Go peers, built at most once in this process. For a `beforeAll` with a time limit of some minutes. */
export function goPeers(): Promise<GoPeers> {
  built ??= buildGoPeers();
  return built;
}

/** Version of the distribution's go-plugin, such as `1.0.1-4`, or `unknown`. Waits for a program of the system. */
export function packagedVersion(): string {
  try {
    const query = ['-W', '-f', '${Version}', GO_PLUGIN_PACKAGE];
    return execFileSync('dpkg-query', query, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  } catch {
    // Another distribution, or sources put there by hand: the hash of the sources still tells them apart.
    return 'unknown';
  }
}

/**
 * Builds the Go peers unless a cached build of the same sources exists, or waits for the process that is building them.
 * Rejects with the compiler's words, and when the patch does not fit the installed sources.
 */
export async function buildGoPeers(): Promise<GoPeers> {
  const [goVersion, goPluginVersion] = await versions();
  const target = join(CACHE, hashOf([goVersion, goPluginVersion, ...sources()]));
  await buildOnce(target, (workshop, binaries) => buildPeers(workshop, binaries, goPluginVersion));
  return {
    plugin: join(target, 'plain', 'plugin'),
    pluginPatched: join(target, 'patched', 'plugin'),
    host: join(target, 'plain', 'host'),
    hostPatched: join(target, 'patched', 'host'),
    goVersion,
    goPluginVersion,
  };
}

/** A further program in Go that uses the contract and go-plugin as the peers do. */
export interface GoProgram {
  /** Name of the package and of the binary. */
  readonly name: string;
  /** Where its sources are. */
  readonly directory: string;
  /** Contracts of the project that it uses besides the peers' own, as paths below `proto`. Default: none. */
  readonly protos?: readonly string[];
  /** With the patched go-plugin, which can call its host back under AutoMTLS. Default: false. */
  readonly patched?: boolean;
}

/** Builds a further program as the peers are built, and returns the absolute path of its executable file. */
export async function buildGoProgram(program: GoProgram): Promise<string> {
  const { name, directory, protos = [], patched = false } = program;
  const [goVersion, goPluginVersion] = await versions();
  const contracts = protos.map((file) => readFileSync(join(PROTO, file), 'utf8'));
  const parts = [goVersion, goPluginVersion, ...sources(), name, `${patched}`, ...textsIn([directory]), ...contracts];
  const target = join(CACHE, hashOf(parts));
  await buildOnce(target, async (workshop, binaries) => {
    const own = join(workshop, 'own');
    const gopath = patched ? [join(workshop, 'patched'), own] : [own];
    await layOutSources(own, [program]);
    if (patched) await layOutPatched(join(workshop, 'patched'));
    await compile(gopath, binaries, `${goPluginVersion}${patched ? '+patched' : ''}`, [name]);
  });
  return join(target, name);
}

/** Builds beside the target and moves the binaries there when all exist (B1). */
async function buildOnce(target: string, build: (workshop: string, binaries: string) => Promise<void>): Promise<void> {
  mkdirSync(CACHE, { recursive: true });
  await withBuildLock({
    lock: `${target}.lock`,
    isDone: () => existsSync(target),
    async build() {
      const workshop = `${target}.${randomUUID()}`;
      const binaries = join(workshop, 'binaries');
      try {
        await build(workshop, binaries);
        publish(binaries, target);
        removeOldBuilds();
      } finally {
        rmSync(workshop, { recursive: true, force: true });
      }
    },
    staleMs: BUILD_LIMIT_MS,
  });
}

async function buildPeers(workshop: string, binaries: string, goPluginVersion: string): Promise<void> {
  const own = join(workshop, 'own');
  const patched = join(workshop, 'patched');
  await layOutSources(own);
  await layOutPatched(patched);
  await compile([own], join(binaries, 'plain'), goPluginVersion, PROGRAMS);
  await compile([patched, own], join(binaries, 'patched'), `${goPluginVersion}+patched`, PROGRAMS);
}

function publish(binaries: string, target: string): void {
  try {
    renameSync(binaries, target);
  } catch (error) {
    // Somebody else was first: the build of the same sources is as good.
    if (!existsSync(target)) throw error;
  }
}

function removeOldBuilds(): void {
  for (const name of readdirSync(CACHE)) {
    const path = join(CACHE, name);
    const modifiedAt = statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Date.now();
    if (Date.now() - modifiedAt > KEEP_MS) rmSync(path, { recursive: true, force: true });
  }
}

async function layOutSources(gopath: string, further: readonly GoProgram[] = []): Promise<void> {
  const sourceRoot = join(gopath, 'src');
  const own = PACKAGES.map((name) => ({ name, directory: join(HERE, 'go', name) }));
  for (const { name, directory } of [...own, ...further]) {
    cpSync(directory, join(sourceRoot, 'troupe', 'peers', name), { recursive: true });
  }
  await run('protoc', ['-I', join(HERE, 'proto'), `--go_out=plugins=grpc:${sourceRoot}`, PROTO_FILE]);
  // One run for each: this generator takes no files of several packages at once.
  for (const file of new Set(further.flatMap(({ protos = [] }) => protos))) {
    await run('protoc', ['-I', PROTO, `--go_out=plugins=grpc:${sourceRoot}`, file]);
  }
}

/** A copy of go-plugin that hides the distribution's, because its GOPATH entry comes first (B3). */
async function layOutPatched(gopath: string): Promise<void> {
  const copy = join(gopath, 'src', GO_PLUGIN);
  cpSync(join(GO_LIBRARIES, 'src', GO_PLUGIN), copy, { recursive: true });
  for (const replacement of [...BROKERED_MTLS, ...SYNCED_OUTPUT, ...TCP_LISTENING]) {
    const file = join(copy, replacement.file);
    writeFileSync(file, replaceOnce(readFileSync(file, 'utf8'), replacement));
  }
  cpSync(ADDITIONS, copy, { recursive: true });
  const options = `plugins=grpc,Mgoogle/protobuf/empty.proto=${EMPTY_PACKAGE}`;
  const messages = join(copy, 'internal', 'plugin');
  await run('protoc', ['-I', STDIO_PROTO.directory, `--go_out=${options}:${messages}`, STDIO_PROTO.file]);
}

async function compile(
  gopath: readonly string[],
  output: string,
  goPluginVersion: string,
  programs: readonly string[],
): Promise<void> {
  mkdirSync(output, { recursive: true });
  const linkerFlags = `-s -w -X main.goPluginVersion=${goPluginVersion}`;
  await run(
    'go',
    [
      'build',
      '-trimpath',
      '-ldflags',
      linkerFlags,
      '-o',
      `${output}/`,
      ...programs.map((name) => `troupe/peers/${name}`),
    ],
    { env: goEnvironment([...gopath, GO_LIBRARIES].join(delimiter)), cwd: HERE, timeout: BUILD_LIMIT_MS },
  );
}

/** Nothing of the user's Go settings gets in, except for where the compiler caches. */
function goEnvironment(gopath: string): Record<string, string> {
  const { PATH = '', HOME = '', GOCACHE = '', XDG_CACHE_HOME = '', TMPDIR = '' } = process.env;
  const env: Record<string, string> = {
    PATH,
    GOPATH: gopath,
    GO111MODULE: 'off',
    GOPROXY: 'off',
    GOENV: 'off',
    GOTOOLCHAIN: 'local',
    CGO_ENABLED: '0',
  };
  for (const [name, value] of Object.entries({ HOME, XDG_CACHE_HOME, TMPDIR })) if (value !== '') env[name] = value;
  // Without any of the three the compiler refuses to work.
  const hasCache = GOCACHE + XDG_CACHE_HOME + HOME !== '';
  if (GOCACHE !== '' || !hasCache) env['GOCACHE'] = GOCACHE || join(CACHE, 'go-build');
  return env;
}

async function versions(): Promise<[goVersion: string, goPluginVersion: string]> {
  const { stdout } = await run('go', ['version'], { env: goEnvironment('') });
  return [stdout.trim(), packagedVersion()];
}

/** Everything a build is made of, as texts: our sources, go-plugin's, the contract, and how they are put together. */
function sources(): string[] {
  const directories = [
    ...PACKAGES.map((name) => join(HERE, 'go', name)),
    ADDITIONS,
    join(GO_LIBRARIES, 'src', GO_PLUGIN),
  ];
  const rig = [
    fileURLToPath(import.meta.url),
    join(HERE, 'go', 'patch.ts'),
    join(HERE, 'proto', PROTO_FILE),
    join(STDIO_PROTO.directory, STDIO_PROTO.file),
  ];
  return [...textsIn(directories), ...rig.map((file) => readFileSync(file, 'utf8'))];
}

function textsIn(directories: readonly string[]): string[] {
  const files = directories.flatMap((directory) =>
    readdirSync(directory, { withFileTypes: true, recursive: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name)),
  );
  return files.sort().map((file) => readFileSync(file, 'utf8'));
}

function hashOf(parts: readonly string[]): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(`${part.length}:`).update(part);
  return hash.digest('hex').slice(0, 16);
}
