import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { packBundle } from '../../../src/host/bundles/index.ts';
import type { DownloadOptions } from '../../../src/host/bundles/index.ts';
import { fetchPinned, resolveHost } from '../../../src/host/bundles/download/http-request.ts';
import { createRealEnvironment } from '../../../src/ports/index.ts';
import { directoryOf, namesIn, storeForTest, temporaryDirectory } from './support.ts';

const LOCAL: DownloadOptions = { privateHosts: ['127.0.0.1', 'localhost'] };

describe('a stage from an address', () => {
  it('fetches a bundle from a server that the configuration names', async () => {
    const origin = await serve((_, response) => response.end(bundle));
    const { store, root } = storeForTest({ download: LOCAL });
    const bundle = await packed();

    const staged = await store.stage({ kind: 'url', url: `${origin}/x.troupe?token=secret` }, { policy: 'off' });

    expect(staged.warnings).toEqual([`${origin}/x.troupe was fetched without encryption`]);
    expect(namesIn(root)).toEqual([staged.digest]);
  });

  it('requires a signature', async () => {
    const bundle = await packed();
    const origin = await serve((_, response) => response.end(bundle));

    await expect(staged(`${origin}/`, LOCAL, {})).rejects.toMatchObject({ code: 'SIGNATURE_MISSING' });
  });

  it('does not reach this machine unless the configuration names it', async () => {
    const asked: string[] = [];
    const origin = await serve(({ url }, response) => (asked.push(url ?? ''), response.end()));

    for (const host of ['127.0.0.1', 'localhost', '[::1]', '[::ffff:127.0.0.1]', '0x7f.1', '2130706433']) {
      const url = origin.replace('127.0.0.1', host);
      await expect(staged(url, {})).rejects.toMatchObject({ code: 'DOWNLOAD_ADDRESS_REFUSED' });
    }
    expect(asked).toEqual([]);
  });

  it('connects what was checked, also when the name has another address by then', async () => {
    const bundle = await packed();
    const seen: string[] = [];
    const origin = await serve(({ headers }, response) => (seen.push(headers.host ?? ''), response.end(bundle)));
    const { port } = new URL(origin);
    let looked = 0;
    // The first answer is checked; who looks again would be led away.
    const resolve = async () => ((looked += 1) === 1 ? [{ address: '127.0.0.1', family: 4 }] : []);

    await staged(`http://bundles.example:${port}/`, { resolve, privateHosts: ['bundles.example'] });

    expect({ looked, seen }).toEqual({ looked: 1, seen: [`bundles.example:${port}`] });
  });

  it.each<[string, (request: IncomingMessage, response: ServerResponse) => void, string]>([
    [
      'a redirect to another port of this machine',
      (_, response) => redirect(response, 'http://127.0.0.1:1/'),
      'DOWNLOAD_ADDRESS_REFUSED',
    ],
    ['redirects in a circle', ({ url }, response) => redirect(response, `${url}x`), 'DOWNLOAD_REDIRECT_REFUSED'],
    ['an error', (_, response) => response.writeHead(500).end(), 'DOWNLOAD_FAILED'],
    [
      'an end in the middle',
      (_, response) => (
        response.writeHead(200, { 'content-length': 9 }), response.write('x', () => response.destroy())
      ),
      'DOWNLOAD_FAILED',
    ],
    ['a stream without end', (_, response) => flood(response), 'DOWNLOAD_TOO_LARGE'],
    ['no answer', () => {}, 'DOWNLOAD_TIMED_OUT'],
    ['a stall', (_, response) => void response.writeHead(200).write('x'), 'DOWNLOAD_TIMED_OUT'],
    ['what is no bundle', (_, response) => response.end('<html>'), 'BUNDLE_INVALID'],
  ])('that gives %s leaves nothing', async (_, answer, code) => {
    const origin = await serve(answer);
    const { store, root } = storeForTest({
      environment: createRealEnvironment(),
      limits: { maxArchiveBytes: 1_000_000 },
      download: { ...LOCAL, answerMs: 300, stallMs: 300 },
    });

    await expect(store.stage({ kind: 'url', url: origin }, { policy: 'off' })).rejects.toMatchObject({ code });
    expect(namesIn(root)).toEqual([]);
  });

  it('ends when the caller gives up in the middle', async () => {
    const controller = new AbortController();
    const origin = await serve((_, response) => void response.writeHead(200).write('x'));
    const run = staged(origin, LOCAL, {
      policy: 'off',
      signal: controller.signal,
      onProgress: ({ done }) => void (done === 1 && controller.abort()),
    });

    await expect(run).rejects.toMatchObject({ code: 'CANCELLED' });
  });
});

describe('fetchPinned', () => {
  it('asks nobody for an address when it has one', async () => {
    const origin = await serve((_, response) => response.end('hello'));
    const url = new URL(origin.replace('127.0.0.1', 'nowhere.invalid'));
    const addresses = [{ address: '127.0.0.1', family: 4 }];

    const response = await fetchPinned({ url, addresses, signal: new AbortController().signal });

    expect(response.status).toBe(200);
    const chunks: string[] = [];
    for await (const chunk of response.body) chunks.push(String(chunk));
    expect(chunks).toEqual(['hello']);
  });

  it('connects nothing without an address', async () => {
    const request = { url: new URL('http://nowhere.invalid/'), addresses: [], signal: new AbortController().signal };

    await expect(fetchPinned(request)).rejects.toBeDefined();
  });
});

describe('resolveHost', () => {
  it('gives all addresses of a name, and an address as it is', async () => {
    expect(await resolveHost('::1')).toEqual([{ address: '::1', family: 6 }]);
    expect((await resolveHost('localhost')).map(({ address }) => address)).toContain('127.0.0.1');
  });
});

// Helpers

async function serve(answer: (request: IncomingMessage, response: ServerResponse) => unknown): Promise<string> {
  const server = createServer((request, response) => void answer(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function redirect(response: ServerResponse, location: string): void {
  response.writeHead(302, { location }).end();
}

function flood(response: ServerResponse): void {
  const chunk = Buffer.alloc(65_536);
  const write = (): void => {
    if (!response.destroyed) response.write(chunk, write);
  };
  response.writeHead(200);
  write();
}

type Stage = ReturnType<typeof storeForTest>['store']['stage'];

function staged(
  url: string,
  download: DownloadOptions,
  options: Parameters<Stage>[1] = { policy: 'off' },
): ReturnType<Stage> {
  return storeForTest({ download }).store.stage({ kind: 'url', url }, options);
}

async function packed(): Promise<Buffer> {
  const { file } = await packBundle(directoryOf(), { out: join(temporaryDirectory(), 'x.troupe') });
  return readFileSync(file);
}
