import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { RuntimeError } from '../../../src/errors/index.ts';
import { createRealClock } from '../../../src/ports/index.ts';
import { createServiceClient, service } from '../../../src/ports/service.ts';
import type { ServiceClient, ServiceImplementation } from '../../../src/ports/service.ts';
import { createGrpcConnection, createGrpcServer } from '../../../src/transport/grpc/index.ts';
import { ProbeServiceService } from '../../gen/troupe/testing/v1/peer.ts';

const { download, echo } = ProbeServiceService;
const descriptor = { download, echo };

describe('a response stream', () => {
  it('arrives complete and in order, 20,000 small messages', async () => {
    const client = await open({ download: ({ count, text }) => numbered(count, text) });

    const seen: number[] = [];
    for await (const { index } of client.download({ count: 20_000, text: 'x' })) seen.push(index);

    expect(seen).toEqual(Array.from({ length: 20_000 }, (_, index) => index));
  });

  it.each([
    [200, 'small', 10],
    [30, 'larger than what may be under way', 200_000],
  ])('arrives complete before the error that ends it, %d messages, each %s', async (count, _size, length) => {
    const client = await open({
      *download() {
        yield* numbered(count, 'x'.repeat(length));
        throw new RuntimeError('NOT_FOUND', 'no more');
      },
    });

    let seen = 0;
    const reading = (async () => {
      for await (const _ of client.download({ count, text: '' })) seen += 1;
    })();

    await expect(reading).rejects.toMatchObject({ code: 'NOT_FOUND', rawMessage: 'no more' });
    expect(seen).toBe(count);
  });

  it('ends with INTERNAL at a message that cannot be encoded, and ends its source', async () => {
    let ended = false;
    const client = await open({
      *download() {
        try {
          yield { index: 0, text: 'good' };
          for (;;) yield { index: -1, text: 'no uint32' };
        } finally {
          ended = true;
        }
      },
    });

    const seen: string[] = [];
    const reading = (async () => {
      for await (const { text } of client.download({ count: 0, text: '' })) seen.push(text);
    })();

    await expect(reading).rejects.toMatchObject({
      code: 'INTERNAL',
      rawMessage: expect.stringMatching(/^Error serializing response: .*uint32/),
    });
    expect([seen, ended]).toEqual([['good'], true]);
  });

  it.each([
    ['small', 'x'],
    ['empty', ''],
  ])('stops its endless source of %s messages soon after its reader has gone', async (_size, text) => {
    const gone = Promise.withResolvers<void>();
    const client = await open({
      *download() {
        try {
          for (;;) yield { index: 0, text };
        } finally {
          gone.resolve();
        }
      },
    });

    let seen = 0;
    for await (const _ of client.download({ count: 0, text: '' })) if ((seen += 1) === 1_000) break;

    await gone.promise;
    expect((await client.echo({ text: 'still there' })).text).toBe('still there');
  });
});

// Helpers

function* numbered(count: number, text: string) {
  for (let index = 0; index < count; index += 1) yield { index, text };
}

async function open(
  implementation: Pick<ServiceImplementation<typeof descriptor>, 'download'>,
): Promise<ServiceClient<typeof descriptor>> {
  const clock = createRealClock();
  const directory = mkdtempSync(join(tmpdir(), 'early-'));
  const path = join(directory, 's');
  const handlers = { ...implementation, echo: ({ text }: { text: string }) => ({ text, pid: 0, version: 0 }) };
  const server = createGrpcServer({ services: [service(descriptor, handlers)], clock });
  await server.listen({ network: 'unix', path });
  const connection = createGrpcConnection({ target: { network: 'unix', path }, clock });
  onTestFinished(() => {
    connection.close();
    server.close();
    rmSync(directory, { recursive: true, force: true });
  });
  return createServiceClient(descriptor, connection);
}
