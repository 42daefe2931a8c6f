import { X509Certificate } from 'node:crypto';
import { fc } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { createRealClock } from '../../src/ports/index.ts';
import {
  certificateFromBase64,
  certificateFromPem,
  createCertificate,
  readCertificate,
} from '../../src/transport/go-plugin/certificate.ts';
import type { PeerCertificate } from '../../src/transport/go-plugin/certificate.ts';
import { channelMaterial } from '../../src/transport/go-plugin/credentials.ts';
import { createGrpcConnection, createGrpcServer } from '../../src/transport/grpc/index.ts';
import { readCaptures } from '../../test/fixtures/read-captures.ts';
import { createOutcomes, FUZZ_RUNS } from '../../test/fuzz/outcomes.ts';
import { editedBytes } from '../arbitraries/edited-bytes.ts';
import { editedDer } from '../arbitraries/edited-der.ts';
import { editedText } from '../arbitraries/edited-text.ts';

const DOCUMENTED = ['CERTIFICATE_MALFORMED'] as const;

const clock = createRealClock();
const own = createCertificate({ now: 0 });
const { certificates } = readCaptures();

describe('fuzz: certificates', () => {
  it.each<[string, fc.Arbitrary<() => PeerCertificate>]>([
    ['DER', ders().map((der) => () => readCertificate(der))],
    ['PEM', pems().map((pem) => () => certificateFromPem(pem))],
    ['the field of the handshake line', fields().map((field) => () => certificateFromBase64(field))],
  ])('are usable for a connection or CERTIFICATE_MALFORMED, as %s', (form, readers) => {
    const outcomes = createOutcomes(`certificates, ${form}`, DOCUMENTED);

    const property = fc.property(readers, (read) => {
      outcomes.run(() => {
        const certificate = read();
        // One whole certificate: what OpenSSL makes of it is it.
        expect(new X509Certificate(certificate.pem).raw.equals(certificate.der)).toBe(true);
        expectUsable(certificate);
      });
    });
    fc.assert(property, { numRuns: FUZZ_RUNS });

    expect(outcomes.finish([...DOCUMENTED, 'ok'])).toEqual([]);
  });
});

// Helpers

/** What both sides do with the certificate of their peer, up to the first byte on the wire. */
function expectUsable({ pem }: PeerCertificate): void {
  const credentials = channelMaterial(own, pem);
  createGrpcConnection({ target: { network: 'unix', path: '/nowhere' }, credentials, clock }).close();
  createGrpcServer({ services: [], credentials, clock }).close();
}

function ders(): fc.Arbitrary<Buffer> {
  const anything = fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes));
  return fc.oneof(
    { weight: 6, arbitrary: editedDer(certificates) },
    { weight: 6, arbitrary: editedBytes(certificates) },
    { weight: 1, arbitrary: anything },
  );
}

function pems(): fc.Arbitrary<string> {
  const pem = (der: Buffer): string =>
    `-----BEGIN CERTIFICATE-----\n${der.toString('base64').replace(/.{64}/g, '$&\n')}\n-----END CERTIFICATE-----\n`;
  return fc.oneof(editedText(certificates.map(pem)), ders().map(pem), fc.string({ unit: 'binary' }));
}

function fields(): fc.Arbitrary<string> {
  const field = (der: Buffer): string => der.toString('base64').replace(/=+$/, '');
  return fc.oneof(editedText(certificates.map(field)), ders().map(field), fc.base64String());
}
