// Connections whose trusted certificate is not quite the one that the other side has.

import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fc } from '@fast-check/vitest';
import { describe, expect, it, onTestFinished } from 'vitest';
import { editedBytes } from '../../property-tests/arbitraries/edited-bytes.ts';
import { editedDer } from '../../property-tests/arbitraries/edited-der.ts';
import { createRealClock, service } from '../../src/ports/index.ts';
import { createCertificate, readCertificate } from '../../src/transport/go-plugin/certificate.ts';
import { channelMaterial } from '../../src/transport/go-plugin/credentials.ts';
import { createGrpcConnection, createGrpcServer } from '../../src/transport/grpc/index.ts';
import { AdderServiceService } from '../gen/troupe/testing/v1/peer.ts';
import { createOutcomes, FUZZ_PARAMETERS, FUZZ_RUNS, FUZZ_TIMEOUT_MS } from './outcomes.ts';

const DOCUMENTED = ['CERTIFICATE_MALFORMED', 'CONNECT_FAILED', 'UNAVAILABLE'] as const;

const clock = createRealClock();
const host = createCertificate({ now: clock.now() });
const plugins = {
  'P-256': createCertificate({ now: clock.now() }),
  'P-521': createCertificate({ now: clock.now(), curve: 'P-521' }),
} as const;

describe('fuzz: a certificate that differs from the one of the peer', () => {
  it.each(['P-256', 'P-521'] as const)(
    'connects a host to nobody, while the very same one does: %s',
    { timeout: FUZZ_TIMEOUT_MS },
    async (curve) => {
      const outcomes = createOutcomes(`certificates, TLS of a host, ${curve}`, DOCUMENTED);
      const plugin = plugins[curve];
      const target = await serve(channelMaterial(plugin, host.certificatePem));

      const property = fc.asyncProperty(edited(plugin.certificateDer), async (der) => {
        const outcome = await outcomes.settle(() =>
          call(target, () => channelMaterial(host, readCertificate(der).pem)),
        );
        expect(outcome === 'ok').toBe(der.equals(plugin.certificateDer));
      });
      await fc.assert(property, { ...FUZZ_PARAMETERS, numRuns: FUZZ_RUNS });

      expect(outcomes.finish(['CERTIFICATE_MALFORMED', 'CONNECT_FAILED', 'ok'])).toEqual([]);
    },
  );

  it('lets no call through to a plugin', { timeout: FUZZ_TIMEOUT_MS }, async () => {
    const outcomes = createOutcomes('certificates, TLS of a plugin', DOCUMENTED);
    const plugin = plugins['P-256'];

    const property = fc.asyncProperty(edited(host.certificateDer), async (der) => {
      const outcome = await outcomes.settle(async () => {
        const server = await open(channelMaterial(plugin, readCertificate(der).pem));
        try {
          await call(server.target, () => channelMaterial(host, plugin.certificatePem));
        } finally {
          server.close();
        }
      });
      expect(outcome === 'ok').toBe(der.equals(host.certificateDer));
    });
    await fc.assert(property, { ...FUZZ_PARAMETERS, numRuns: FUZZ_RUNS });

    expect(outcomes.finish(['CERTIFICATE_MALFORMED', 'ok'])).toEqual([]);
  });
});

// Helpers

type Material = ReturnType<typeof channelMaterial>;
interface Target {
  readonly network: 'unix';
  readonly path: string;
}

let sockets = 0;

async function open(credentials: Material): Promise<{ readonly target: Target; close(): void }> {
  const directory = mkdtempSync('/tmp/tf-');
  const path = join(directory, `plugin${(sockets += 1)}`);
  const adder = service(AdderServiceService, { add: ({ a, b }) => ({ sum: a + b }) });
  const server = createGrpcServer({ services: [adder], credentials, clock });
  await server.listen({ network: 'unix', path });
  const close = (): void => {
    server.close();
    rmSync(directory, { recursive: true });
  };
  return { target: { network: 'unix', path }, close };
}

/** A server until the end of the test. */
async function serve(credentials: Material): Promise<Target> {
  const server = await open(credentials);
  onTestFinished(server.close);
  return server.target;
}

async function call(target: Target, credentials: () => Material): Promise<void> {
  const connection = createGrpcConnection({ target, credentials: credentials(), clock });
  try {
    await connection.ready();
    expect(await connection.unary(AdderServiceService.add, { a: 1n, b: 2n })).toEqual({ sum: 3n });
  } finally {
    connection.close();
  }
}

function edited(der: Buffer): fc.Arbitrary<Buffer> {
  return fc.oneof(editedDer([der]), editedBytes([der]));
}
