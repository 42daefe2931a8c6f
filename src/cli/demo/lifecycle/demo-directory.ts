// The data directory of the demo: it stays, so that a later demo finds what an earlier one has installed.
//
// Invariants:
//   D1. Only a directory that a demo has made is ever used or cleared. A mark in it says so; without the mark it is empty or
//       refused.
//   D2. It is cleared by whoever has its lock, so never below a host that runs.

import { readdir, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { RuntimeError } from '../../../errors/index.ts';
import { dataDirectoryAt, prepareDataDirectory, takeHostLock } from '../../../host/index.ts';
import { createRealClock } from '../../../ports/index.ts';
import { removeTree } from '../../../transport/process/index.ts';
import { dataDirectoryOf } from '../../admin/data-flag.ts';

const MARK = 'demo.json';

/** Where a demo keeps its plugins when nobody says where: beside the usual data directory, and never in it. */
export function usualDemoDirectory(env: NodeJS.ProcessEnv = process.env): string {
  const usual = dataDirectoryOf(undefined, { ...env, TROUPE_DATA: '' });
  return join(dirname(usual), 'troupe-demo');
}

/**
 * Makes the directory ready, and clears it when that is wanted.
 *
 * @throws DATA_DIRECTORY_INVALID when it cannot be made, or holds what no demo has left there; HOST_RUNNING when it is to be
 *   cleared and a host runs on it
 */
export async function prepareDemoDirectory(directory: string, isReset: boolean): Promise<void> {
  const root = resolve(directory);
  const names = await namesIn(root);
  if (names.length > 0 && !names.includes(MARK)) {
    throw new RuntimeError('DATA_DIRECTORY_INVALID', `${root} holds what is not of a demo; take an empty directory`);
  }
  await prepareDataDirectory(root);
  if (isReset) await clear(root);
  await writeFile(join(root, MARK), '{"made":"troupe demo"}\n', { mode: 0o600 }).catch((cause: unknown) => {
    throw new RuntimeError('DATA_DIRECTORY_INVALID', `nothing can be written to ${root}`, { cause });
  });
}

/** D2. The lock itself stays: another host may wait for it. */
async function clear(root: string): Promise<void> {
  const places = dataDirectoryAt(root);
  const startedAt = createRealClock().now();
  const lock = await takeHostLock(places, { pid: process.pid, hostId: 'demo-reset', startedAt });
  try {
    const own = [places.hostLock, places.hostFile, join(root, MARK)];
    const paths = (await namesIn(root)).map((name) => join(root, name)).filter((path) => !own.includes(path));
    for (const path of paths) await removeTree(path);
  } finally {
    lock.release();
  }
}

async function namesIn(root: string): Promise<readonly string[]> {
  try {
    return await readdir(root);
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return [];
    throw new RuntimeError('DATA_DIRECTORY_INVALID', `${root} is no directory that can be read`, { cause });
  }
}
