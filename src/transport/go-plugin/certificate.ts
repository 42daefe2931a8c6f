// The one-time certificates of AutoMTLS: one for each side of each launch, self-signed, trusted by exactly one peer.
//
// Invariants:
//   C1. A certificate carries what Go's verifier asks of a peer that is its own authority: CA, key usage, both extended
//       key usages, and the DNS name `localhost`, which is the name that both sides verify.
//   C2. What is read must be one whole certificate in its one DER form: then equal fingerprints mean equal bytes, and
//       nothing rides behind a certificate.
//   C3. Whatever is wrong with a certificate is `CERTIFICATE_MALFORMED`, never an error of OpenSSL's.

import type { KeyObject } from 'node:crypto';

import { HandshakeError, InvalidOptionsError } from '../../errors/index.ts';
import {
  bitString,
  explicit,
  implicit,
  objectIdentifier,
  octetString,
  positiveInteger,
  sequence,
  setOfOne,
  smallInteger,
  time,
  utf8String,
  yes,
} from './der.ts';

/** The curves of the key. P-256 is quicker and less trouble under FIPS; P-521 is what Go peers use. */
export type CertificateCurve = 'P-256' | 'P-521';

/** How a certificate is made. */
export interface CertificateOptions {
  /** Curve of the key. Default P-256, signed with SHA-256; P-521 is signed with SHA-512. */
  readonly curve?: CertificateCurve | undefined;
  /** Wall-clock time in milliseconds since the epoch. Valid from 30 seconds earlier, for clocks that differ. */
  readonly now: number;
  /** How long it is valid after `now`, in milliseconds. Default 262980 hours (30 years). */
  readonly validForMs?: number | undefined;
}

/** A certificate as it came from a peer. */
export interface PeerCertificate {
  /** PEM, in the form that TLS takes as an authority. */
  readonly pem: string;
  readonly der: Buffer;
  /** SHA-256 of the DER, in lower-case hex: the identity of the peer. */
  readonly fingerprint: string;
}

/** A certificate with its private key. The key never leaves the process that made it. */
export interface Certificate {
  readonly certificatePem: string;
  readonly certificateDer: Buffer;
  /** PKCS #8, PEM. */
  readonly privateKeyPem: string;
  /** SHA-256 of the DER, in lower-case hex. */
  readonly fingerprint: string;
}

/** How long a certificate is valid by default: what Go uses. */
export const CERTIFICATE_VALID_FOR_MS: number = 262_980 * 3_600_000;

const BACKDATED_BY_MS = 30_000;

const CURVES = {
  'P-256': { hash: 'sha256', signature: '1.2.840.10045.4.3.2' },
  'P-521': { hash: 'sha512', signature: '1.2.840.10045.4.3.4' },
} as const;

/**
 * Makes a key and its self-signed certificate. Takes 1 to 5 ms of the calling thread.
 *
 * Throws `InvalidOptionsError` for a curve or a time that cannot be used.
 */
export function createCertificate(options: CertificateOptions): Certificate {
  const { curve = 'P-256', now, validForMs = CERTIFICATE_VALID_FOR_MS } = options;
  if (!Object.hasOwn(CURVES, curve)) throw new InvalidOptionsError('curve', 'must be P-256 or P-521');
  const { hash, signature } = CURVES[curve];
  const { generateKeyPairSync, sign } = crypto();
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: curve });
  const algorithm = sequence(objectIdentifier(signature));
  const signed = toBeSigned(algorithm, validity(now, validForMs), publicKey);
  const certificateDer = sequence(signed, algorithm, bitString(sign(hash, signed, privateKey)));
  return {
    certificatePem: pemOf(certificateDer),
    certificateDer,
    privateKeyPem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    fingerprint: fingerprintOf(certificateDer),
  };
}

/** Checks a certificate in DER. Throws a `HandshakeError` with `CERTIFICATE_MALFORMED`. */
export function readCertificate(der: Buffer): PeerCertificate {
  let isWhole: boolean;
  try {
    const parsed = new (crypto().X509Certificate)(der);
    // OpenSSL stops behind the certificate and takes PEM as well; both show as a difference (C2). The key is read
    // because a certificate with an unusable one would fail only later, in the middle of a TLS handshake.
    isWhole = parsed.raw.equals(der) && parsed.publicKey.type === 'public';
  } catch (cause) {
    throw malformed('it is no X.509 certificate in DER', cause);
  }
  if (!isWhole) throw malformed('it is not exactly one X.509 certificate in DER');
  return { pem: pemOf(der), der, fingerprint: fingerprintOf(der) };
}

/** Reads a certificate in PEM: one block, with nothing but white space around it. Throws as `readCertificate`. */
export function certificateFromPem(pem: string): PeerCertificate {
  const block = /^\s*-----BEGIN CERTIFICATE-----([^-]*)-----END CERTIFICATE-----\s*$/.exec(pem);
  if (block === null) throw malformed('it is not exactly one PEM block of type CERTIFICATE');
  return certificateFromBase64((block[1] ?? '').replace(/\s+/g, ''));
}

/** Reads a certificate in base64 of DER, with or without padding. Throws as `readCertificate`. */
export function certificateFromBase64(text: string): PeerCertificate {
  const digits = text.replace(/={0,2}$/, '');
  const der = Buffer.from(digits, 'base64');
  // Node decodes leniently: it skips what it does not know. Encoding again shows whether anything was skipped.
  if (der.toString('base64').replace(/=+$/, '') !== digits) throw malformed('it is no valid base64');
  return readCertificate(der);
}

/** RFC 5280, 4.1: everything but the signature. */
function toBeSigned(algorithm: Buffer, valid: Buffer, publicKey: KeyObject): Buffer {
  const spki = publicKey.export({ type: 'spki', format: 'der' });
  const name = sequence(
    setOfOne(sequence(objectIdentifier('2.5.4.10'), utf8String('troupe'))), // O
    setOfOne(sequence(objectIdentifier('2.5.4.3'), utf8String('localhost'))), // CN
  );
  const version3 = explicit(0, smallInteger(2));
  return sequence(version3, serialNumber(), algorithm, name, valid, name, spki, explicit(3, extensions(spki)));
}

function validity(now: number, validForMs: number): Buffer {
  if (!(validForMs > 0)) throw new InvalidOptionsError('validForMs', 'must be above 0');
  try {
    return sequence(time(now - BACKDATED_BY_MS), time(now + validForMs));
  } catch {
    // The writer knows only that an instant cannot be written; the caller knows its options.
    throw new InvalidOptionsError('now', 'and now + validForMs must lie in the years 0 to 9999');
  }
}

function serialNumber(): Buffer {
  const bytes = crypto().randomBytes(16);
  // Top bits 01: positive, never zero, and always 16 bytes long.
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40;
  return positiveInteger(bytes);
}

/** C1. A critical extension is one that a verifier must understand. */
function extensions(spki: Buffer): Buffer {
  // digitalSignature, keyEncipherment, keyAgreement, keyCertSign = bits 0, 2, 4, 5 from the left.
  const keyUsage = bitString(Buffer.of(0b1010_1100), 2);
  const extendedKeyUsage = sequence(objectIdentifier('1.3.6.1.5.5.7.3.2'), objectIdentifier('1.3.6.1.5.5.7.3.1'));
  return sequence(
    sequence(objectIdentifier('2.5.29.15'), yes(), octetString(keyUsage)),
    sequence(objectIdentifier('2.5.29.37'), octetString(extendedKeyUsage)),
    sequence(objectIdentifier('2.5.29.19'), yes(), octetString(sequence(yes()))), // basicConstraints CA:TRUE
    sequence(objectIdentifier('2.5.29.14'), octetString(octetString(keyIdentifier(spki)))),
    sequence(objectIdentifier('2.5.29.17'), octetString(sequence(implicit(2, Buffer.from('localhost'))))), // DNS name
  );
}

/** RFC 5280 leaves the method open; any value that differs from key to key will do. */
function keyIdentifier(spki: Buffer): Buffer {
  return crypto().createHash('sha256').update(spki).digest().subarray(0, 20);
}

function pemOf(der: Buffer): string {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n');
}

function fingerprintOf(der: Buffer): string {
  return crypto().createHash('sha256').update(der).digest('hex');
}

function malformed(why: string, cause?: unknown): HandshakeError {
  return new HandshakeError('CERTIFICATE_MALFORMED', `the peer's certificate cannot be read: ${why}`, { cause });
}

// Loaded on first use: a process without TLS imports this file for the handshake line and should not pay for OpenSSL.
function crypto(): typeof import('node:crypto') {
  return process.getBuiltinModule('node:crypto');
}
