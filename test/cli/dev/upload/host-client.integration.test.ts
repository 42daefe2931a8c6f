import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createHostClient, PREVIEW_BYTES } from '../../../../src/cli/dev/upload/host-client.ts';
import type { DevUpload } from '../../../../src/cli/dev/upload/host-client.ts';

const UPLOAD: DevUpload = {
  manifest: 'name: kv # ü\n',
  manifestName: 'plugin.yaml',
  kind: 'bundle',
  bytes: new Uint8Array([0, 13, 10, 255, 45, 45]),
  consent: ['net:*'],
  session: 's1',
  generation: 7,
};

interface Received {
  readonly url: string | undefined;
  readonly authorization: string | undefined;
  readonly form: FormData;
}

describe('createHostClient', () => {
  it('uploads every byte of the parts, once, below the path of the host and with the token', async () => {
    const received: Received[] = [];
    const client = await clientOf(async (request, response) => {
      received.push(await receivedIn(request));
      response.end('{"plugin":{"name":"kv","version":"1.0.0"},"action":"installed","permissions":["net:*"]}');
    });

    const answer = await client.install(UPLOAD, signal());

    expect(answer).toMatchObject({ name: 'kv', version: '1.0.0', action: 'installed', permissions: ['net:*'] });
    expect(received.map(({ url, authorization }) => [url, authorization])).toEqual([
      ['/sub/_/plugins/dev/install', 'Bearer t'],
    ]);
    const form = received[0]?.form ?? new FormData();
    expect(await (form.get('manifest') as File).text()).toBe(UPLOAD.manifest);
    expect(new Uint8Array(await (form.get('bundle') as File).arrayBuffer())).toEqual(UPLOAD.bytes);
    expect(['consent', 'session', 'generation'].map((name) => form.get(name))).toEqual(['["net:*"]', 's1', '7']);
  });

  it.each([200, 201, 202, 204])('takes %d for a success, whatever the body says', async (status) => {
    const client = await clientOf(async (_, response) => void response.writeHead(status).end());

    expect((await client.install(UPLOAD, signal())).action).toBe('reloaded');
  });

  it('shows the first 1,024 bytes of a body that says no, without what a terminal would obey', async () => {
    const client = await clientOf(async (_, response) => {
      response.writeHead(422).end(`\u001b[31m${'x'.repeat(10_000)}`);
    });

    const error = await client.install(UPLOAD, signal()).then(undefined, (reason: unknown) => reason);

    expect(error).toMatchObject({ code: 'UPLOAD_REFUSED', details: { status: 422 } });
    const [line = ''] = (error as { details: { problems: string[] } }).details.problems;
    expect([line.length, line.startsWith('xxx')]).toEqual([PREVIEW_BYTES - 5, true]);
  });

  it('follows no redirect: the token stays here', async () => {
    const asked: (string | undefined)[] = [];
    const client = await clientOf(async (request, response) => {
      asked.push(request.url);
      response.writeHead(307, { location: '/elsewhere' }).end();
    });

    await expect(client.install(UPLOAD, signal())).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect(asked).toEqual(['/sub/_/plugins/dev/install']);
  });

  it('knows a plugin that is not there by 404, and a host that is not there by UNAVAILABLE', async () => {
    const client = await clientOf(async (_, response) => void response.writeHead(404).end());
    const nobody = createHostClient({ base: 'http://127.0.0.1:1', token: undefined });

    expect(await client.status('kv', signal())).toBeUndefined();
    await expect(nobody.status('kv', signal())).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  });

  it('gives a request up when the signal aborts', async () => {
    const giveUp = new AbortController();
    const client = await clientOf(async () => giveUp.abort());

    await expect(client.install(UPLOAD, giveUp.signal)).rejects.toMatchObject({ code: 'CANCELLED' });
  });
});

// Helpers

async function clientOf(
  answer: (request: IncomingMessage, response: ServerResponse) => Promise<void>,
): Promise<ReturnType<typeof createHostClient>> {
  const server = createServer((request, response) => void answer(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const { port } = server.address() as AddressInfo;
  return createHostClient({ base: `http://127.0.0.1:${port}/sub`, token: 't' });
}

async function receivedIn(request: IncomingMessage): Promise<Received> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const type = request.headers['content-type'] ?? '';
  const form = await new Response(Buffer.concat(chunks), { headers: { 'content-type': type } }).formData();
  return { url: request.url, authorization: request.headers.authorization, form };
}

function signal(): AbortSignal {
  return new AbortController().signal;
}
