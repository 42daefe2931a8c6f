// Bundles of plugins, and the store of what was installed. The store alone loads little: `store/artifact-store.ts`.

export { resolveBundleLimits } from './bundle-limits.ts';
export type { BundleLimits, ResolvedBundleLimits } from './bundle-limits.ts';
export type { DownloadOptions } from './download/download-options.ts';
export type { DownloadRequest, DownloadResponse, Fetch, Resolve } from './download/http-request.ts';
export { createLockFile, requireLocked, sourceText } from './lock-file.ts';
export type { LockedPlugin, LockFile, LockProblem } from './lock-file.ts';
export { packBundle, signBundle } from './pack.ts';
export type { PackOptions, WriteBundleOptions, WrittenBundle } from './pack.ts';
export type { BundledFile, BundleRecord, RuntimeFacts } from './record/bundle-record.ts';
export { createSigningKey, fingerprintOf, readSigningKey, writeSigningKey } from './signing/keys.ts';
export type { SigningKeyPair, WrittenSigningKey } from './signing/keys.ts';
export type { BundleSignature } from './signing/signature.ts';
export { readTrustFile } from './signing/trust-file.ts';
export type {
  SignatureCheck,
  SignaturePolicies,
  SignaturePolicy,
  Signer,
  TrustedKey,
  TrustOptions,
} from './signing/trust.ts';
export { createArtifactStore } from './store/artifact-store.ts';
export type {
  Artifact,
  ArtifactStore,
  ArtifactStoreOptions,
  StagedArtifact,
  StageOptions,
  StageProgress,
  VerifiedArtifact,
} from './store/artifact-store.ts';
export { verifyBundle } from './verify.ts';
export type { VerifiedBundle, VerifyBundleOptions } from './verify.ts';
