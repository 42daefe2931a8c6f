import { constants } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { bundleError, reasonOf } from '../bundle-error.ts';
import type { ResolvedBundleLimits } from '../bundle-limits.ts';
import { openArchive } from './open-archive.ts';
import type { OpenBundle } from './open-bundle.ts';
import { openDirectory } from './open-directory.ts';

/** How a bundle is opened. */
export interface WithBundleOptions {
  readonly limits: ResolvedBundleLimits;
  readonly signal?: AbortSignal | undefined;
}

/** How somebody's file is opened: a pipe that nobody writes to must not hold up whoever looks whether it is one. */
export const READ = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);

/** Opens an archive for as long as `use` takes. Rejects as `openArchive`, with BUNDLE_NOT_FOUND, and as `use`. */
export async function withArchive<T>(
  label: string,
  file: string,
  { limits }: WithBundleOptions,
  use: (bundle: OpenBundle) => Promise<T>,
): Promise<T> {
  const handle = await open(file, READ).catch((cause: unknown) => {
    throw bundleError('BUNDLE_NOT_FOUND', label, `cannot be read (${reasonOf(cause)})`, cause);
  });
  try {
    const stats = await handle.stat();
    if (!stats.isFile()) throw bundleError('BUNDLE_NOT_FOUND', label, 'is not a file');
    return await use(await openArchive(label, { handle, size: stats.size }, limits));
  } finally {
    await handle.close();
  }
}

/** Opens what is at a path, an archive or a directory, for as long as `use` takes. */
export async function withBundle<T>(
  path: string,
  options: WithBundleOptions,
  use: (bundle: OpenBundle) => Promise<T>,
): Promise<T> {
  const stats = await stat(path).catch(() => undefined);
  if (stats?.isDirectory() === true) return use(await openDirectory(path, options));
  return withArchive(`bundle "${path}"`, path, options, use);
}
