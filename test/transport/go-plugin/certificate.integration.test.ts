// Certificates against two readers that did not write them: the openssl program, and TLS itself.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, createServer } from 'node:tls';
import type { Server, TLSSocket } from 'node:tls';
import { describe, expect, it, onTestFinished } from 'vitest';

import { createCertificate } from '../../../src/transport/go-plugin/certificate.ts';
import type { Certificate, CertificateCurve } from '../../../src/transport/go-plugin/certificate.ts';

const HAS_OPENSSL = spawnSync('openssl', ['version']).status === 0;
// Where peers are required the tests run, and fail, without the program.
const MAY_SKIP = process.env['TROUPE_REQUIRE_PEERS'] !== '1';

describe.skipIf(!HAS_OPENSSL && MAY_SKIP).each(['P-256', 'P-521'] as const)('openssl on a %s certificate', (curve) => {
  it('reads every part of the certificate', () => {
    const text = openssl(curve, (file) => ['x509', '-in', file, '-noout', '-text']);

    const lines = text.split('\n').map((line) => line.trim());
    expect(lines).toEqual(expect.arrayContaining([...COMMON_LINES, ...CURVE_LINES[curve]]));
    expect(text).toMatch(/Serial Number:\s+([0-9a-f]{2}:){15}[0-9a-f]{2}\n/);
    expect(text).toMatch(/X509v3 Subject Key Identifier: *\n\s+([0-9A-F]{2}:){19}[0-9A-F]{2}\n/);
  });

  it.each(['sslserver', 'sslclient'])('verifies it as its own authority for %s', (purpose) => {
    const output = openssl(curve, (file) => [
      'verify',
      '-x509_strict',
      '-check_ss_sig',
      '-purpose',
      purpose,
      '-verify_hostname',
      'localhost',
      '-CAfile',
      file,
      file,
    ]);

    expect(output).toMatch(/: OK\n$/);
  });

  it('finds UTCTime before 2050 and GeneralizedTime from 2050', () => {
    const text = openssl(curve, (file) => ['asn1parse', '-in', file]);

    const times = [...text.matchAll(/prim: (UTCTIME|GENERALIZEDTIME) *:(\w+)/g)].map(([, kind, value]) => [
      kind,
      value,
    ]);
    expect(times).toEqual([
      ['UTCTIME', '260817115930Z'],
      ['GENERALIZEDTIME', '20560817000000Z'],
    ]);
  });
});

describe.each([
  ['P-256', 'P-521'],
  ['P-521', 'P-256'],
  ['P-256', 'P-256'],
] as const)('mutual TLS between a %s plugin and a %s host', (pluginCurve, hostCurve) => {
  const plugin = createCertificate({ curve: pluginCurve, now: Date.now() });
  const host = createCertificate({ curve: hostCurve, now: Date.now() });

  it('proves each side to the other under the name localhost', async () => {
    const server = await listening(plugin, host);

    const { client, peer } = await handshake(server, host, plugin);

    expect(client.authorized).toBe(true);
    expect(fingerprint(client)).toBe(plugin.fingerprint);
    expect(peer.authorized).toBe(true);
    expect(fingerprint(peer)).toBe(host.fingerprint);
  });

  it("refuses a host with somebody else's certificate", async () => {
    const server = await listening(plugin, host);
    const stranger = createCertificate({ curve: hostCurve, now: Date.now() });

    // The client's side of TLS 1.3 is done before the server looks at its certificate: only the server knows.
    const refused = new Promise<TLSSocket>((resolve) => {
      server.once('tlsClientError', (_error, socket) => resolve(socket));
    });
    const accepted: TLSSocket[] = [];
    server.on('secureConnection', (socket) => accepted.push(socket));
    const client = connect(clientOptions(server, stranger, plugin));
    client.on('error', () => {}); // the alert or the reset, whichever comes first
    onTestFinished(() => void client.destroy());

    expect((await refused).authorizationError).toBe('DEPTH_ZERO_SELF_SIGNED_CERT');
    expect(accepted).toEqual([]);
  });

  it("refuses a plugin with somebody else's certificate", async () => {
    const server = await listening(createCertificate({ curve: pluginCurve, now: Date.now() }), host);

    await expect(handshake(server, host, plugin)).rejects.toMatchObject({ code: 'DEPTH_ZERO_SELF_SIGNED_CERT' });
  });
});

// Helpers

const COMMON_LINES = [
  'Version: 3 (0x2)',
  'Issuer: O = troupe, CN = localhost',
  'Subject: O = troupe, CN = localhost',
  'Not Before: Aug 17 11:59:30 2026 GMT',
  'Not After : Aug 17 00:00:00 2056 GMT',
  'X509v3 Key Usage: critical',
  'Digital Signature, Key Encipherment, Key Agreement, Certificate Sign',
  'TLS Web Client Authentication, TLS Web Server Authentication',
  'X509v3 Basic Constraints: critical',
  'CA:TRUE',
  'DNS:localhost',
];

const CURVE_LINES: Record<CertificateCurve, readonly string[]> = {
  'P-256': ['Signature Algorithm: ecdsa-with-SHA256', 'NIST CURVE: P-256'],
  'P-521': ['Signature Algorithm: ecdsa-with-SHA512', 'NIST CURVE: P-521'],
};

function openssl(curve: CertificateCurve, argumentsFor: (file: string) => readonly string[]): string {
  const directory = mkdtempSync(join(tmpdir(), 'certificate-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const file = join(directory, 'certificate.pem');
  writeFileSync(file, createCertificate({ curve, now: Date.UTC(2026, 7, 17, 12) }).certificatePem);

  const { status, stdout, stderr, error } = spawnSync('openssl', argumentsFor(file), { encoding: 'utf8' });

  expect({ status, stderr, error }).toEqual({ status: 0, stderr: '', error: undefined });
  return stdout;
}

async function listening(own: Certificate, peer: Certificate): Promise<Server> {
  const server = createServer({
    key: own.privateKeyPem,
    cert: own.certificatePem,
    ca: [peer.certificatePem],
    requestCert: true,
    rejectUnauthorized: true,
    minVersion: 'TLSv1.2',
  });
  onTestFinished(() => new Promise<void>((resolve) => void server.close(() => resolve())));
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  return server;
}

function clientOptions(server: Server, own: Certificate, peer: Certificate): object {
  return {
    host: '127.0.0.1',
    port: (server.address() as AddressInfo).port,
    servername: 'localhost',
    key: own.privateKeyPem,
    cert: own.certificatePem,
    ca: [peer.certificatePem],
    minVersion: 'TLSv1.2',
  };
}

async function handshake(
  server: Server,
  own: Certificate,
  peer: Certificate,
): Promise<{ client: TLSSocket; peer: TLSSocket }> {
  const accepted = new Promise<TLSSocket>((resolve) => void server.once('secureConnection', resolve));
  const client = connect(clientOptions(server, own, peer));
  onTestFinished(() => void client.destroy());
  await new Promise<void>((resolve, reject) => void client.once('secureConnect', resolve).once('error', reject));
  const serverSide = await accepted;
  onTestFinished(() => void serverSide.destroy());
  return { client, peer: serverSide };
}

function fingerprint(socket: TLSSocket): string {
  return socket.getPeerCertificate().fingerprint256.replaceAll(':', '').toLowerCase();
}
