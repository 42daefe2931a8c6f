import type { TrustOptions } from './bundles/signing/trust.ts';

/**
 * Reads the file in which a host's configuration names the keys that it trusts.
 *
 * @throws SIGNATURE_TRUST_INVALID with everything that is wrong in `details.problems`
 */
export async function readTrust(path: string): Promise<TrustOptions> {
  const { readTrustFile } = await import('./bundles/signing/trust-file.ts');
  return readTrustFile(path);
}
