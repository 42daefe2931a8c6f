// What can be said about a data directory from outside, whether a host runs on it or not.

import { lstat, stat } from 'node:fs/promises';
import type { Stats } from 'node:fs';
import { RuntimeError } from '../../../errors/index.ts';
import type { DataDirectory } from '../../../host/index.ts';
import { countOf } from '../../count-of.ts';
import { readHostConfig } from '../../run/host-config.ts';
import { failed, ok, warning } from './check.ts';
import type { Check } from './check.ts';

/** What a unix socket's path may have, in bytes. */
const MAX_SOCKET_PATH_BYTES = process.platform === 'linux' ? 107 : 103;

/** Whether the directory is this user's alone. */
export async function checkDirectory({ root }: DataDirectory): Promise<Check> {
  const stats = await statsOf(root);
  if (stats === undefined) return warning('directory', `${root} does not exist yet; troupe run --data makes it`);
  if (!stats.isDirectory()) return failed('directory', `${root} is no directory`);
  const own = process.geteuid?.();
  if (own !== undefined && stats.uid !== own) {
    return failed('directory', `${root} belongs to user ${stats.uid}, and this is ${own}`);
  }
  if ((stats.mode & 0o077) !== 0) {
    return failed('directory', `${root} has mode ${modeOf(stats)}, and must have 700: chmod 700 ${root}`);
  }
  return ok('directory', `${root} is this user's alone`);
}

/** Whether files that nobody else may see have the right modes. Missing ones are made by the host. */
export async function checkSecrets({ auditKey, opsToken, database }: DataDirectory): Promise<Check> {
  const open: string[] = [];
  for (const path of [auditKey, opsToken, database]) {
    const stats = await statsOf(path);
    if (stats !== undefined && (stats.mode & 0o077) !== 0) {
      open.push(`${path} has mode ${modeOf(stats)}: chmod 600 ${path}`);
    }
  }
  if (open.length === 0) return ok('secrets', 'keys, tokens and the database can be read by this user only');
  return failed('secrets', `${countOf(open.length, 'file')} can be read by others`, open);
}

/** Whether a host could read its settings. Those that `--config` names elsewhere are not known here. */
export async function checkSettings({ config }: DataDirectory): Promise<Check> {
  if ((await statsOf(config)) === undefined) return ok('settings', `there is no ${config}: everything has its default`);
  try {
    await readHostConfig(config, false);
    return ok('settings', `${config} can be used`);
  } catch (error) {
    const { rawMessage, details } = RuntimeError.from(error);
    const { problems } = details;
    return failed('settings', rawMessage, Array.isArray(problems) ? problems.map(String) : []);
  }
}

/** Whether a socket of the path can exist at all. */
export function checkSocketPath({ adminSocket }: DataDirectory): Check {
  const bytes = Buffer.byteLength(adminSocket);
  if (bytes <= MAX_SOCKET_PATH_BYTES) return ok('socket path', `${bytes} of ${MAX_SOCKET_PATH_BYTES} bytes`);
  return failed('socket path', `${adminSocket} has ${bytes} bytes; the system allows ${MAX_SOCKET_PATH_BYTES}`);
}

/** What is at the path of the socket. */
export async function socketExists({ adminSocket }: DataDirectory): Promise<boolean> {
  try {
    return (await lstat(adminSocket)).isSocket();
  } catch {
    // Not there.
    return false;
  }
}

async function statsOf(path: string): Promise<Stats | undefined> {
  try {
    return await stat(path);
  } catch {
    // Not there, or not to be looked at: the checks say what that means.
    return undefined;
  }
}

function modeOf({ mode }: Stats): string {
  return (mode & 0o777).toString(8).padStart(3, '0');
}
