import { createWriteStream } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { RuntimeError } from '../../errors/index.ts';
import { resolveBundleLimits } from '../bundles/bundle-limits.ts';
import { openArchive } from '../bundles/source/open-archive.ts';

/** A bundle that lies in a directory of its own. Whoever has it unpacked removes it. */
export interface UnpackedBundle {
  readonly directory: string;
  /** Digest of its files. */
  readonly digest: string;
  remove(): Promise<void>;
}

const FILE_MODE = 0o600;
const EXECUTABLE_MODE = 0o700;

/**
 * Unpacks a bundle. Its manifest must be the one that came beside it, if one came. Rejects as bundles are refused, and
 * with UPLOAD_MALFORMED; nothing is then left.
 */
export async function unpackBundle(
  bytes: Uint8Array,
  manifest: string | undefined,
  parent?: string,
): Promise<UnpackedBundle> {
  const bundle = await openArchive('the bundle', { bytes }, resolveBundleLimits());
  if (manifest !== undefined && bundle.manifestText !== manifest) {
    throw new RuntimeError('UPLOAD_MALFORMED', 'the upload has another manifest than its bundle');
  }
  const directory = await mkdtemp(join(parent ?? tmpdir(), 'troupe-dev-'));
  const remove = (): Promise<void> => rm(directory, { recursive: true, force: true });
  try {
    for (const file of bundle.record.files) {
      const path = join(directory, file.path);
      await mkdir(dirname(path), { recursive: true });
      const mode = file.executable === true ? EXECUTABLE_MODE : FILE_MODE;
      await pipeline(Readable.from(bundle.read(file)), createWriteStream(path, { mode, flags: 'wx' }));
    }
    return { directory, digest: bundle.record.digest, remove };
  } catch (error) {
    await remove();
    throw error;
  }
}
