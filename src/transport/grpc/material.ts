import { X509Certificate } from 'node:crypto';
import { RuntimeError } from '../../errors/index.ts';

/** What one side of a mutually authenticated connection needs. Each side trusts exactly one certificate: its peer's. */
export interface ChannelMaterial {
  /** This side's certificate. */
  readonly ownCertificatePem: string;
  /** The private key of this side's certificate. */
  readonly ownKeyPem: string;
  /** The one certificate that the other side may present. */
  readonly peerCertificatePem: string;
}

/** SHA-256 of a certificate in lower-case hex. Throws `CERTIFICATE_MALFORMED`. */
export function fingerprintOf(certificatePem: string): string {
  try {
    return plainFingerprint(new X509Certificate(certificatePem).fingerprint256);
  } catch (cause) {
    throw new RuntimeError('CERTIFICATE_MALFORMED', "the peer's certificate cannot be read", { cause });
  }
}

/** Turns Node's notation (`AB:CD:…`) into ours (`abcd…`). */
export function plainFingerprint(fingerprint256: string): string {
  return fingerprint256.replaceAll(':', '').toLowerCase();
}
