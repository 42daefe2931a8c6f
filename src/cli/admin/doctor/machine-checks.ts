// What can be said about the machine, without a host.

import { access, constants, statfs } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { OLDEST_NODE, requireSupportedNode } from '../../../ports/index.ts';
import { failed, ok, warning } from './check.ts';
import type { Check } from './check.ts';

const MIB = 1024 * 1024;
/** Below this, installs and logs come to an end soon. */
const LITTLE_BYTES = 1024 * MIB;
const TOO_LITTLE_BYTES = 64 * MIB;

/** Programs that something of the package uses when they are there. */
const TOOLS: readonly (readonly [string, string])[] = [
  ['setpriv', 'plugins end with a host that was killed; without it a process of its own watches'],
  ['esbuild', 'troupe plugin build and dev'],
  ['go', 'plugins in Go'],
  ['tinygo', 'plugins in Go for wasm'],
  ['cargo', 'plugins in Rust'],
];

/** Whether this Node.js is one that the package supports. */
export function checkNode(): Check {
  try {
    requireSupportedNode();
    return ok('node', `Node.js ${process.versions.node} on ${process.platform} ${process.arch}`);
  } catch {
    return failed('node', `Node.js ${process.versions.node} is older than ${OLDEST_NODE}`);
  }
}

/** How much room there is where the data directory is, or will be. */
export async function checkDiskSpace(directory: string): Promise<Check> {
  const place = await nearestDirectory(directory);
  const { bavail, bsize } = await statfs(place);
  const free = bavail * bsize;
  const text = `${Math.floor(free / MIB)} MiB are free at ${place}`;
  if (free < TOO_LITTLE_BYTES) return failed('disk', text);
  return free < LITTLE_BYTES ? warning('disk', text) : ok('disk', text);
}

/** Which programs are there. None of them is needed. */
export async function checkTools(env: NodeJS.ProcessEnv = process.env): Promise<Check> {
  const found = await Promise.all(
    TOOLS.map(async ([name, use]) => {
      const path = await findProgram(name, env);
      return path === undefined
        ? { isThere: false, line: `${name} is not there: ${use}` }
        : { isThere: true, line: path };
    }),
  );
  const there = found.filter(({ isThere }) => isThere).length;
  return ok(
    'tools',
    `${there} of ${TOOLS.length} optional programs are there`,
    found.map(({ line }) => line),
  );
}

async function findProgram(name: string, env: NodeJS.ProcessEnv): Promise<string | undefined> {
  const directories = ['node_modules/.bin', ...(env['PATH'] ?? '').split(delimiter)].filter((each) => each !== '');
  for (const directory of directories) {
    const path = join(directory, name);
    if (await canDo(path, constants.X_OK)) return path;
  }
  return undefined;
}

async function nearestDirectory(path: string): Promise<string> {
  if ((await canDo(path, constants.F_OK)) || dirname(path) === path) return path;
  return nearestDirectory(dirname(path));
}

async function canDo(path: string, mode: number): Promise<boolean> {
  try {
    await access(path, mode);
    return true;
  } catch {
    // Then it cannot; why does not matter here.
    return false;
  }
}
