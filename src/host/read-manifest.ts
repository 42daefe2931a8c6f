import type { LoadedManifest } from './manifest/index.ts';

/**
 * Reads and checks the manifest of a plugin: the path of a file, or of a folder with a `plugin.yaml` or `plugin.json`.
 *
 * @throws MANIFEST_NOT_FOUND; MANIFEST_INVALID with everything that is wrong: for people in `details.problems`, for
 *   programs in `details.errors`
 */
export async function readManifest(path: string): Promise<LoadedManifest> {
  const manifests = await import('./manifest/index.ts');
  return manifests.readManifest(path);
}
