import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packBundle } from '../../../host/bundles/index.ts';
import { copyPlugin } from './plugin-files.ts';

/** A bundle in memory. */
export interface PackedPlugin {
  readonly bytes: Uint8Array;
  /** Digest of the files; the host gives the same files the same one. */
  readonly digest: string;
}

/** Packs the files as they are now: they are copied first, so that a build that begins meanwhile changes nothing. */
export async function packPlugin(
  directory: string,
  files: readonly string[],
  signal?: AbortSignal,
): Promise<PackedPlugin> {
  const work = await mkdtemp(join(tmpdir(), 'troupe-pack-'));
  try {
    const copy = join(work, 'plugin');
    await copyPlugin(directory, files, copy);
    const { file, record } = await packBundle(copy, { out: join(work, 'plugin.troupe'), signal });
    return { bytes: await readFile(file), digest: record.digest };
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}
