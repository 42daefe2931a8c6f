import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { createRealClock, createServiceClient, service } from '../../src/ports/index.ts';
import { servePluginForTest } from '../../src/sdk/index.ts';
import { hostBrokerStream } from '../../src/transport/go-plugin/broker-stream.ts';
import { createConnectionBroker } from '../../src/transport/go-plugin/connection-broker.ts';
import { createGrpcConnection } from '../../src/transport/grpc/index.ts';
import { AdderServiceService, ProbeServiceService } from '../gen/troupe/testing/v1/peer.ts';

it('a call that uses a brokered connection finishes while the plugin is drained', async () => {
  const clock = createRealClock();
  const directory = mkdtempSync(join(tmpdir(), 'th-'));
  const { echo } = ProbeServiceService;
  const plugin = await servePluginForTest({
    services: ({ broker }) => [
      service(
        { echo },
        {
          async echo() {
            const host = createServiceClient(AdderServiceService, await broker.dial(1));
            const { sum } = await host.add({ a: 1n, b: 2n });
            return { text: `sum ${sum}`, pid: 0, version: 1 };
          },
        },
      ),
    ],
  });
  const connection = createGrpcConnection({
    target: { network: 'unix', path: plugin.reattach.Addr.String },
    clock,
  });
  const broker = createConnectionBroker({ clock, credentials: undefined, listenOn: { network: 'unix', directory } });
  onTestFinished(async () => {
    broker.close();
    connection.close();
    await plugin.close();
    rmSync(directory, { recursive: true, force: true });
  });
  hostBrokerStream(connection, broker);
  const asked = Promise.withResolvers<void>();
  const answering = Promise.withResolvers<void>();
  const adder = service(AdderServiceService, {
    async add({ a, b }) {
      asked.resolve();
      await answering.promise;
      return { sum: a + b };
    },
  });
  await broker.accept(1, [adder]);
  const calling = createServiceClient({ echo }, connection).echo({ text: 'add' });
  await asked.promise;

  const draining = plugin.close();
  // What closing would have ended is known to the host by the time that a new connection is refused.
  const late = createGrpcConnection({ target: { network: 'unix', path: plugin.reattach.Addr.String }, clock });
  onTestFinished(() => late.close());
  await expect(late.ready(100)).rejects.toMatchObject({ code: 'CONNECT_FAILED' });
  answering.resolve();

  expect(await calling).toMatchObject({ text: 'sum 3' });
  await draining;
});
