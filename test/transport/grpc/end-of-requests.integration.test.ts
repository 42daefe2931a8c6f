import { Client, credentials } from '@grpc/grpc-js';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createRealClock, createServiceClient } from '../../../src/ports/index.ts';
import { createGrpcConnection } from '../../../src/transport/grpc/index.ts';
import { ProbeServiceService } from '../../gen/troupe/testing/v1/peer.ts';
import { ROOT } from '../../source-files.ts';

const CANCELS = 1000;

describe('an upload to a server in another process', () => {
  // With a wait of two turns of the event loop instead of the PING hundreds of them look complete.
  it(`is never taken for complete when grpc-js cancels it, ${CANCELS} times`, async () => {
    const { path, counts } = await startServer();
    const client = new Client(`unix:${path}`, credentials.createInsecure());
    onTestFinished(() => client.close());
    let begun = 0;

    const cancelOneAfterTheOther = async (): Promise<void> => {
      while (begun < CANCELS) await cancelledUpload(client, begun++ % 4);
    };
    await Promise.all([1, 2, 3, 4].map(cancelOneAfterTheOther));

    await expect.poll(async () => sum(await counts()), { timeout: 20_000 }).toBe(CANCELS);
    expect(await counts()).toEqual({ complete: 0, cancelled: CANCELS });
  });

  it('is complete 200 times out of 200 when its caller ends it, 50 at a time', async () => {
    const { client, counts } = await startServer();

    for (let round = 0; round < 4; round++) {
      const uploads = Array.from({ length: 50 }, (_, i) =>
        client.upload(Array.from({ length: i }, () => ({ text: '' }))),
      );
      expect((await Promise.all(uploads)).map(({ messages }) => messages)).toEqual(
        Array.from({ length: 50 }, (_, i) => i),
      );
    }

    expect(await counts()).toEqual({ complete: 200, cancelled: 0 });
  });
});

// Helpers

interface Counts {
  readonly complete: number;
  readonly cancelled: number;
}

async function startServer() {
  const directory = mkdtempSync(join(tmpdir(), 'upload-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const path = join(directory, 's');
  const program = join(ROOT, 'test/transport/grpc/fixtures/upload-server.ts');
  const child = spawn(process.execPath, ['--conditions=source', program, path], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(async () => {
    child.kill('SIGKILL');
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  });
  await once(child.stdout, 'data');
  const connection = createGrpcConnection({ target: { network: 'unix', path }, clock: createRealClock() });
  onTestFinished(() => connection.close());
  const client = createServiceClient(ProbeServiceService, connection);
  const counts = async (): Promise<Counts> => JSON.parse((await client.echo({ text: '' })).text) as Counts;
  return { path, client, counts };
}

function sum({ complete, cancelled }: Counts): number {
  return complete + cancelled;
}

/** Sends 3 messages, and cancels some turns of the event loop after the server has begun the call. */
async function cancelledUpload(client: Client, turns: number): Promise<void> {
  const { path, requestSerialize, responseDeserialize } = ProbeServiceService.upload;
  const over = Promise.withResolvers<void>();
  const call = client.makeClientStreamRequest(path, requestSerialize, responseDeserialize, () => over.resolve());
  for (const text of ['a', 'b', 'c']) call.write({ text });
  await new Promise((resolve) => {
    const { echo } = ProbeServiceService;
    client.makeUnaryRequest(echo.path, echo.requestSerialize, echo.responseDeserialize, { text: '' }, resolve);
  });
  for (let turn = 0; turn < turns; turn++) await new Promise((resolve) => setImmediate(resolve));
  call.cancel();
  await over.promise;
}
