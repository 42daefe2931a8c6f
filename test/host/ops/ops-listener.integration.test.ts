// The listener against people who mean it no good, over real sockets.

import { request } from 'node:http';
import type { IncomingHttpHeaders } from 'node:http';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { networkInterfaces } from 'node:os';
import { describe, expect, it, onTestFinished } from 'vitest';
import { RuntimeError } from '../../../src/errors/index.ts';
import { openOpsListener } from '../../../src/host/ops/index.ts';
import type { OpsListener, OpsListenerOptions, OpsRoute } from '../../../src/host/ops/index.ts';
import { createRealClock, createRecordingLogger } from '../../../src/ports/index.ts';

const TOKEN = '0123456789abcdef'.repeat(4);
const BEARER = { authorization: `Bearer ${TOKEN}` };

describe('openOpsListener', () => {
  it('answers a route without a token, and 404 for what is not there', async () => {
    const { url } = await listen();

    expect(await ask(url, '/open')).toMatchObject({ status: 200, body: 'open' });
    expect(await ask(url, '/else', { headers: BEARER })).toMatchObject({ status: 404 });
    expect(await ask(url, '/open/../secret')).toMatchObject({ status: 404 });
  });

  it.each([{}, { authorization: 'Bearer wrong' }, { authorization: `Bearer ${TOKEN}0` }, { 'dev-token': 'x' }])(
    'answers 401 to %j, and its handler hears nothing',
    async (headers) => {
      const heard: string[] = [];
      const { url } = await listen({
        routes: [{ method: 'GET', path: '/secret', handler: () => ok(heard.push('x')) }],
      });

      expect(await ask(url, '/secret', { headers })).toMatchObject({ status: 401 });
      expect(heard).toEqual([]);
    },
  );

  it.each([BEARER, { 'dev-token': TOKEN }])('answers 200 to %j', async (headers) => {
    const { url } = await listen();

    expect(await ask(url, '/secret', { headers })).toMatchObject({ status: 200, body: 'secret' });
  });

  it('lets nobody in when its token is empty', async () => {
    const { url } = await listen({ token: '' });

    for (const headers of [{}, { 'dev-token': '' }, { authorization: 'Bearer ' }]) {
      expect(await ask(url, '/secret', { headers })).toMatchObject({ status: 401 });
    }
  });

  it.each(['evil.example', 'evil.example:80', '127.0.0.1.evil.example', 'localhost.evil.example'])(
    'answers 421 to a name of the web that leads here: %j (rebinding)',
    async (host) => {
      const { url } = await listen();

      const { status } = await ask(url, '/secret', { headers: { ...BEARER, host } });

      expect(status).toBe(421);
    },
  );

  it.each([{ origin: 'https://evil.example' }, { origin: 'null' }, { 'sec-fetch-site': 'cross-site' }])(
    'answers 403 to a web page: %j',
    async (headers) => {
      const { url } = await listen();

      expect(await ask(url, '/open', { headers })).toMatchObject({ status: 403 });
    },
  );

  it('allows no other origin, not even when it is asked for', async () => {
    const { url } = await listen();

    const answers = await Promise.all([
      ask(url, '/open', { method: 'OPTIONS', headers: { 'access-control-request-method': 'GET' } }),
      ask(url, '/open', { headers: { origin: url } }),
      ask(url, '/open'),
    ]);

    expect(answers.map(({ status }) => status)).toEqual([405, 403, 200]);
    for (const { headers } of answers) {
      expect(Object.keys(headers).filter((name) => name.startsWith('access-control'))).toEqual([]);
      expect(headers['x-content-type-options']).toBe('nosniff');
    }
  });

  it('answers 413 to a body that is announced as too large, before it is read', async () => {
    const { url } = await listen();
    const body = 'x'.repeat(200_000);

    expect(await ask(url, '/upload', { method: 'POST', headers: BEARER, body })).toMatchObject({ status: 413 });
  });

  it('answers 413 to a body in chunks that grows too large', async () => {
    const { url } = await listen();

    const answer = await ask(url, '/upload', {
      method: 'POST',
      headers: BEARER,
      chunks: Array(50).fill('x'.repeat(1000)),
    });

    expect(answer).toMatchObject({ status: 413 });
  });

  it('hands a body of 1,000 bytes to its handler, and takes the next request on the same connection', async () => {
    const { port } = await listen();
    const socket = await open(port);

    const post = `POST /upload HTTP/1.1\r\nHost: localhost\r\nDev-Token: ${TOKEN}\r\nContent-Length: 1000\r\n\r\n${'x'.repeat(1000)}`;
    socket.write(post);
    await received(socket, '1000 bytes');
    socket.write('GET /open HTTP/1.1\r\nHost: localhost\r\n\r\n');

    expect(await received(socket, 'open')).toContain('HTTP/1.1 200');
  });

  it('asks for a body with 100 Continue only when it will read it', async () => {
    const { port } = await listen();
    const head = (token: string): string =>
      `POST /upload HTTP/1.1\r\nHost: localhost\r\nDev-Token: ${token}\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n`;
    const [good, bad] = [await open(port), await open(port)];

    good.write(head(TOKEN));
    bad.write(head('wrong'));

    expect(await received(good, '\r\n\r\n')).toMatch(/^HTTP\/1\.1 100 Continue/);
    expect(await received(bad, '\r\n\r\n')).toMatch(/^HTTP\/1\.1 401/);
    good.write('abcde');
    expect(await received(good, '5 bytes')).toContain('HTTP/1.1 200');
  });

  it('ends a connection that sends its header too slowly', async () => {
    const { port } = await listen({ headerTimeoutMs: 200 });
    const socket = await open(port);

    socket.write('GET /open HTTP/1.1\r\nHost: local');

    expect(await allOf(socket)).toMatch(/^(HTTP\/1\.1 408|$)/);
  });

  it('ends a request whose body does not come, in the time of its route', async () => {
    const { port } = await listen();
    const socket = await open(port);

    socket.write(`POST /slow HTTP/1.1\r\nHost: localhost\r\nDev-Token: ${TOKEN}\r\nContent-Length: 10\r\n\r\nabc`);

    expect(await received(socket, '}\n')).toMatch(/^HTTP\/1\.1 408/);
  });

  it('answers 408 when a handler takes too long, and tells it so', async () => {
    let wasAborted = false;
    const route: OpsRoute = {
      method: 'GET',
      path: '/hangs',
      needsToken: false,
      timeoutMs: 50,
      handler: ({ signal }) =>
        new Promise(() => signal.addEventListener('abort', () => (wasAborted = true), { once: true })),
    };
    const { url } = await listen({ routes: [route] });

    expect(await ask(url, '/hangs')).toMatchObject({ status: 408 });
    expect(wasAborted).toBe(true);
  });

  it.each([
    [
      'a header of 20,000 bytes',
      `GET /open HTTP/1.1\r\nHost: localhost\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`,
      /^HTTP\/1\.1 431/,
    ],
    ['no host', 'GET /open HTTP/1.1\r\n\r\n', /^HTTP\/1\.1 400/],
    [
      'the whole address of somebody else',
      'GET http://evil.example/open HTTP/1.1\r\nHost: localhost\r\n\r\n',
      /^HTTP\/1\.1 404/,
    ],
    [
      '2 lengths',
      'POST /upload HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab',
      /^HTTP\/1\.1 400/,
    ],
    [
      'a length and chunks',
      'POST /upload HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
      /^HTTP\/1\.1 400/,
    ],
    ['a tunnel', 'CONNECT localhost:1 HTTP/1.1\r\nHost: localhost\r\n\r\n', /^$/],
    [
      'a web socket',
      'GET /open HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
      /^$/,
    ],
    ['no HTTP at all', '\u0016\u0003\u0001 hello\r\n\r\n', /^HTTP\/1\.1 400/],
  ])('turns away %s', async (_, text, answer) => {
    const { port } = await listen();
    const socket = await open(port);

    socket.write(text);
    socket.end();

    expect(await allOf(socket)).toMatch(answer);
  });

  it('tells nothing of a failure within, and logs it', async () => {
    const log = createRecordingLogger();
    const route: OpsRoute = {
      method: 'GET',
      path: '/fails',
      needsToken: false,
      handler: () => {
        throw new TypeError('the password is secret');
      },
    };
    const { url } = await listen({ routes: [route], log });

    const answer = await ask(url, '/fails');

    expect(answer.status).toBe(500);
    expect(answer.body).not.toContain('password');
    expect(log.entries).toHaveLength(1);
  });

  it('answers an error of a handler with the status of its code', async () => {
    const route: OpsRoute = {
      method: 'GET',
      path: '/fails',
      needsToken: false,
      handler: () => Promise.reject(new RuntimeError('UNAVAILABLE', 'later')),
    };
    const { url } = await listen({ routes: [route] });

    expect(await ask(url, '/fails')).toMatchObject({ status: 503, body: '{"code":"UNAVAILABLE","message":"later"}\n' });
  });

  it('takes 2 connections at a time when it is told so', async () => {
    const { port } = await listen({ maxConnections: 2 });
    const [first, second] = [await open(port), await open(port)];
    const third = await open(port);

    expect(await allOf(third)).toBe('');
    first.destroy();
    second.destroy();
  });

  it('cannot be reached by another address of this machine', async ({ skip }) => {
    const other = Object.values(networkInterfaces())
      .flatMap((each) => each ?? [])
      .find(({ internal, family }) => !internal && family === 'IPv4')?.address;
    if (other === undefined) return skip('this machine has no other address');
    const { port } = await listen();

    await expect(open(port, other)).rejects.toThrow(/ECONNREFUSED/);
  });

  it('refuses a port that is taken, and one that is none', async () => {
    const { port } = await listen();

    await expect(listen({ port })).rejects.toThrow(
      /\[LISTEN_FAILED\] cannot listen on 127\.0\.0\.1, port \d+: EADDRINUSE/,
    );
    await expect(listen({ port: 70_000 })).rejects.toThrow(/option "port"/);
  });

  it('ends a request that is under way when it is closed', async () => {
    const route: OpsRoute = { method: 'GET', path: '/hangs', needsToken: false, handler: () => new Promise(() => {}) };
    const listener = await listen({ routes: [{ ...route, timeoutMs: 60_000 }] });
    const asked = ask(listener.url, '/hangs');
    const socket = await open(listener.port);

    await listener.close();

    await expect(asked).rejects.toThrow(/socket hang up|ECONNRESET/);
    expect(await allOf(socket)).toBe('');
    await expect(open(listener.port)).rejects.toThrow(/ECONNREFUSED/);
  });
});

describe('allowedHosts', () => {
  it('takes 1 name in letters of any case, as a request may write it', async () => {
    const { url } = await listen({ allowedHosts: ['Build.Example.ORG'] });

    const answers = await Promise.all(
      ['build.example.org', 'BUILD.example.org:8080', 'other.example.org'].map((host) =>
        ask(url, ROUTES[0]?.path ?? '/', { headers: { host } }),
      ),
    );

    expect(answers.map(({ status }) => status === 421)).toEqual([false, false, true]);
  });
});

// Helpers

function ok(body: unknown): { status: number; body: string } {
  return { status: 200, body: String(body) };
}

const ROUTES: readonly OpsRoute[] = [
  { method: 'GET', path: '/open', needsToken: false, handler: () => ok('open') },
  { method: 'GET', path: '/secret', handler: () => ok('secret') },
  {
    method: 'POST',
    path: '/upload',
    maxBodyBytes: 10_000,
    handler: async ({ body }) => ok(`${await lengthOf(body)} bytes`),
  },
  {
    method: 'POST',
    path: '/slow',
    maxBodyBytes: 100,
    timeoutMs: 100,
    handler: async ({ body }) => ok(await lengthOf(body)),
  },
];

async function lengthOf(body: AsyncIterable<Uint8Array>): Promise<number> {
  let bytes = 0;
  for await (const chunk of body) bytes += chunk.byteLength;
  return bytes;
}

async function listen(options: Partial<OpsListenerOptions> = {}): Promise<OpsListener> {
  const listener = await openOpsListener({
    port: 0,
    routes: ROUTES,
    token: TOKEN,
    clock: createRealClock(),
    log: createRecordingLogger(),
    ...options,
  });
  onTestFinished(() => listener.close());
  return listener;
}

interface Asked {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly chunks?: readonly string[];
}

interface Answer {
  readonly status: number | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

function ask(url: string, path: string, { method = 'GET', headers = {}, body, chunks }: Asked = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const call = request(`${url}`, { path, method, headers, agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => (text += part));
      response.once('end', () => resolve({ status: response.statusCode, headers: response.headers, body: text }));
    });
    call.once('error', reject);
    for (const chunk of chunks ?? []) call.write(chunk);
    call.end(body);
  });
}

function open(port: number, host = '127.0.0.1'): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host });
    onTestFinished(() => void socket.destroy());
    socket.setEncoding('utf8');
    socket.once('connect', () => resolve(socket));
    socket.once('error', reject);
  });
}

/** What came, once it contains the text. */
function received(socket: Socket, part: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    const onData = (data: string): void => {
      text += data;
      if (!text.includes(part)) return;
      socket.off('data', onData);
      resolve(text);
    };
    socket.on('data', onData);
    socket.once('close', () => reject(new Error(`closed after ${JSON.stringify(text)}`)));
  });
}

/** Everything that came until the end of the connection. */
function allOf(socket: Socket): Promise<string> {
  return new Promise((resolve) => {
    let text = '';
    socket.on('data', (data: string) => (text += data));
    socket.on('error', () => {});
    socket.once('close', () => resolve(text));
    if (socket.destroyed) resolve(text);
  });
}
