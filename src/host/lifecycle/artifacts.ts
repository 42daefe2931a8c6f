import type { RuntimeError } from '../../errors/index.ts';
import type { LoadedManifest } from '../manifest/index.ts';
import type { PluginSource } from './types.ts';

/** The files of one version of a plugin, in a directory that nobody changes. */
export interface StoredArtifact {
  /** Of all files: 64 hexadecimal digits. */
  readonly digest: string;
  readonly directory: string;
  readonly loaded: LoadedManifest;
  /** The manifest as it was written. */
  readonly manifestText: string;
  /**
   * Why nobody may rely on its signature any more, by the keys that are trusted now: SIGNATURE_KEY_REVOKED or
   * SIGNATURE_KEY_EXPIRED. Undefined when there is nothing against it, also when nobody has signed it.
   */
  readonly distrust?: RuntimeError | undefined;
}

/** An artifact that was fetched just now. */
export interface StagedArtifact extends StoredArtifact {
  /** Who signed it, as plain JSON; undefined when nobody did, and that was allowed. */
  readonly signer: object | undefined;
}

/** How an artifact is fetched. */
export interface StageArtifactOptions {
  /** Gives it up; nothing is left then. */
  readonly signal?: AbortSignal | undefined;
  /** Hears what is being done, such as `downloading` and `verifying`. */
  readonly onProgress?: ((progress: { readonly step: string }) => void) | undefined;
  /** The highest version of a plugin that was ever installed. */
  readonly highest?: ((plugin: string) => Promise<string | undefined>) | undefined;
  readonly allowDowngrade?: boolean | undefined;
}

/**
 * Keeps the files of versions, by what they are: the artifact store of the bundles is one. Nothing of a `stage` that failed
 * is left.
 */
export interface Artifacts {
  /** Fetches, checks and keeps. The same files are kept once. */
  stage(source: PluginSource, options?: StageArtifactOptions): Promise<StagedArtifact>;
  /** Rejects with BUNDLE_UNKNOWN when it is not there. */
  open(digest: string): Promise<StoredArtifact>;
  /** Does nothing when it is not there. */
  remove(digest: string): Promise<unknown>;
  /** Digests of all that are there. Those that no version is made of are removed, so all belong to one lifecycle store. */
  list(): Promise<readonly string[]>;
  /** Removes what a process that is gone has left half-done. */
  sweep?(): Promise<unknown>;
}
