import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createRealClock } from '../../../src/ports/index.ts';
import { brokerService, hostBrokerStream } from '../../../src/transport/go-plugin/broker-stream.ts';
import { createBroker } from '../../../src/transport/go-plugin/broker.ts';
import type { Broker } from '../../../src/transport/go-plugin/broker.ts';
import { createCertificate } from '../../../src/transport/go-plugin/certificate.ts';
import { channelMaterial } from '../../../src/transport/go-plugin/credentials.ts';
import { createGrpcConnection, createGrpcServer, targetOf } from '../../../src/transport/grpc/index.ts';
import type { ChannelMaterial } from '../../../src/transport/grpc/index.ts';
import { createServiceClient, service } from '../../../src/ports/service.ts';
import type { ServedService } from '../../../src/ports/service.ts';
import { AdderServiceService } from '../../gen/troupe/testing/v1/peer.ts';

const clock = createRealClock();
const host = createCertificate({ now: clock.now() });
const plugin = createCertificate({ now: clock.now() });

describe.each([
  ['plain', undefined, undefined],
  ['mutual TLS', channelMaterial(host, plugin.certificatePem), channelMaterial(plugin, host.certificatePem)],
])('brokers over unix sockets, %s', (_name, hostMaterial, pluginMaterial) => {
  it('connect in both directions under the same id', async () => {
    const { hostBroker, pluginBroker } = await setUp(hostMaterial, pluginMaterial);
    await hostBroker.accept(1, [adder(0n)]);
    await pluginBroker.accept(1, [adder(1_000n)]);

    const sums = await Promise.all([add(pluginBroker, 1), add(hostBroker, 1)]);

    expect(sums).toEqual([3n, 1_003n]);
  });

  it('connect when the dial comes before the listener', async () => {
    const { hostBroker, pluginBroker } = await setUp(hostMaterial, pluginMaterial);
    const sum = add(hostBroker, 5);

    await pluginBroker.accept(5, [adder(0n)]);

    expect(await sum).toBe(3n);
  });

  it('leave no socket behind when they are closed', async () => {
    const { hostBroker, pluginBroker, directory } = await setUp(hostMaterial, pluginMaterial);
    await hostBroker.accept(1, [adder(0n)]);
    await pluginBroker.accept(2, [adder(0n)]);
    expect(readdirSync(directory)).toHaveLength(3);

    hostBroker.close();
    pluginBroker.close();

    await expect.poll(() => readdirSync(directory)).toEqual(['main']);
  });
});

describe('a stream that ends', () => {
  it('tells the host, and another one carries on', async () => {
    const { hostBroker, pluginBroker, connection, stream } = await setUp();
    await pluginBroker.accept(1, [adder(0n)]);
    stream.close();
    expect(await stream.done).toEqual({ kind: 'closed' });

    const second = hostBrokerStream(connection, hostBroker);
    await pluginBroker.accept(2, [adder(10n)]);

    expect(await Promise.all([add(hostBroker, 1), add(hostBroker, 2)])).toEqual([3n, 13n]);
    second.close();
    await second.done;
  });

  it('is replaced when the host opens another one before the plugin has noticed', async () => {
    const { hostBroker, pluginBroker, connection, stream } = await setUp();
    await pluginBroker.accept(1, [adder(0n)]);
    const second = hostBrokerStream(connection, hostBroker);
    expect(await stream.done).toEqual({ kind: 'closed' });

    await pluginBroker.accept(2, [adder(10n)]);

    expect(await add(hostBroker, 2)).toBe(13n);
    second.close();
    await second.done;
  });

  it('is ended by the close of either broker', async () => {
    const first = await setUp();
    const second = await setUp();

    first.hostBroker.close();
    second.pluginBroker.close();

    expect([await first.stream.done, await second.stream.done]).toEqual([{ kind: 'closed' }, { kind: 'closed' }]);
  });

  it('reports a plugin that has no broker as unsupported', async () => {
    const { connection } = await openMain([], undefined, undefined, makeDirectory());
    const broker = createBroker({ clock, listen: neverCalled, dial: neverCalled });

    const stream = hostBrokerStream(connection, broker);

    expect(await stream.done).toEqual({ kind: 'unsupported' });
  });

  it('reports a plugin that dies as failed with UNAVAILABLE', async () => {
    const { pluginBroker, hostBroker, server, stream } = await setUp();
    await pluginBroker.accept(1, [adder(0n)]);
    await add(hostBroker, 1);

    server.close();

    expect(await stream.done).toMatchObject({ kind: 'failed', error: { code: 'UNAVAILABLE' } });
  });
});

// Helpers

async function setUp(hostMaterial?: ChannelMaterial, pluginMaterial?: ChannelMaterial) {
  const directory = makeDirectory();
  const hostBroker = brokerIn(directory, 'host', hostMaterial);
  const pluginBroker = brokerIn(directory, 'plugin', pluginMaterial);
  const { connection, server } = await openMain([brokerService(pluginBroker)], hostMaterial, pluginMaterial, directory);
  const stream = hostBrokerStream(connection, hostBroker);
  return { directory, hostBroker, pluginBroker, connection, server, stream };
}

async function openMain(
  services: readonly ServedService[],
  hostMaterial: ChannelMaterial | undefined,
  pluginMaterial: ChannelMaterial | undefined,
  directory: string,
) {
  const path = join(directory, 'main');
  const server = createGrpcServer({ services, credentials: pluginMaterial, clock });
  await server.listen({ network: 'unix', path });
  const connection = createGrpcConnection({ target: { network: 'unix', path }, credentials: hostMaterial, clock });
  onTestFinished(() => {
    connection.close();
    server.close();
  });
  return { connection, server };
}

function makeDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'troupe-test-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

function brokerIn(directory: string, side: string, credentials: ChannelMaterial | undefined): Broker {
  let sockets = 0;
  const broker = createBroker({
    clock,
    listen: async (services) => {
      sockets += 1;
      const server = createGrpcServer({ services, credentials, clock });
      const bound = await server.listen({ network: 'unix', path: join(directory, `${side}-${sockets}`) });
      return { ...bound, close: () => server.close() };
    },
    dial: async ({ network, address }) =>
      createGrpcConnection({ target: targetOf(network, address), credentials, clock }),
  });
  onTestFinished(() => broker.close());
  return broker;
}

function adder(extra: bigint): ServedService {
  return service(AdderServiceService, { add: ({ a, b }) => ({ sum: a + b + extra }) });
}

async function add(broker: Broker, id: number): Promise<bigint> {
  const connection = await broker.dial(id);
  onTestFinished(() => connection.close());
  return (await createServiceClient(AdderServiceService, connection).add({ a: 1n, b: 2n })).sum;
}

async function neverCalled(): Promise<never> {
  throw new Error('not expected');
}
