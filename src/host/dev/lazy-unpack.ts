import type { UnpackedBundle } from './unpack-bundle.ts';

/** Unpacks a bundle, as `unpack-bundle.ts` does; loads it, and what reads archives, with the first call. */
export async function unpackBundle(
  bytes: Uint8Array,
  manifest: string | undefined,
  parent?: string,
): Promise<UnpackedBundle> {
  const unpacking = await import('./unpack-bundle.ts');
  return unpacking.unpackBundle(bytes, manifest, parent);
}
