import type { Clock } from '../../ports/index.ts';
import { throwIfCancelled } from './bundle-error.ts';
import { resolveBundleLimits } from './bundle-limits.ts';
import type { BundleLimits } from './bundle-limits.ts';
import type { BundleRecord } from './record/bundle-record.ts';
import { checkRuntime } from './record/runtime-facts.ts';
import { checkSignatures, judgeSignatures, resolveTrust } from './signing/trust.ts';
import type { SignatureCheck, SignaturePolicy, Signer, TrustOptions } from './signing/trust.ts';
import { drain } from './source/open-bundle.ts';
import { withBundle } from './source/with-bundle.ts';

/** How a bundle is looked at. */
export interface VerifyBundleOptions {
  readonly clock: Clock;
  readonly limits?: BundleLimits | undefined;
  /** Default: no key is trusted. */
  readonly trust?: TrustOptions | undefined;
  /** Default `required`. */
  readonly policy?: SignaturePolicy | undefined;
  /** Hears of each file before it is read. */
  readonly onFile?: ((path: string, index: number, count: number) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** What a bundle is, now that all of it was read. */
export interface VerifiedBundle {
  readonly record: BundleRecord;
  readonly signatures: readonly SignatureCheck[];
  /** Undefined when no signature counts. */
  readonly signer: Signer | undefined;
  /** One line each. */
  readonly warnings: readonly string[];
}

/**
 * Reads a bundle, packed or in a directory, to its last byte, and installs nothing.
 *
 * Rejects with what is wrong: BUNDLE_*, MANIFEST_*, SIGNATURE_* codes, or CANCELLED.
 */
export async function verifyBundle(path: string, options: VerifyBundleOptions): Promise<VerifiedBundle> {
  const { clock, policy = 'required', onFile, signal } = options;
  const limits = resolveBundleLimits(options.limits);
  const trust = resolveTrust(options.trust);
  return withBundle(path, { limits, signal }, async (bundle) => {
    const { label, record } = bundle;
    for (const [index, file] of record.files.entries()) {
      throwIfCancelled(signal, `the check of ${label}`);
      onFile?.(file.path, index, record.files.length);
      await drain(bundle.read(file));
    }
    const signatures = checkSignatures(record.digest, bundle.signatures, trust, clock.now());
    const { signer, warnings } = judgeSignatures(label, signatures, policy);
    return { record, signatures, signer, warnings: [...warnings, ...checkRuntime(label, record.runtime)] };
  });
}
