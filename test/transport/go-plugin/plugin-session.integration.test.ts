import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { createRealClock, createRecordingLogger } from '../../../src/ports/index.ts';
import { createServiceClient, service } from '../../../src/ports/service.ts';
import type { ServedService } from '../../../src/ports/service.ts';
import { brokerService } from '../../../src/transport/go-plugin/broker-stream.ts';
import { createConnectionBroker } from '../../../src/transport/go-plugin/connection-broker.ts';
import { openPluginSession } from '../../../src/transport/go-plugin/plugin-session.ts';
import type { PluginOutputChunk } from '../../../src/transport/go-plugin/plugin-output.ts';
import { stdioService } from '../../../src/transport/go-plugin/stdio.ts';
import { createGrpcServer } from '../../../src/transport/grpc/index.ts';
import { AdderServiceService } from '../../gen/troupe/testing/v1/peer.ts';

const clock = createRealClock();

describe('a connection that drops while the plugin lives', () => {
  it('is made again, with output and broker as before', async () => {
    const { session, server, stdio, pluginBroker, drop, output } = await setUp();
    stdio.write('stdout', 'before ');
    await vi.waitUntil(() => output() === 'before ');

    drop();
    // What is written before goes to the connection that is gone.
    await vi.waitUntil(() => server.inFlight === 0);
    stdio.write('stdout', 'meanwhile ');
    await vi.waitUntil(() => output() === 'before meanwhile ', { timeout: 5_000 });
    stdio.write('stdout', 'after');
    await pluginBroker.accept(7, [adder()]);
    const connection = await session.broker.dial(7);

    expect(await createServiceClient(AdderServiceService, connection).add({ a: 1n, b: 2n })).toEqual({ sum: 3n });
    await vi.waitUntil(() => output() === 'before meanwhile after');
  });

  it('brings the output back when it drops before there was any', async () => {
    const { stdio, pluginBroker, drop, output, log } = await setUp();

    drop();
    await vi.waitUntil(() => log.entries.length >= 2);
    stdio.write('stdout', 'first');

    await vi.waitUntil(() => output() === 'first', { timeout: 5_000 });
    expect(pluginBroker.status().listeners).toBe(0);
  });
});

describe('an output listener that throws', () => {
  it('rejects nothing unhandled, and later output is still read', async () => {
    const chunks: string[] = [];
    const { stdio } = await setUp(({ data }) => {
      chunks.push(data.toString());
      if (chunks.length === 1) throw new TypeError('listener');
    });

    stdio.write('stdout', 'a');
    await vi.waitUntil(() => chunks.length === 1);
    stdio.write('stdout', 'b');

    await vi.waitUntil(() => chunks.length === 2, { timeout: 5_000 });
    expect(chunks).toEqual(['a', 'b']);
  });
});

describe('close', () => {
  it('ends the connections that were dialled over the broker', async () => {
    const { session, pluginBroker } = await setUp();
    await pluginBroker.accept(7, [adder()]);
    const client = createServiceClient(AdderServiceService, await session.broker.dial(7));
    await client.add({ a: 1n, b: 2n });

    session.close();

    await expect(client.add({ a: 1n, b: 2n })).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      rawMessage: expect.stringContaining('came after the connection was closed') as string,
    });
  });
});

// Helpers

/** A session with services of this process, through a socket that can drop its connections. */
async function setUp(onOutput: (chunk: PluginOutputChunk) => void = () => {}) {
  const directory = mkdtempSync(join(tmpdir(), 'troupe-test-'));
  const pluginBroker = createConnectionBroker({
    clock,
    credentials: undefined,
    listenOn: { network: 'unix', directory },
  });
  const stdio = stdioService();
  const server = createGrpcServer({ services: [brokerService(pluginBroker), stdio.service], clock });
  const path = join(directory, 'main');
  await server.listen({ network: 'unix', path });
  const front = await openFront(path, `${path}-front`);
  const log = createRecordingLogger();
  const chunks: Buffer[] = [];
  const session = await openPluginSession({
    contract: 'troupe',
    line: { coreVersion: 1, appVersion: 1, network: 'unix', address: `${path}-front`, protocol: 'grpc' },
    certificate: undefined,
    clock,
    log,
    directory,
    socketGroup: undefined,
    maxReceiveBytes: 1024 * 1024,
    timeoutMs: 5_000,
    onOutput: (chunk) => {
      chunks.push(chunk.data);
      onOutput(chunk);
    },
    signal: new AbortController().signal,
  });
  onTestFinished(() => {
    session.close();
    pluginBroker.close();
    server.close();
    front.close();
    rmSync(directory, { recursive: true, force: true });
  });
  await vi.waitUntil(() => server.inFlight === 2); // the broker's stream and that of the output
  return {
    session,
    server,
    stdio,
    pluginBroker,
    log,
    drop: front.drop,
    output: () => Buffer.concat(chunks).toString(),
  };
}

async function openFront(path: string, frontPath: string) {
  const sockets = new Set<Socket>();
  const front = createServer((socket) => {
    const behind = connect(path);
    socket.pipe(behind).pipe(socket);
    for (const [one, other] of [
      [socket, behind],
      [behind, socket],
    ] as const) {
      sockets.add(one);
      one.on('error', () => {});
      one.once('close', () => {
        sockets.delete(one);
        other.destroy();
      });
    }
  });
  await new Promise<void>((resolve) => void front.listen(frontPath, resolve));
  const drop = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  const close = (): void => {
    front.close();
    drop();
  };
  return { drop, close };
}

function adder(): ServedService {
  return service(AdderServiceService, { add: ({ a, b }) => ({ sum: a + b }) });
}
