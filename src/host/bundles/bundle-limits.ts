// How large a bundle may be. Every way in and out (pack, sign, verify, stage, download) goes by these numbers and no
// others.

import { InvalidOptionsError } from '../../errors/index.ts';
import { requirePositiveInteger } from '../../policy/index.ts';
import { MAX_MANIFEST_BYTES } from '../manifest/manifest-size.ts';

/** Limits of bundles. What is not given has its default. */
export interface BundleLimits {
  /** Bytes of an archive, on disk and over the network. Default 64 MiB. */
  readonly maxArchiveBytes?: number;
  /** The plugin's files and the directories that they stand in, together. Default 10,000. */
  readonly maxEntries?: number;
  /** Bytes of one file. Default 64 MiB. */
  readonly maxEntryBytes?: number;
  /** Bytes of all files together. Default 256 MiB. */
  readonly maxTotalBytes?: number;
  /** Bytes of a path, as UTF-8. Default 512. */
  readonly maxPathBytes?: number;
  /** Names in a path. Default 32. */
  readonly maxDepth?: number;
  /** How many bytes one byte of an archive may become, in a file of more than 1 MiB. Default 200. */
  readonly maxRatio?: number;
  /** Bytes of the manifest; never more than the 256 KiB that manifests may have anyway. Default 256 KiB. */
  readonly maxManifestBytes?: number;
  /** Bytes of `bundle.json`. Default 8 MiB. */
  readonly maxRecordBytes?: number;
  /** Signatures of one bundle. Default 16. */
  readonly maxSignatures?: number;
  /** Bytes of one signature file. Default 4 KiB. */
  readonly maxSignatureBytes?: number;
}

/** Limits with their defaults filled in. */
export type ResolvedBundleLimits = Required<BundleLimits>;

const KIB = 1024;
const MIB = 1024 * KIB;

/** What holds when nothing else is configured. */
export const DEFAULT_BUNDLE_LIMITS: ResolvedBundleLimits = {
  maxArchiveBytes: 64 * MIB,
  maxEntries: 10_000,
  maxEntryBytes: 64 * MIB,
  maxTotalBytes: 256 * MIB,
  maxPathBytes: 512,
  maxDepth: 32,
  maxRatio: 200,
  maxManifestBytes: MAX_MANIFEST_BYTES,
  maxRecordBytes: 8 * MIB,
  maxSignatures: 16,
  maxSignatureBytes: 4 * KIB,
};

/** Bytes of one name in a path: what file systems take. */
export const MAX_NAME_BYTES = 255;
/** Smaller files may be compressed as much as they like: they are no bomb. */
export const RATIO_FLOOR_BYTES = MIB;

/** Throws `InvalidOptionsError` naming the limit that is no whole number of at least 1, or that there is not. */
export function resolveBundleLimits(limits: BundleLimits = {}): ResolvedBundleLimits {
  const unknown = Object.keys(limits).find((name) => !Object.hasOwn(DEFAULT_BUNDLE_LIMITS, name));
  if (unknown !== undefined) throw new InvalidOptionsError(`limits.${unknown}`, 'is no limit of bundles');
  const given = Object.entries(limits).filter(([, value]) => value !== undefined);
  for (const [name, value] of given) requirePositiveInteger(`limits.${name}`, value as number);
  const resolved = { ...DEFAULT_BUNDLE_LIMITS, ...Object.fromEntries(given) };
  return { ...resolved, maxManifestBytes: Math.min(resolved.maxManifestBytes, MAX_MANIFEST_BYTES) };
}
