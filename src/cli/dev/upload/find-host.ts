// Which host the development loop talks to, and with what token.
//
// Invariants:
//   F1. What the command line says wins; then comes the host that runs on the data directory.
//   F2. Whether one runs is told by its admin socket. What a host that was killed has written down counts for nothing.
//   F3. A directory that somebody has named is never passed over: without a host there the command fails.

import { isRuntimeError, RuntimeError } from '../../../errors/index.ts';
import { dataDirectoryAt, readRunningHost, readSecret, requireAdminSocket } from '../../../host/index.ts';
import type { DataDirectory } from '../../../host/index.ts';
import type { Clock } from '../../../ports/index.ts';
import { dataDirectoryOf } from '../../admin/data-flag.ts';
import type { HostAddress } from './host-address.ts';

/** What the command line said. */
export interface FindHostOptions {
  /** As `parseHost` gives it. */
  readonly host: string | undefined;
  readonly token: string | undefined;
  readonly data: string | undefined;
}

/** Where a host is looked for when no directory says anything. */
export const USUAL_HOST = 'http://localhost:8080';

/**
 * The address of the host and its token; the latter is what was given, else `TROUPE_DEV_TOKEN`, else that of the data
 * directory. Without one the host says no.
 *
 * @throws HOST_NOT_RUNNING when the directory was named and no host with a listener runs on it
 */
export async function findHost(
  options: FindHostOptions,
  clock: Clock,
  env: NodeJS.ProcessEnv = process.env,
): Promise<HostAddress> {
  const places = dataDirectoryAt(dataDirectoryOf(options.data, env));
  const base = options.host ?? (await listenerOn(places, options.data !== undefined, clock)) ?? USUAL_HOST;
  const given = options.token ?? env['TROUPE_DEV_TOKEN'];
  const token = given !== undefined && given !== '' ? given : await readSecret(places.opsToken);
  return { base, token };
}

/** F2, F3. */
async function listenerOn(places: DataDirectory, isNamed: boolean, clock: Clock): Promise<string | undefined> {
  const { root } = places;
  const start = `troupe run --data ${root} --ops 0 --dev`;
  try {
    await requireAdminSocket(places.adminSocket, clock);
  } catch (cause) {
    if (!isNamed) return undefined;
    if (!isRuntimeError(cause) || cause.code !== 'HOST_NOT_RUNNING') throw cause;
    throw new RuntimeError('HOST_NOT_RUNNING', `no host runs on ${root}; start one with: ${start}`, { cause });
  }
  const opsUrl = (await readRunningHost(places))?.opsUrl;
  if (opsUrl !== undefined || !isNamed) return opsUrl;
  throw new RuntimeError('HOST_NOT_RUNNING', `the host on ${root} has no listener; start it with: ${start}`);
}
