// The file of a signature.

import { hasRepeatedKeys } from '../record/repeated-keys.ts';
import { SIGNATURES_FOLDER } from '../record/reserved-names.ts';
import { z } from 'zod';
import { entryCorrupt } from '../bundle-error.ts';
import { SIGNATURE_FORMAT } from './signature.ts';
import type { BundleSignature } from './signature.ts';

const hexadecimal = z.string().regex(/^[0-9a-f]{64}$/);
// 64 bytes in Base64 have one way to be written, and this length.
const SIGNATURE = /^[A-Za-z0-9+/]{85}[AQgw]==$/;

const signatureSchema = z.strictObject({
  format: z.literal(SIGNATURE_FORMAT),
  algorithm: z.literal('ed25519'),
  key: hexadecimal,
  digest: hexadecimal,
  signature: z.string().regex(SIGNATURE),
});

/** Where a signature stands in a bundle: one file for each key. */
export function signaturePath({ key }: Pick<BundleSignature, 'key'>): string {
  return `${SIGNATURES_FOLDER}/${key}.json`;
}

/** The bytes of its file. */
export function signatureText({ format, algorithm, key, digest, signature }: BundleSignature): string {
  return `${JSON.stringify({ format, algorithm, key, digest, signature }, undefined, 2)}\n`;
}

/** Reads the file of a signature. Throws SIGNATURE_INVALID. */
export function parseSignature(label: string, path: string, bytes: Uint8Array): BundleSignature {
  let text: string;
  let value: unknown;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    value = JSON.parse(text);
  } catch (cause) {
    throw entryCorrupt('SIGNATURE_INVALID', label, path, 'is not JSON', cause);
  }
  const result = signatureSchema.safeParse(value);
  if (!result.success) throw entryCorrupt('SIGNATURE_INVALID', label, path, 'is no signature', result.error);
  if (hasRepeatedKeys(text, [result.data])) throw entryCorrupt('SIGNATURE_INVALID', label, path, 'has a key twice');
  if (path === signaturePath(result.data)) return result.data;
  throw entryCorrupt('SIGNATURE_INVALID', label, path, 'is not named by its key');
}
