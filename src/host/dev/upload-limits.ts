// How large an upload may be. Apart from what reads one, which is loaded with the first.

import { DEFAULT_BUNDLE_LIMITS } from '../bundles/bundle-limits.ts';

const { maxArchiveBytes, maxEntryBytes, maxManifestBytes } = DEFAULT_BUNDLE_LIMITS;

/** Bytes of each part. The numbers are those of bundles. */
export const PART_LIMITS: Readonly<Record<string, number>> = {
  manifest: maxManifestBytes,
  bundle: maxArchiveBytes,
  wasm: maxEntryBytes,
  consent: 64 * 1024,
  session: 128,
  generation: 16,
};
const OVERHEAD_BYTES = 64 * 1024;

/** The most bytes that one request may have. */
export const MAX_UPLOAD_BYTES: number = maxManifestBytes + Math.max(maxArchiveBytes, maxEntryBytes) + OVERHEAD_BYTES;
