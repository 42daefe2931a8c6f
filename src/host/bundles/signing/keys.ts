// Ed25519 keys, as PEM.

import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { readFile, rm, stat, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { RuntimeError } from '../../../errors/index.ts';
import { reasonOf } from '../bundle-error.ts';

/** A new pair of keys. */
export interface SigningKeyPair {
  /** PKCS #8 as PEM. A secret: whoever has it signs in the owner's name. */
  readonly privateKey: string;
  /** SPKI as PEM: what hosts trust. */
  readonly publicKey: string;
  /** SHA-256 of the public key (SPKI, DER) in lower-case hexadecimal: by it a signature names its key. */
  readonly fingerprint: string;
}

const MAX_KEY_BYTES = 16 * 1024;

/** Makes a new pair of keys. */
export function createSigningKey(): SigningKeyPair {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  return {
    privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    publicKey: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    fingerprint: fingerprintOf(publicKey),
  };
}

/** The fingerprint of a public key, or of the public half of a private one. */
export function fingerprintOf(key: KeyObject): string {
  const half = key.type === 'private' ? createPublicKey(key) : key;
  return createHash('sha256')
    .update(half.export({ type: 'spki', format: 'der' }))
    .digest('hex');
}

/** Reads a private key. Throws SIGNATURE_KEY_INVALID; `what` names the key in its text. */
export function parsePrivateKey(what: string, pem: string): KeyObject {
  return parsed(what, 'private', () => createPrivateKey(pem));
}

/** Reads a public key; a private one is refused, as it should not be where public ones are. Throws SIGNATURE_KEY_INVALID. */
export function parsePublicKey(what: string, pem: string): KeyObject {
  if (pem.includes('PRIVATE KEY')) throw invalid(what, 'is a private key, and a public one is wanted');
  return parsed(what, 'public', () => createPublicKey(pem));
}

/** Reads the file of a private key. Rejects with SIGNATURE_KEY_INVALID. */
export async function readSigningKey(file: string): Promise<KeyObject> {
  const what = `key file "${file}"`;
  try {
    const { size } = await stat(file);
    if (size > MAX_KEY_BYTES) throw invalid(what, `has ${size} bytes, more than ${MAX_KEY_BYTES}`);
    return parsePrivateKey(what, await readFile(file, 'utf8'));
  } catch (error) {
    if (error instanceof RuntimeError) throw error;
    throw invalid(what, `cannot be read (${reasonOf(error)})`, error);
  }
}

/** Where a new pair of keys is. */
export interface WrittenSigningKey {
  /** Absolute path. */
  readonly privateKeyFile: string;
  /** Absolute path. */
  readonly publicKeyFile: string;
  readonly fingerprint: string;
}

/**
 * Makes a pair of keys and writes `<prefix>.key.pem`, for this user alone, and `<prefix>.pub.pem`. Rejects with
 * BUNDLE_OUTPUT_REFUSED when one of them is there, and then leaves neither.
 */
export async function writeSigningKey(prefix: string): Promise<WrittenSigningKey> {
  const { privateKey, publicKey, fingerprint } = createSigningKey();
  const privateKeyFile = resolve(`${prefix}.key.pem`);
  const publicKeyFile = resolve(`${prefix}.pub.pem`);
  await writeNew(publicKeyFile, publicKey, 0o644);
  try {
    await writeNew(privateKeyFile, privateKey, 0o600);
  } catch (error) {
    await rm(publicKeyFile, { force: true });
    throw error;
  }
  return { privateKeyFile, publicKeyFile, fingerprint };
}

async function writeNew(file: string, text: string, mode: number): Promise<void> {
  try {
    await writeFile(file, text, { flag: 'wx', mode, flush: true });
  } catch (cause) {
    const problem = reasonOf(cause) === 'EEXIST' ? 'is there already' : `cannot be written (${reasonOf(cause)})`;
    throw new RuntimeError('BUNDLE_OUTPUT_REFUSED', `key file "${file}" ${problem}`, { cause });
  }
}

function parsed(what: string, kind: string, parse: () => KeyObject): KeyObject {
  let key: KeyObject;
  try {
    key = parse();
  } catch {
    // No cause: what OpenSSL says of a text may hold parts of it.
    throw invalid(what, `holds no ${kind} key in PEM`);
  }
  if (key.asymmetricKeyType === 'ed25519') return key;
  throw invalid(what, `is of the type ${String(key.asymmetricKeyType)}, and only ed25519 is allowed`);
}

function invalid(what: string, problem: string, cause?: unknown): RuntimeError {
  return new RuntimeError('SIGNATURE_KEY_INVALID', `${what} ${problem}`, cause === undefined ? {} : { cause });
}
