import { sign, X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createRealClock } from '../../../src/ports/index.ts';
import { createCertificate } from '../../../src/transport/go-plugin/certificate.ts';
import type { Certificate } from '../../../src/transport/go-plugin/certificate.ts';
import { bitString, objectIdentifier, sequence } from '../../../src/transport/go-plugin/der.ts';
import { channelMaterial } from '../../../src/transport/go-plugin/credentials.ts';
import { createGrpcConnection, createGrpcServer } from '../../../src/transport/grpc/index.ts';
import type { ChannelMaterial, GrpcTarget } from '../../../src/transport/grpc/index.ts';
import { createServiceClient, service } from '../../../src/ports/service.ts';
import type { ServedService, ServiceImplementation } from '../../../src/ports/service.ts';
import { ProbeServiceService } from '../../gen/troupe/testing/v1/peer.ts';
import { connectionContract, probe } from '../connection-contract.ts';

type Probe = ServiceImplementation<typeof ProbeServiceService>;

const clock = createRealClock();
const own = createCertificate({ now: clock.now() });
const plugin = createCertificate({ now: clock.now() });
const stranger = createCertificate({ now: clock.now() });
const hostSide = channelMaterial(own, plugin.certificatePem);
const pluginSide = channelMaterial(plugin, own.certificatePem);

describe('createGrpcConnection over a plain unix socket', () => {
  connectionContract((services, maxReceiveBytes) => openPair(services, {}, maxReceiveBytes));
});

describe('createGrpcConnection with mutual TLS', () => {
  connectionContract((services, maxReceiveBytes) =>
    openPair(services, { host: hostSide, plugin: pluginSide }, maxReceiveBytes),
  );

  it('makes one connection for 40 concurrent calls of all 4 kinds', async () => {
    const { path, close } = await openPair([served()], { plugin: pluginSide });
    onTestFinished(close);
    const front = `${path}-front`;
    let connections = 0;
    const proxy = createServer((socket) => {
      connections += 1;
      const behind = connect(path);
      socket.pipe(behind).pipe(socket);
      socket.once('close', () => behind.destroy());
      behind.once('close', () => socket.destroy());
    });
    await new Promise<void>((resolve) => void proxy.listen(front, resolve));
    onTestFinished(() => void proxy.close());
    const connection = createGrpcConnection({ target: { network: 'unix', path: front }, credentials: hostSide, clock });
    onTestFinished(() => connection.close());
    const client = createServiceClient(ProbeServiceService, connection);

    await Promise.all(
      Array.from({ length: 10 }, async () => {
        const drain = async (messages: AsyncIterable<unknown>) => {
          for await (const _ of messages);
        };
        await Promise.all([
          client.echo({ text: '' }),
          client.upload([]),
          drain(client.chat([{ text: '' }])),
          drain(client.download({ count: 1, text: '' })),
        ]);
      }),
    );

    expect(connections).toBe(1);
  });

  it('knows the peer on both sides by the fingerprint of its certificate', async () => {
    let caller: string | undefined;
    const print: Probe['print'] = (_, { peer }) => {
      caller = peer.fingerprint;
      return {};
    };
    const { connection, close } = await openPair([service(ProbeServiceService, { ...probe(), print })], {
      host: hostSide,
      plugin: pluginSide,
    });
    onTestFinished(close);

    await createServiceClient(ProbeServiceService, connection).print({ stream: '', text: '' });

    expect([connection.peer.fingerprint, caller]).toEqual([plugin.fingerprint, own.fingerprint]);
  });

  it.each([
    [
      'a server with another certificate',
      hostSide,
      channelMaterial(stranger, own.certificatePem),
      /certificate|TLS handshake failed/,
    ],
    [
      "a server with a certificate signed by the peer's key",
      hostSide,
      channelMaterial(signedBy(plugin), own.certificatePem),
      /not the one that was announced/,
    ],
    ['a plain server', hostSide, undefined, /: the TLS handshake failed or the peer does not speak TLS/],
  ])('refuses %s at once', async (_name, host, server, text) => {
    const { connection, close } = await openPair([served()], { host, plugin: server });
    onTestFinished(close);
    const start = performance.now();

    const failure: unknown = await connection.ready(10_000).catch((error: unknown) => error);

    expect(failure).toMatchObject({ code: 'CONNECT_FAILED', rawMessage: expect.stringMatching(text) as string });
    expect(String(failure)).not.toMatch(/\d{4}-\d{2}-\d{2}T/);
    expect(performance.now() - start).toBeLessThan(5_000);
  });

  it('names TLS, and not the time, when the peer refuses its certificate', async () => {
    const host = channelMaterial(stranger, plugin.certificatePem);
    const { connection, close } = await openPair([served()], { host, plugin: pluginSide });
    onTestFinished(close);

    await expect(connection.ready(2_000)).rejects.toMatchObject({
      rawMessage: expect.stringMatching(/connected: (?!.*\d{4}-\d\d-).*TLS/) as string,
    });
  });

  it.each([
    ['another certificate', channelMaterial(stranger, plugin.certificatePem)],
    ["a certificate signed by the host's key", channelMaterial(signedBy(own), plugin.certificatePem)],
    ['no TLS', undefined],
  ])('lets no call through from a client with %s', async (_name, host) => {
    let calls = 0;
    const echo: Probe['echo'] = ({ text }) => {
      calls += 1;
      return { text, pid: 0, version: 1 };
    };
    const { connection, close } = await openPair([service(ProbeServiceService, { ...probe(), echo })], {
      host,
      plugin: pluginSide,
    });
    onTestFinished(close);

    const call = createServiceClient(ProbeServiceService, connection).echo({ text: '' }, { timeoutMs: 2_000 });

    await expect(call).rejects.toMatchObject({
      code: expect.stringMatching(/UNAVAILABLE|DEADLINE_EXCEEDED|CANCELLED/),
    });
    expect(calls).toBe(0);
  });
});

describe('ready', () => {
  it('resolves when the connection stands', async () => {
    const { connection, close } = await openPair([served()], {});
    onTestFinished(close);

    await expect(connection.ready()).resolves.toBeUndefined();
  });

  it('waits for a peer that listens a little later', async () => {
    const path = join(directory(), 's');
    const connection = createGrpcConnection({ target: { network: 'unix', path }, clock });
    onTestFinished(() => connection.close());
    const ready = connection.ready(5_000);
    // The first attempt has failed by the time that a call fails.
    const first = createServiceClient(ProbeServiceService, connection).echo({ text: '' });
    await expect(first).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    const server = createGrpcServer({ services: [served()], clock });
    onTestFinished(() => server.close());
    await server.listen({ network: 'unix', path });

    await expect(ready).resolves.toBeUndefined();
  });

  it('rejects after 200 ms with the reason when nobody listens', async () => {
    const connection = createGrpcConnection({ target: { network: 'unix', path: '/nowhere/at/all' }, clock });
    onTestFinished(() => connection.close());

    await expect(connection.ready(200)).rejects.toMatchObject({
      code: 'CONNECT_FAILED',
      rawMessage: expect.stringMatching(/ENOENT.*tried for 200 ms/),
    });
  });

  it('rejects when the connection is closed meanwhile', async () => {
    const connection = createGrpcConnection({ target: { network: 'unix', path: '/nowhere/at/all' }, clock });
    const ready = connection.ready(5_000);

    connection.close();

    await expect(ready).rejects.toMatchObject({ code: 'CONNECT_FAILED' });
  });
});

describe('a peer that dies', () => {
  it('ends open calls with UNAVAILABLE', async () => {
    const started = Promise.withResolvers<void>();
    const hang = () => {
      started.resolve();
      return new Promise<never>(() => {});
    };
    const { connection, server, close } = await openPair([service(ProbeServiceService, { ...probe(), hang })], {});
    onTestFinished(close);
    const call = createServiceClient(ProbeServiceService, connection).hang({ busy: false });
    await started.promise;

    server.close();

    await expect(call).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  });
});

describe('targets', () => {
  it.each<[string, GrpcTarget, string]>([
    ['a path of 200 bytes', { network: 'unix', path: `/${'x'.repeat(199)}` }, 'SOCKET_PATH_TOO_LONG'],
    ['an empty path', { network: 'unix', path: '' }, 'ADDRESS_INVALID'],
    ['an address without a port', { network: 'tcp', address: '127.0.0.1' }, 'ADDRESS_INVALID'],
    ['port 70000', { network: 'tcp', address: '127.0.0.1:70000' }, 'ADDRESS_INVALID'],
  ])('refuses %s synchronously', (_name, target, code) => {
    expect(() => createGrpcConnection({ target, clock })).toThrow(expect.objectContaining({ code }));
  });

  it('refuses a certificate that cannot be read', () => {
    const credentials = { ...hostSide, peerCertificatePem: 'not a certificate' };
    const target: GrpcTarget = { network: 'unix', path: '/x' };

    expect(() => createGrpcConnection({ target, credentials, clock })).toThrow(
      expect.objectContaining({ code: 'CERTIFICATE_MALFORMED' }),
    );
  });
});

// Helpers

function served(): ServedService {
  return service(ProbeServiceService, probe());
}

function directory(): string {
  const path = mkdtempSync(join(tmpdir(), 'troupe-test-'));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** A key of its own with a certificate that the other one's key has signed, as an authority does. */
function signedBy(authority: Certificate): Certificate {
  const self = createCertificate({ now: clock.now() });
  // The certificate and what is signed of it both have lengths of two bytes.
  const start = 4;
  const signed = Buffer.from(
    self.certificateDer.subarray(start, start + 4 + self.certificateDer.readUInt16BE(start + 2)),
  );
  // The second name is the subject. With that of the issuer it would count as signed by itself.
  const subject = signed.indexOf('localhost', signed.indexOf('localhost') + 1);
  signed.write('somebody ', subject);
  const signature = bitString(sign('sha256', signed, authority.privateKeyPem));
  const certificateDer = sequence(signed, sequence(objectIdentifier('1.2.840.10045.4.3.2')), signature);
  const certificate = new X509Certificate(certificateDer);
  return { ...self, certificateDer, certificatePem: certificate.toString() };
}

async function openPair(
  services: readonly ServedService[],
  sides: { readonly host?: ChannelMaterial | undefined; readonly plugin?: ChannelMaterial | undefined },
  maxReceiveBytes?: number,
) {
  const limit = maxReceiveBytes === undefined ? {} : { maxReceiveBytes };
  const server = createGrpcServer({ services, credentials: sides.plugin, clock, ...limit });
  const path = join(directory(), 's');
  await server.listen({ network: 'unix', path });
  const connection = createGrpcConnection({
    target: { network: 'unix', path },
    credentials: sides.host,
    clock,
    ...limit,
  });
  const close = (): void => {
    connection.close();
    server.close();
  };
  return { connection, server, path, close };
}
