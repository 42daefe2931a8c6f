// Which foreign programs this machine has for the integration tests.

import { accessSync, constants, readdirSync, statSync } from 'node:fs';
import { delimiter, isAbsolute, join } from 'node:path';

/** Where Debian's `golang-*-dev` packages put their sources: the last entry of the build's GOPATH. */
export const GO_LIBRARIES = '/usr/share/gocode';

/** The distribution's own Python: another one on the `PATH` does not find the distribution's modules. */
export const PYTHON = '/usr/bin/python3';
/** Where Debian's `python3-*` packages put their modules. */
const PYTHON_MODULES = '/usr/lib/python3/dist-packages';

/** Where the distribution has PostgreSQL's own programs, which are not on the `PATH`: the newest version there is. */
export const POSTGRES_PROGRAMS: string = newestIn('/usr/lib/postgresql', 'bin');

/** The distribution's own compiler and build tool: others, such as rustup's, lack its standard library for WASI. */
export const CARGO = '/usr/bin/cargo';
export const RUSTC = '/usr/bin/rustc';
/** Debian's version of `rustc` names the directory below which targets are. */
const RUST_TARGETS = '/usr/lib/rustlib';

/** What a test may need besides Node. */
export type Peer = 'go' | 'openssl' | 'setpriv' | 'python' | 'postgres' | 'rust' | 'tmux';

/** Whether a peer can be used, and what is missing if not. */
export type PeerAvailability = { readonly available: true } | { readonly available: false; readonly reason: string };

const NEEDS: Readonly<Record<Peer, { readonly programs: readonly string[]; readonly directories: readonly string[] }>> =
  {
    go: {
      programs: ['go', 'protoc', 'protoc-gen-go'],
      directories: ['github.com/hashicorp/go-plugin', 'google.golang.org/grpc', 'github.com/golang/protobuf/proto'].map(
        (name) => join(GO_LIBRARIES, 'src', name),
      ),
    },
    openssl: { programs: ['openssl'], directories: [] },
    setpriv: { programs: ['setpriv'], directories: [] },
    rust: { programs: [CARGO, RUSTC, 'wasm-ld-14'], directories: [join(RUST_TARGETS, 'wasm32-wasi')] },
    tmux: { programs: ['tmux'], directories: [] },
    python: {
      programs: [PYTHON, 'protoc'],
      directories: ['grpc', 'google/protobuf', 'cryptography'].map((name) => join(PYTHON_MODULES, name)),
    },
    postgres: { programs: ['initdb', 'postgres'].map((name) => join(POSTGRES_PROGRAMS, name)), directories: [] },
  };

/** Looks for the programs and directories of a peer. Cheap: starts nothing. */
export function peerAvailability(
  peer: Peer,
  env: Readonly<Record<string, string | undefined>> = process.env,
): PeerAvailability {
  const { programs, directories } = NEEDS[peer];
  const missing = [
    ...programs.filter((program) => findProgram(program, env['PATH']) === undefined),
    ...directories.filter((directory) => !isDirectory(directory)),
  ];
  if (missing.length === 0) return { available: true };
  return { available: false, reason: `peer "${peer}" needs ${missing.join(', ')}` };
}

/** The path of an executable file of that name in a `PATH`, or undefined. A path stands for itself. */
export function findProgram(name: string, path = ''): string | undefined {
  if (isAbsolute(name)) return isExecutable(name) ? name : undefined;
  return path
    .split(delimiter)
    .filter((directory) => directory !== '')
    .map((directory) => join(directory, name))
    .find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    // Not there, or not for us: both mean that it cannot be used.
    return false;
  }
}

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

/** A folder below the one with the highest number; below one that is not there when there is none. */
function newestIn(directory: string, folder: string): string {
  const versions = isDirectory(directory) ? readdirSync(directory).filter((name) => /^\d+$/.test(name)) : [];
  const [newest = 'none'] = versions.sort((a, b) => Number(b) - Number(a));
  return join(directory, newest, folder);
}
