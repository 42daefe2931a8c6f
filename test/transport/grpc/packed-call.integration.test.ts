import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createRealClock, service } from '../../../src/ports/index.ts';
import type { ServiceImplementation } from '../../../src/ports/index.ts';
import { createGrpcConnection, createGrpcServer } from '../../../src/transport/grpc/index.ts';
import type { GrpcConnection } from '../../../src/transport/grpc/index.ts';
import { ProbeServiceService } from '../../gen/troupe/testing/v1/peer.ts';
import type { UploadRequest } from '../../gen/troupe/testing/v1/peer.ts';
import { probe } from '../connection-contract.ts';

type Upload = ServiceImplementation<typeof ProbeServiceService>['upload'];

const clock = createRealClock();
const { upload } = ProbeServiceService;

describe('packedStream of a gRPC connection', () => {
  it('sends 20,000 messages in packs of 1 to 200, and answers as clientStream does', async () => {
    const connection = await open(async (requests) => {
      let [messages, bytes] = [0, 0];
      for await (const { text } of requests) [messages, bytes] = [messages + 1, bytes + text.length];
      return { messages, bytes: BigInt(bytes) };
    });

    const answer = await connection.packedStream?.(upload, packs(20_000));

    expect(answer).toEqual({ messages: 20_000, bytes: 80_000n });
    expect(connection.inFlight).toBe(0);
  });

  it('ends at the signal with CANCELLED while the peer reads nothing', async () => {
    const connection = await open(() => new Promise(() => undefined));
    const controller = new AbortController();
    let pulled = 0;
    const endless = async function* (): AsyncGenerator<readonly UploadRequest[]> {
      for (;;) {
        pulled += 1;
        if (pulled === 3) setImmediate(() => controller.abort('enough'));
        yield await Promise.resolve([{ text: 'x'.repeat(1_024) }]);
      }
    };

    const call = connection.packedStream?.(upload, endless(), { signal: controller.signal });

    await expect(call).rejects.toMatchObject({ code: 'CANCELLED', rawMessage: expect.stringContaining('signal') });
    expect(connection.inFlight).toBe(0);
  });

  it('fails with the error of a source that throws', async () => {
    const connection = await open(() => new Promise(() => undefined));
    const failing = async function* (): AsyncGenerator<readonly UploadRequest[]> {
      yield [{ text: 'a' }];
      await Promise.resolve();
      throw new Error('source broke');
    };

    const call = connection.packedStream?.(upload, failing());

    await expect(call).rejects.toMatchObject({ rawMessage: 'source broke' });
  });

  it('ends with CANCELLED when the connection is closed, and refuses further calls', async () => {
    const { promise: arrived, resolve } = Promise.withResolvers<void>();
    const connection = await open(async (requests) => {
      for await (const _ of requests) resolve();
      return { messages: 0, bytes: 0n };
    });
    const waiting = async function* (): AsyncGenerator<readonly UploadRequest[]> {
      yield [{ text: 'a' }];
      await new Promise(() => undefined);
    };

    const call = connection.packedStream?.(upload, waiting());
    void arrived.then(() => connection.close());

    await expect(call).rejects.toMatchObject({ code: 'CANCELLED', details: { origin: 'connection' } });
    await expect(connection.packedStream?.(upload, packs(1))).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  });

  it('ends its source when the peer answers early', async () => {
    const connection = await open(() => ({ messages: 7, bytes: 0n }));
    const { promise: ended, resolve } = Promise.withResolvers<void>();
    const endless = async function* (): AsyncGenerator<readonly UploadRequest[]> {
      try {
        for (;;) yield await new Promise((next) => setImmediate(() => next([{ text: 'a' }])));
      } finally {
        resolve();
      }
    };

    await expect(connection.packedStream?.(upload, endless())).resolves.toMatchObject({ messages: 7 });
    await ended;
  });
});

// Helpers

async function open(handle: Upload): Promise<GrpcConnection> {
  const directory = mkdtempSync(join(tmpdir(), 'troupe-packs-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const path = join(directory, 's');
  const services = [service(ProbeServiceService, { ...probe(), upload: handle })];
  const server = createGrpcServer({ services, clock });
  onTestFinished(() => server.close());
  await server.listen({ network: 'unix', path });
  const connection = createGrpcConnection({ target: { network: 'unix', path }, clock });
  onTestFinished(() => connection.close());
  return connection;
}

async function* packs(count: number): AsyncGenerator<readonly UploadRequest[]> {
  for (let [sent, size] = [0, 1]; sent < count; sent += size, size = (size % 200) + 1) {
    await Promise.resolve();
    yield Array.from({ length: Math.min(size, count - sent) }, () => ({ text: 'four' }));
  }
}
