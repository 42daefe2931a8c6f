import { mkdtempSync, rmSync } from 'node:fs';
import { createServer as createHttp2 } from 'node:http2';
import type { Http2Server, ServerHttp2Stream } from 'node:http2';
import { createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createRealClock, createVirtualClock } from '../../../src/ports/index.ts';
import type { ServedService } from '../../../src/ports/index.ts';
import { createEventEncoder, hostEventDescriptor, pluginEventDescriptor } from '../../../src/transport/events/index.ts';
import type { StreamedEvent } from '../../../src/transport/events/index.ts';
import { createCertificate } from '../../../src/transport/go-plugin/certificate.ts';
import { channelMaterial } from '../../../src/transport/go-plugin/credentials.ts';
import { createGrpcServer } from '../../../src/transport/grpc/index.ts';
import type { ChannelMaterial, GrpcServer } from '../../../src/transport/grpc/index.ts';
import { openPackedStream } from '../../../src/transport/packed/index.ts';
import type { PackedStream, PackedStreamOptions } from '../../../src/transport/packed/index.ts';
import { exampleEvent } from '../events/example-event.ts';

const clock = createRealClock();
const own = createCertificate({ now: clock.now() });
const plugin = createCertificate({ now: clock.now() });
const stranger = createCertificate({ now: clock.now() });
const { streamEvents } = hostEventDescriptor;

describe('openPackedStream to our own server', () => {
  it.each([
    ['plain', undefined, undefined],
    ['with mutual TLS', channelMaterial(own, plugin.certificatePem), channelMaterial(plugin, own.certificatePem)],
  ])('sends 5,000 events in packs of 100, waiting for room, %s', async (_, hostSide, pluginSide) => {
    const sequences: number[] = [];
    const path = await serve(counting(sequences), pluginSide);
    const stream = open(path, { credentials: hostSide });

    for (let at = 0; at < 5_000; at += 100) {
      if (!stream.write(messages(at, 100))) await new Promise<void>((next) => stream.onDrain(next));
    }
    const response = streamEvents.responseDeserialize(await stream.end());

    expect(response.received).toBe(5_000n);
    expect(sequences).toEqual(Array.from({ length: 5_000 }, (__, n) => n + 1));
    await expect(stream.ended).resolves.toEqual({ code: 0, details: expect.any(String), error: undefined });
  });

  it('refuses a peer with another certificate than the announced one', async () => {
    const path = await serve(counting([]), channelMaterial(stranger, own.certificatePem));
    const stream = open(path, { credentials: channelMaterial(own, plugin.certificatePem) });

    await expect(stream.end()).rejects.toMatchObject({ code: 'CONNECT_FAILED' });
    expect(stream.write(messages(0, 1))).toBe(false);
  });

  it('ends with UNIMPLEMENTED while it still writes', async () => {
    const path = await serve({ descriptor: {}, implementation: {} } as ServedService);
    const stream = open(path);

    stream.write(messages(0, 100));

    await expect(stream.ended).resolves.toMatchObject({ code: 12, error: { code: 'UNIMPLEMENTED' } });
    await expect(stream.end()).rejects.toMatchObject({ code: 'UNIMPLEMENTED' });
  });

  it('hears the status of a handler that fails in the middle', async () => {
    const path = await serve({
      descriptor: pluginEventDescriptor,
      implementation: {
        async streamEvents(requests: AsyncIterable<StreamedEvent>) {
          for await (const { sequence } of requests) if (sequence === 50) throw new Error('fünfzig');
        },
      },
    } as unknown as ServedService);
    const stream = open(path);

    stream.write(messages(0, 100));

    await expect(stream.ended).resolves.toMatchObject({ code: 2, details: 'fünfzig' });
  });

  it('ends with UNAVAILABLE when the server is closed', async () => {
    const { server, path, started } = await serveHanging();
    const stream = open(path);
    stream.write(messages(0, 1));
    await started;

    server.close();

    await expect(stream.ended).resolves.toMatchObject({ code: 14, error: { code: 'UNAVAILABLE' } });
  });

  it('is seen as cancelled by the server when it is cancelled', async () => {
    const { path, started, cancelled } = await serveHanging();
    const stream = open(path);
    stream.write(messages(0, 1));
    await started;

    stream.cancel();

    await expect(stream.ended).resolves.toMatchObject({ code: 1, error: { code: 'CANCELLED' } });
    await cancelled;
  });
});

describe('openPackedStream to peers that break', () => {
  it('says CONNECT_FAILED when nobody listens', async () => {
    const stream = open(join(directory(), 'none'));

    await expect(stream.end()).rejects.toMatchObject({
      code: 'CONNECT_FAILED',
      message: expect.stringMatching(/ENOENT/),
    });
  });

  it('holds its writer back and then refuses more when the peer never reads', async () => {
    const path = await listen(createServer((socket) => void socket.pause()));
    const stream = open(path, { maxWaitingBytes: 300_000 });

    const isReady = stream.write(messages(0, 1_000));
    stream.write(messages(1_000, 1_000));

    expect(isReady).toBe(false);
    expect(stream.waitingBytes).toBeGreaterThan(300_000);
    expect(() => stream.write(messages(2_000, 1))).toThrow(/RESOURCE_EXHAUSTED.*limit is 300000/);
    stream.cancel();
    await expect(stream.ended).resolves.toMatchObject({ code: 1 });
    expect(stream.waitingBytes).toBe(0);
  });

  it('ends with UNAVAILABLE when the peer dies in the middle', async () => {
    const sockets: Socket[] = [];
    const server = createHttp2().on('stream', (stream: ServerHttp2Stream) => {
      stream.on('error', () => {});
      stream.once('data', () => sockets[0]?.destroy());
    });
    server.on('connection', (socket: Socket) => void sockets.push(socket));
    const stream = open(await listen(server));

    stream.write(messages(0, 100));

    await expect(stream.ended).resolves.toMatchObject({ code: 14, error: { details: { origin: 'connection' } } });
  });

  it('finishes its call after a GOAWAY that spares it', async () => {
    const path = await listen(
      answering((stream) => {
        stream.session?.goaway();
        stream.resume().once('end', () => reply(stream, Buffer.from([0, 0, 0, 0, 2, 8, 7])));
      }),
    );
    const stream = open(path);
    stream.write(messages(0, 10));

    await expect(stream.end()).resolves.toEqual(Buffer.from([8, 7]));
  });

  it.each<[string, string, (stream: ServerHttp2Stream) => void]>([
    ['a GOAWAY with an error', 'UNAVAILABLE', (stream) => stream.session?.goaway(11)],
    ['a reset that says CANCEL', 'CANCELLED', (stream) => stream.close(8)],
    ['a reset that says REFUSED_STREAM', 'UNAVAILABLE', (stream) => stream.close(7)],
    ['HTTP status 502', 'UNAVAILABLE', (stream) => stream.respond({ ':status': 502 }, { endStream: true })],
    ['a response that is cut', 'INTERNAL', (stream) => reply(stream, Buffer.from([0, 0, 0, 0, 9, 8, 7]))],
    ['two responses', 'INTERNAL', (stream) => reply(stream, Buffer.from([0, 0, 0, 0, 0, 0, 0, 0, 0, 0]))],
    ['a compressed response', 'INTERNAL', (stream) => reply(stream, Buffer.from([1, 0, 0, 0, 0]))],
    ['a response of 4 GiB', 'RESOURCE_EXHAUSTED', (stream) => reply(stream, Buffer.from([0, 255, 255, 255, 255, 0]))],
    ['no status at all', 'INTERNAL', (stream) => stream.respond({ ':status': 200 }, { endStream: true })],
    ['a status that is none', 'UNKNOWN', (stream) => reply(stream, Buffer.alloc(0), 'abc')],
  ])('takes %s for %s', async (_, code, answer) => {
    const path = await listen(answering(answer));
    const stream = open(path);

    stream.write(messages(0, 1));

    await expect(stream.ended).resolves.toMatchObject({ error: { code } });
  });

  it('gives up at its deadline, and at that of the connection, by the clock', async () => {
    const path = await listen(createServer((socket) => void socket.resume()));
    const manual = createVirtualClock();
    const slow = open(path, { clock: manual, timeoutMs: 700 });
    const mute = openPackedStream({
      target: { network: 'unix', path },
      credentials: channelMaterial(own, plugin.certificatePem),
      path: streamEvents.path,
      clock: manual,
      connectTimeoutMs: 900,
    });

    manual.advance(700);
    await expect(slow.ended).resolves.toMatchObject({ code: 4, error: { code: 'DEADLINE_EXCEEDED' } });
    manual.advance(200);
    await expect(mute.ended).resolves.toMatchObject({ error: { code: 'CONNECT_FAILED' } });
  });
});

// Helpers

function open(path: string, options: Partial<PackedStreamOptions> = {}): PackedStream {
  const stream = openPackedStream({ target: { network: 'unix', path }, path: streamEvents.path, clock, ...options });
  onTestFinished(() => stream.cancel());
  return stream;
}

function messages(from: number, count: number): Buffer[] {
  const encoder = createEventEncoder();
  return Array.from({ length: count }, (_, n) =>
    streamEvents.requestSerialize({
      event: encoder.encode(exampleEvent(from + n)),
      sequence: from + n + 1,
      attempt: 0,
    }),
  );
}

function directory(): string {
  const made = mkdtempSync(join(tmpdir(), 'troupe-packed-'));
  onTestFinished(() => rmSync(made, { recursive: true, force: true }));
  return made;
}

async function serve(service: ServedService, credentials?: ChannelMaterial): Promise<string> {
  const path = join(directory(), 's');
  const server = createGrpcServer({ services: [service], clock, credentials });
  onTestFinished(() => server.close());
  await server.listen({ network: 'unix', path });
  return path;
}

function counting(sequences: number[]): ServedService {
  return {
    descriptor: pluginEventDescriptor,
    implementation: {
      async streamEvents(requests: AsyncIterable<StreamedEvent>) {
        for await (const { sequence, event } of requests) if (event.type === 'order.paid') sequences.push(sequence);
        return { received: BigInt(sequences.length) };
      },
    },
  } as unknown as ServedService;
}

/** A server whose handler waits for ever. */
async function serveHanging(): Promise<{
  readonly server: GrpcServer;
  readonly path: string;
  readonly started: Promise<void>;
  readonly cancelled: Promise<void>;
}> {
  const [started, cancelled] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const implementation = {
    streamEvents(_: unknown, { signal }: { readonly signal: AbortSignal }) {
      signal.addEventListener('abort', () => cancelled.resolve());
      started.resolve();
      return new Promise(() => {});
    },
  };
  const path = join(directory(), 's');
  const services = [{ descriptor: pluginEventDescriptor, implementation } as unknown as ServedService];
  const server = createGrpcServer({ services, clock });
  onTestFinished(() => server.close());
  await server.listen({ network: 'unix', path });
  return { server, path, started: started.promise, cancelled: cancelled.promise };
}

function answering(answer: (stream: ServerHttp2Stream) => void): Http2Server {
  return createHttp2().on('stream', (stream: ServerHttp2Stream) => {
    stream.on('error', () => {});
    answer(stream);
  });
}

function reply(stream: ServerHttp2Stream, body: Buffer, status = '0'): void {
  stream.respond({ ':status': 200 }, { waitForTrailers: true });
  stream.once('wantTrailers', () => stream.sendTrailers({ 'grpc-status': status }));
  stream.end(body);
}

async function listen(server: Server | Http2Server): Promise<string> {
  const path = join(directory(), 's');
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.once('close', () => sockets.delete(socket));
  });
  onTestFinished(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  await new Promise<void>((resolve) => void server.listen(path, resolve));
  return path;
}
