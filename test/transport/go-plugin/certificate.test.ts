import { createHash, createPrivateKey, X509Certificate } from 'node:crypto';
import { describe, expect, it } from 'vitest';

import { HandshakeError, InvalidOptionsError } from '../../../src/errors/index.ts';
import {
  certificateFromBase64,
  certificateFromPem,
  createCertificate,
  readCertificate,
} from '../../../src/transport/go-plugin/certificate.ts';

const NOW = Date.UTC(2026, 7, 17, 12, 0, 0);
const made = createCertificate({ now: NOW });

describe.each(['P-256', 'P-521'] as const)('createCertificate on %s', (curve) => {
  const certificate = createCertificate({ curve, now: NOW });
  const parsed = new X509Certificate(certificate.certificateDer);

  it('makes a certificate that belongs to its key and is signed with it', () => {
    expect(parsed.checkPrivateKey(createPrivateKey(certificate.privateKeyPem))).toBe(true);
    expect(parsed.verify(parsed.publicKey)).toBe(true);
    expect(parsed.checkIssued(parsed)).toBe(true);
  });

  it('names localhost, O=troupe, and itself as authority', () => {
    expect(parsed.subject).toBe('O=troupe\nCN=localhost');
    expect(parsed.issuer).toBe(parsed.subject);
    expect(parsed.subjectAltName).toBe('DNS:localhost');
    expect(parsed.ca).toBe(true);
    expect(parsed.keyUsage).toEqual(['1.3.6.1.5.5.7.3.2', '1.3.6.1.5.5.7.3.1']);
  });

  it('is valid from 30 s before now for 262980 hours', () => {
    expect(parsed.validFromDate.getTime()).toBe(NOW - 30_000);
    expect(parsed.validToDate.getTime()).toBe(NOW + 262_980 * 3_600_000);
  });

  it('gives the same certificate in all forms', () => {
    const der = certificate.certificateDer;

    expect(certificate.certificatePem).toBe(parsed.toString());
    expect(certificate.fingerprint).toBe(createHash('sha256').update(der).digest('hex'));
    expect(parsed.publicKey.asymmetricKeyDetails?.namedCurve).toBe(curve === 'P-256' ? 'prime256v1' : 'secp521r1');
  });
});

describe('createCertificate', () => {
  it('uses P-256 unless told otherwise', () => {
    const { publicKey } = new X509Certificate(made.certificateDer);

    expect(publicKey.asymmetricKeyDetails?.namedCurve).toBe('prime256v1');
  });

  it('makes a positive serial number of 16 bytes that differs each time', () => {
    const serials = Array.from(
      { length: 20 },
      () => new X509Certificate(createCertificate({ now: NOW }).certificateDer).serialNumber,
    );

    expect(new Set(serials).size).toBe(20);
    expect(serials.filter((serial) => /^[4-7][0-9A-F]{31}$/.test(serial))).toHaveLength(20);
  });

  it.each([
    ['validForMs', { validForMs: 0 }],
    ['validForMs', { validForMs: Number.NaN }],
    ['now', { now: Number.NaN }],
    ['now', { now: Number.MAX_SAFE_INTEGER }],
    ['now', { validForMs: Number.POSITIVE_INFINITY }],
    ['curve', { curve: 'P-384' as 'P-521' }],
  ])('names the option %s in %j', (field, change) => {
    const make = (): unknown => createCertificate({ now: NOW, ...change });

    expect(make).toThrow(InvalidOptionsError);
    expect(make).toThrow(expect.objectContaining({ field }));
  });
});

describe('reading certificates', () => {
  const expected = { pem: made.certificatePem, der: made.certificateDer, fingerprint: made.fingerprint };

  it('reads DER, PEM and base64 alike', () => {
    const base64 = made.certificateDer.toString('base64');

    expect(readCertificate(made.certificateDer)).toEqual(expected);
    expect(certificateFromPem(made.certificatePem)).toEqual(expected);
    expect(certificateFromBase64(base64)).toEqual(expected);
    expect(certificateFromBase64(base64.replace(/=+$/, ''))).toEqual(expected);
  });

  it('reads PEM with other line ends and white space around it', () => {
    expect(certificateFromPem(`\n ${made.certificatePem.replaceAll('\n', '\r\n')}\n\n`)).toEqual(expected);
  });

  it.each([
    ['nothing', Buffer.alloc(0)],
    ['text', Buffer.from('hello')],
    ['a truncated certificate', made.certificateDer.subarray(0, -1)],
    ['trailing garbage', Buffer.concat([made.certificateDer, Buffer.of(0)])],
    ['two certificates', Buffer.concat([made.certificateDer, made.certificateDer])],
    ['PEM', Buffer.from(made.certificatePem)],
    ['a private key', createPrivateKey(made.privateKeyPem).export({ type: 'pkcs8', format: 'der' })],
    ['a public key', new X509Certificate(made.certificateDer).publicKey.export({ type: 'spki', format: 'der' })],
  ])('refuses %s as DER', (_what, der) => {
    expect(refusalOf(() => readCertificate(der))).toBe('CERTIFICATE_MALFORMED');
  });

  it('refuses a key that is no point of its curve', () => {
    const der = Buffer.from(made.certificateDer);
    const key = new X509Certificate(der).publicKey.export({ type: 'spki', format: 'der' });
    const last = der.indexOf(key) + key.length - 1;
    der[last] = (der[last] ?? 0) ^ 1;

    expect(refusalOf(() => readCertificate(der))).toBe('CERTIFICATE_MALFORMED');
  });

  it.each([
    ['nothing', ''],
    ['text', 'hello'],
    ['two certificates', made.certificatePem + made.certificatePem],
    ['text before it', `x${made.certificatePem}`],
    ['text behind it', `${made.certificatePem}x`],
    ['a private key', made.privateKeyPem],
    ['a certificate with its key', made.certificatePem + made.privateKeyPem],
    ['a private key that calls itself a certificate', made.privateKeyPem.replaceAll('PRIVATE KEY', 'CERTIFICATE')],
    ['an empty block', '-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n'],
    ['a block that does not end', made.certificatePem.slice(0, -10)],
    ['url-safe base64', made.certificatePem.replace('MII', 'MI_')],
  ])('refuses %s as PEM', (_what, pem) => {
    expect(refusalOf(() => certificateFromPem(pem))).toBe('CERTIFICATE_MALFORMED');
  });
});

// Helpers

function refusalOf(action: () => unknown): string | undefined {
  try {
    action();
  } catch (error) {
    if (error instanceof HandshakeError) return error.code;
    throw error;
  }
  return undefined;
}
