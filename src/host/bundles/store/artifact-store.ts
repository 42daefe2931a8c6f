// What plugins are made of, by their digests. Loads what reads bundles when the first one is asked for.

import { resolve } from 'node:path';
import type { RuntimeError } from '../../../errors/index.ts';
import type { Environment } from '../../../ports/index.ts';
import type { PluginSource } from '../../lifecycle/types.ts';
import type { LoadedManifest } from '../../manifest/index.ts';
import { resolveBundleLimits } from '../bundle-limits.ts';
import type { BundleLimits } from '../bundle-limits.ts';
import { resolveDownload } from '../download/download-options.ts';
import type { DownloadOptions } from '../download/download-options.ts';
import type { BundleRecord } from '../record/bundle-record.ts';
import { resolveTrust } from '../signing/trust.ts';
import type { SignatureCheck, SignaturePolicy, Signer, TrustOptions } from '../signing/trust.ts';

/** A store of artifacts. */
export interface ArtifactStoreOptions {
  /** Its directory; made when it is missing, for this user alone. */
  readonly root: string;
  readonly environment: Environment;
  readonly limits?: BundleLimits;
  /** Default: no key is trusted, so that only local directories are taken. */
  readonly trust?: TrustOptions;
  readonly download?: DownloadOptions;
}

/** How a plugin is staged. */
export interface StageOptions {
  /** Default: that of the store for this kind of source. */
  readonly policy?: SignaturePolicy | undefined;
  /** The highest version that was ever installed of a plugin, or who knows it. Default: none was. */
  readonly highest?: string | ((plugin: string) => string | undefined | Promise<string | undefined>) | undefined;
  /** Takes a version below the highest. Default false. */
  readonly allowDowngrade?: boolean | undefined;
  /** What it must be. */
  readonly expect?: { readonly name?: string; readonly digest?: string } | undefined;
  /** Hears how far it is. */
  readonly onProgress?: ((progress: StageProgress) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** How far a stage is. */
export interface StageProgress {
  readonly step: 'downloading' | 'reading' | 'verifying' | 'copying' | 'publishing';
  /** Bytes of a download, files of a copy. */
  readonly done: number;
  /** Undefined where nobody knows. */
  readonly total: number | undefined;
}

/** An artifact in its store. */
export interface Artifact {
  /** By which it is opened and removed; SHA-256 in lower-case hexadecimal. */
  readonly digest: string;
  /** Absolute path of the plugin's files, which nobody may write. */
  readonly directory: string;
  readonly loaded: LoadedManifest;
  readonly manifestText: string;
  readonly record: BundleRecord;
  /** Who has signed it, by the keys that the store trusts now; undefined when nobody did. */
  readonly signer: Signer | undefined;
  /**
   * Why nobody may rely on its signature any more: SIGNATURE_KEY_REVOKED, or SIGNATURE_KEY_EXPIRED. Undefined when one
   * signature counts, when none is by a key that is known, and for one that is just staged: its policy has judged.
   */
  readonly distrust?: RuntimeError | undefined;
  /** Of the plugin's files. */
  readonly bytes: number;
}

/** An artifact that was just brought in. */
export interface StagedArtifact extends Artifact {
  /** One line each. */
  readonly warnings: readonly string[];
  /** Whether this stage has put it there; one that was not is also somebody else's, and stays when this one is undone. */
  readonly isFresh: boolean;
}

/** An artifact whose files were all read. */
export interface VerifiedArtifact extends Artifact {
  readonly signatures: readonly SignatureCheck[];
}

/** Artifacts by digest. Owns nothing that must be closed. */
export interface ArtifactStore {
  /**
   * Removes what a process that is gone has left half-done, and returns its names. Every other call does it first when it
   * was not done yet.
   */
  sweep(): Promise<readonly string[]>;
  /**
   * Brings a plugin in: reads it, checks signatures, version and limits, lays it out read-only. Leaves nothing when it
   * rejects: with BUNDLE_*, SIGNATURE_*, DOWNLOAD_*, MANIFEST_* codes, DOWNGRADE_REFUSED or CANCELLED.
   */
  stage(source: PluginSource, options?: StageOptions): Promise<StagedArtifact>;
  /** Rejects with BUNDLE_UNKNOWN, or BUNDLE_CORRUPT when files are missing or have another length. */
  open(digest: string): Promise<Artifact>;
  /** Reads every file, and looks at the signatures anew. Rejects with BUNDLE_UNKNOWN, or BUNDLE_CORRUPT. */
  verify(digest: string, options?: { readonly signal?: AbortSignal }): Promise<VerifiedArtifact>;
  /** Returns whether it was there. Whoever runs from it is stopped before. */
  remove(digest: string): Promise<boolean>;
  /** The digests, sorted. */
  list(): Promise<readonly string[]>;
}

/** Opens a store; touches no file yet. Throws `InvalidOptionsError`. */
export function createArtifactStore(options: ArtifactStoreOptions): ArtifactStore {
  const { environment, download = {} } = options;
  resolveDownload(download);
  const context = {
    root: resolve(options.root),
    limits: resolveBundleLimits(options.limits),
    trust: resolveTrust(options.trust),
    download,
    environment,
  };
  let opening: Promise<readonly string[]> | undefined;
  const sweep = (): Promise<readonly string[]> => {
    opening ??= import('./store-actions.ts').then(({ openStore }) => openStore(context));
    // A store that cannot be opened now may be another time.
    opening.catch(() => (opening = undefined));
    return opening;
  };
  const actions = async (): Promise<typeof import('./store-actions.ts')> => {
    await sweep();
    return import('./store-actions.ts');
  };
  return {
    sweep,
    stage: async (source, given = {}) => (await actions()).stageSource(context, source, given),
    open: async (digest) => (await actions()).openStored(context, digest),
    verify: async (digest, given = {}) => (await actions()).verifyStored(context, digest, given.signal),
    remove: async (digest) => (await actions()).removeStored(context, digest),
    list: async () => (await actions()).listStored(context),
  };
}
