// One signature of a bundle: a file below `signatures/`.
//
// Invariants:
//   S1. What is signed is the digest, and nothing else can be mistaken for it: the text that is signed begins with the name
//       of this format.
//   S2. A signature says which key it claims to be of. Which keys count, and what they are, the host alone knows.

import { sign, verify } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { fingerprintOf } from './keys.ts';

/** The format of a signature. */
export const SIGNATURE_FORMAT = 'troupe.signature/v1';

/** A signature, as its file holds it. */
export interface BundleSignature {
  readonly format: typeof SIGNATURE_FORMAT;
  readonly algorithm: 'ed25519';
  /** Fingerprint of the public key. */
  readonly key: string;
  /** What is signed. */
  readonly digest: string;
  /** In Base64. */
  readonly signature: string;
}

/** Signs a digest. */
export function signDigest(digest: string, privateKey: KeyObject): BundleSignature {
  const signature = sign(null, messageOf(digest), privateKey).toString('base64');
  return { format: SIGNATURE_FORMAT, algorithm: 'ed25519', key: fingerprintOf(privateKey), digest, signature };
}

/** Whether a signature is of this key, and of this digest. */
export function isSignatureOf(
  digest: string,
  { key, digest: signed, signature }: BundleSignature,
  by: KeyObject,
): boolean {
  const isMeant = signed === digest && key === fingerprintOf(by);
  return isMeant && verify(null, messageOf(digest), by, Buffer.from(signature, 'base64'));
}

/** S1. */
function messageOf(digest: string): Buffer {
  return Buffer.from(`${SIGNATURE_FORMAT}\n${digest}\n`);
}
