import type { LookupAddress } from 'node:dns';
import { describe, expect, it } from 'vitest';
import { isPublicAddress } from '../../../src/host/bundles/download/address-guard.ts';
import { download } from '../../../src/host/bundles/download/download.ts';
import type { DownloadOptions } from '../../../src/host/bundles/download/download-options.ts';
import type { DownloadRequest, DownloadResponse } from '../../../src/host/bundles/download/http-request.ts';
import { createManualEnvironment } from '../../../src/ports/index.ts';
import type { ManualEnvironment } from '../../../src/ports/index.ts';

describe('isPublicAddress', () => {
  it.each([
    '0.0.0.0',
    '10.1.2.3',
    '100.64.0.1',
    '127.0.0.1',
    '127.255.255.254',
    '169.254.169.254',
    '172.16.0.1',
    '172.31.255.255',
    '192.0.0.1',
    '192.168.1.1',
    '198.18.0.1',
    '224.0.0.1',
    '240.0.0.1',
    '255.255.255.255',
    '::',
    '::1',
    '::127.0.0.1',
    '::ffff:127.0.0.1',
    '::ffff:7f00:1',
    '::ffff:10.0.0.1',
    '0:0:0:0:0:ffff:a00:1',
    '::ffff:0:10.0.0.1',
    '64:ff9b::10.0.0.1',
    '64:ff9b::a9fe:a9fe',
    '64:ff9b:1::1',
    '2002:7f00:1::',
    '2002:a00:1::1',
    '2001::1',
    '2001:db8::1',
    'fc00::1',
    'fd12:3456::1',
    'fe80::1',
    'fe80::1%eth0',
    'fec0::1',
    'ff02::1',
    '100::1',
    'localhost',
    '',
    '1.2.3',
    '0x7f.1',
  ])('is false for %j', (address) => {
    expect(isPublicAddress(address)).toBe(false);
  });

  it.each([
    '1.1.1.1',
    '9.255.255.255',
    '11.0.0.0',
    '100.128.0.1',
    '172.32.0.1',
    '192.169.0.1',
    '8.8.8.8',
    '223.255.255.255',
    '2606:4700::1111',
    '2a00:1450::1',
    '::ffff:8.8.8.8',
    '64:ff9b::8.8.8.8',
    '2002:808:808::1',
  ])('is true for %s', (address) => {
    expect(isPublicAddress(address)).toBe(true);
  });
});

describe('a download', () => {
  it('gives the bytes in order, and connects only what was looked up', async () => {
    const { result, written, requests } = await fetched('https://a.example/x', {
      'https://a.example/x': answer('abc', 'def'),
    });

    expect(result).toEqual({ bytes: 6, warnings: [] });
    expect(written).toBe('abcdef');
    expect(requests.map(({ addresses }) => addresses)).toEqual([[{ address: '93.184.216.34', family: 4 }]]);
  });

  it('says that it was not encrypted, without what may be a secret', async () => {
    const url = 'http://a.example/x?token=secret';

    const { result } = await fetched(url, { [url]: answer('a') });

    expect(result.warnings).toEqual(['http://a.example/x was fetched without encryption']);
  });

  it('follows 3 redirects, each looked up by itself', async () => {
    const { written, requests } = await fetched('https://a.example/0', chain(3));

    expect(written).toBe('end');
    expect(requests.map(({ url }) => url.href)).toEqual([0, 1, 2, 3].map((index) => `https://a.example/${index}`));
  });

  it.each<[string, Site, string, string]>([
    ['a 4th redirect', chain(4), 'DOWNLOAD_REDIRECT_REFUSED', 'once more after 3 redirects'],
    ['a redirect to nowhere', { '/0': to(undefined) }, 'DOWNLOAD_REDIRECT_REFUSED', 'without a place'],
    ['a redirect to no address', { '/0': to('http://[') }, 'DOWNLOAD_REDIRECT_REFUSED', 'no address'],
    ['a redirect without encryption', { '/0': to('http://a.example/1') }, 'DOWNLOAD_REDIRECT_REFUSED', 'not encrypted'],
    ['a redirect with a password', { '/0': to('https://u:p@a.example/') }, 'DOWNLOAD_URL_INVALID', 'password'],
    ['a redirect to a file', { '/0': to('file:///etc/passwd') }, 'DOWNLOAD_URL_INVALID', 'file:'],
    ['a redirect to loopback', { '/0': to('https://127.0.0.1/') }, 'DOWNLOAD_ADDRESS_REFUSED', '127.0.0.1'],
    ['a redirect to a short loopback', { '/0': to('https://0x7f.1/') }, 'DOWNLOAD_ADDRESS_REFUSED', '127.0.0.1'],
    [
      'a redirect to mapped loopback',
      { '/0': to('https://[::ffff:127.0.0.1]/') },
      'DOWNLOAD_ADDRESS_REFUSED',
      '::ffff:7f00:1',
    ],
    ['a redirect to metadata', { '/0': to('https://169.254.169.254/') }, 'DOWNLOAD_ADDRESS_REFUSED', '169.254.169.254'],
    ['a redirect to a private name', { '/0': to('https://private.example/') }, 'DOWNLOAD_ADDRESS_REFUSED', '10.0.0.1'],
    [
      'a redirect to a name with 2 answers',
      { '/0': to('https://both.example/') },
      'DOWNLOAD_ADDRESS_REFUSED',
      '10.0.0.1',
    ],
    ['no success', { '/0': { status: 404 } }, 'DOWNLOAD_FAILED', 'answers 404'],
    ['an encoding', { '/0': { headers: { 'content-encoding': 'gzip' } } }, 'DOWNLOAD_FAILED', 'encoding'],
    [
      'a length beyond the limit',
      { '/0': { headers: { 'content-length': '11' } } },
      'DOWNLOAD_TOO_LARGE',
      'more than 10',
    ],
    ['bytes beyond the limit', { '/0': answer('12345', '67890', '1') }, 'DOWNLOAD_TOO_LARGE', 'maxArchiveBytes'],
    [
      'fewer bytes than told',
      { '/0': { headers: { 'content-length': '5' }, chunks: ['abc'] } },
      'DOWNLOAD_FAILED',
      '3 of its 5',
    ],
    ['no connection', { '/0': { fails: 'ECONNREFUSED' } }, 'DOWNLOAD_FAILED', 'ECONNREFUSED'],
  ])('ends with %s, and lets the connection go', async (_, site, code, text) => {
    const answers: Answers = { given: [], closed: [] };
    const run = fetched('https://a.example/0', site, {}, { answers });

    await expect(run).rejects.toMatchObject({ code, rawMessage: expect.stringContaining(text) });
    expect(answers.closed).toEqual(answers.given);
  });

  it.each(['ftp://a.example/x', 'https://user@a.example/', 'nonsense', 'file:///etc/passwd', ''])(
    'refuses the address %j',
    async (url) => {
      await expect(fetched(url, {})).rejects.toMatchObject({ code: 'DOWNLOAD_URL_INVALID' });
    },
  );

  it.each(['https://127.0.0.1/x', 'https://private.example/x', 'http://[::1]/x'])(
    'does not start at %s, unless the configuration names it',
    async (url) => {
      const { hostname } = new URL(url);

      await expect(fetched(url, { [url]: answer('a') })).rejects.toMatchObject({ code: 'DOWNLOAD_ADDRESS_REFUSED' });
      const { written } = await fetched(url, { [url]: answer('a') }, { privateHosts: [hostname.toUpperCase()] });
      expect(written).toBe('a');
    },
  );

  it('from a private host may go on within its origin, and nowhere else that is private', async () => {
    const options = { privateHosts: ['private.example', '127.0.0.1'] };
    const site = {
      '/0': to('/1'),
      '/1': answer('a'),
      '/2': to('https://127.0.0.1/1'),
      '/3': to('https://private.example:8443/1'),
    };
    const start = (path: string): ReturnType<typeof fetched> =>
      fetched(`https://private.example${path}`, site, options);

    expect((await start('/0')).written).toBe('a');
    await expect(start('/2')).rejects.toMatchObject({ code: 'DOWNLOAD_ADDRESS_REFUSED' });
    await expect(start('/3')).rejects.toMatchObject({ code: 'DOWNLOAD_ADDRESS_REFUSED' });
  });

  it.each<[string, Response, number, string]>([
    ['no answer', { hangs: 'answer' }, 15_000, 'gave no answer within 15000 ms'],
    ['no bytes', { hangs: 'body' }, 30_000, 'gave no more bytes within 30000 ms'],
  ])('ends after its time with %s', async (_, response, limitMs, text) => {
    const environment = createManualEnvironment();
    const run = fetched('https://a.example/0', { '/0': response }, {}, { environment });
    const outcome = run.catch((error: unknown) => error);

    await environment.clock.advanceAsync(limitMs);

    expect(await outcome).toMatchObject({ code: 'DOWNLOAD_TIMED_OUT', rawMessage: expect.stringContaining(text) });
    expect(environment.clock.pending).toBe(0);
  });

  it('ends when the caller gives up', async () => {
    const controller = new AbortController();
    const run = fetched('https://a.example/0', { '/0': { hangs: 'answer' } }, {}, { signal: controller.signal });
    controller.abort();

    await expect(run).rejects.toMatchObject({ code: 'CANCELLED' });
  });
});

// Helpers

interface Response {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly chunks?: readonly string[];
  readonly fails?: string;
  readonly hangs?: 'answer' | 'body';
}
/** Addresses that were answered, and those whose answers were let go. */
interface Answers {
  readonly given: string[];
  readonly closed: string[];
}
interface Surroundings {
  readonly answers?: Answers;
  readonly environment?: ManualEnvironment;
  readonly signal?: AbortSignal;
}
type Site = Readonly<Record<string, Response>>;

const NAMES: Readonly<Record<string, readonly LookupAddress[]>> = {
  'a.example': [{ address: '93.184.216.34', family: 4 }],
  'private.example': [{ address: '10.0.0.1', family: 4 }],
  'both.example': [
    { address: '93.184.216.34', family: 4 },
    { address: '10.0.0.1', family: 4 },
  ],
};

function answer(...chunks: readonly string[]): Response {
  return { chunks };
}

function to(location: string | undefined): Response {
  return { status: 302, headers: location === undefined ? {} : { location } };
}

function chain(length: number): Site {
  const hops = Array.from({ length }, (_, index) => [`/${index}`, to(`/${index + 1}`)] as const);
  return Object.fromEntries([...hops, [`/${length}`, answer('end')]]);
}

async function fetched(
  url: string,
  site: Site,
  options: DownloadOptions = {},
  { answers = { given: [], closed: [] }, environment = createManualEnvironment(), signal }: Surroundings = {},
) {
  const requests: DownloadRequest[] = [];
  const chunks: Uint8Array[] = [];
  const result = await download({
    url,
    maxBytes: 10,
    clock: environment.clock,
    ...(signal === undefined ? {} : { signal }),
    options: {
      ...options,
      resolve: async (name) => NAMES[name] ?? [{ address: name, family: name.includes(':') ? 6 : 4 }],
      fetch: async (request) => {
        requests.push(request);
        return respond(site[request.url.href] ?? site[request.url.pathname] ?? { status: 404 }, request, answers);
      },
    },
    write: async (chunk) => void chunks.push(chunk),
  });
  return { result, requests, written: Buffer.concat(chunks).toString() };
}

async function respond(
  response: Response,
  { url, signal }: DownloadRequest,
  answers: Answers,
): Promise<DownloadResponse> {
  const { status = 200, headers = {}, chunks = [], fails, hangs } = response;
  const aborted = (): Promise<never> =>
    new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason), { once: true }));
  if (fails !== undefined) throw Object.assign(new Error('failed'), { code: fails });
  if (hangs === 'answer') await aborted();
  answers.given.push(url.href);
  return {
    status,
    headers,
    body: (async function* () {
      for (const chunk of chunks) yield Buffer.from(chunk);
      if (hangs === 'body') await aborted();
    })(),
    close: () => void answers.closed.push(url.href),
  };
}
