import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:http2';
import type { ClientHttp2Session, ClientHttp2Stream } from 'node:http2';
import { connect as connectSocket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createRealClock } from '../../../src/ports/index.ts';
import type { ServedService } from '../../../src/ports/index.ts';
import { pluginEventDescriptor } from '../../../src/transport/events/index.ts';
import { createGrpcServer } from '../../../src/transport/grpc/index.ts';

const { streamEvents, handleEvent } = pluginEventDescriptor;

describe('the receive window of a server', () => {
  it.each([
    ['4 MiB unless told otherwise', undefined, 4 * 1024 * 1024],
    ['as wide as it is told', 1_000_000, 1_000_000],
  ])('is %s, once a call has a stream of requests', async (_, receiveWindowBytes, expected) => {
    const session = await sessionTo(receiveWindowBytes);

    const stream = call(session, streamEvents.path);
    while (session.remoteSettings.initialWindowSize !== expected) await settings(session);
    // More than the window that a stream begins with: the whole of it leaves although nobody has read it.
    await new Promise<void>(
      (sent) => void stream.write(Buffer.concat([head(900_000), Buffer.alloc(900_000)]), () => sent()),
    );

    expect(session.state.remoteWindowSize).toBeLessThan(expected);
  });

  it('is left at 64 KiB for a connection with plain calls only', async () => {
    const session = await sessionTo(undefined);

    const stream = call(session, handleEvent.path);
    stream.end(head(0));
    await new Promise((ended) => stream.once('close', ended).resume());

    expect(session.remoteSettings.initialWindowSize).toBe(65_535);
  });
});

// Helpers

async function sessionTo(receiveWindowBytes: number | undefined): Promise<ClientHttp2Session> {
  const directory = mkdtempSync(join(tmpdir(), 'troupe-window-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const path = join(directory, 's');
  // Takes its requests and never looks at them.
  const implementation = { streamEvents: () => new Promise(() => {}), handleEvent: async () => ({ emitted: [] }) };
  const services = [{ descriptor: pluginEventDescriptor, implementation } as unknown as ServedService];
  const server = createGrpcServer({ services, clock: createRealClock(), receiveWindowBytes });
  onTestFinished(() => server.close());
  await server.listen({ network: 'unix', path });
  const session = connect('http://unused', { createConnection: () => connectSocket(path) });
  session.on('error', () => {});
  onTestFinished(() => session.destroy());
  await settings(session);
  return session;
}

function call(session: ClientHttp2Session, path: string): ClientHttp2Stream {
  const stream = session.request({
    ':method': 'POST',
    ':path': path,
    te: 'trailers',
    'content-type': 'application/grpc',
  });
  stream.on('error', () => {});
  return stream;
}

function settings(session: ClientHttp2Session): Promise<void> {
  return new Promise((heard) => void session.once('remoteSettings', () => heard()));
}

function head(size: number): Buffer {
  const bytes = Buffer.alloc(5);
  bytes.writeUInt32BE(size, 1);
  return bytes;
}
