import { RuntimeError } from '../../errors/index.ts';
import type { PluginRow } from '../../ports/lifecycle-store.ts';
import type { Manifest } from '../manifest/index.ts';

/** Manifests that are kept: as many as plugins that a host is likely to have. */
const MOST_MANIFESTS = 1024;

/** The manifests of rows, each read once. */
export class ManifestCache {
  readonly #byDigest = new Map<string, Manifest>();

  /** Throws MANIFEST_INVALID when the row has none that can be read. */
  async of({ slug, digest, manifest: text }: Pick<PluginRow, 'slug' | 'digest' | 'manifest'>): Promise<Manifest> {
    const known = this.#byDigest.get(digest);
    if (known !== undefined) return known;
    const { checkManifest } = await import('../manifest/index.ts');
    const checked = checkManifest(text, text.trimStart().startsWith('{') ? 'json' : 'yaml', '/');
    if (!('manifest' in checked)) {
      throw new RuntimeError('MANIFEST_INVALID', `the stored manifest of plugin "${slug}" cannot be used`, {
        details: { errors: checked.problems },
      });
    }
    if (this.#byDigest.size >= MOST_MANIFESTS) this.#byDigest.clear();
    this.#byDigest.set(digest, checked.manifest);
    return checked.manifest;
  }
}
