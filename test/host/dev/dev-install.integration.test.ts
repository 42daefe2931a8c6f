import { mkdtempSync, readFileSync, rmSync, writeFileSync, mkdirSync, readdirSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { RuntimeError } from '../../../src/errors/index.ts';
import { createDevRoutes, openOpsListener } from '../../../src/host/index.ts';
import { packBundle } from '../../../src/host/bundles/index.ts';
import type { PluginRow } from '../../../src/ports/lifecycle-store.ts';
import { createRealClock, createSilentLogger } from '../../../src/ports/index.ts';
import { waitFor } from '../../transport/process/support.ts';
import { createFakeLifecycle } from './fake-lifecycle.ts';
import type { FakeLifecycle } from './fake-lifecycle.ts';

const TOKEN = 'secret-token';

interface Answer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

interface Endpoint extends FakeLifecycle {
  readonly url: string;
  readonly work: string;
  post(parts: Readonly<Record<string, string | Blob>>, headers?: Readonly<Record<string, string>>): Promise<Answer>;
}

describe('POST /_/plugins/dev/install', () => {
  it('installs a plugin that is not there, and says what it is granted', async () => {
    const { post, calls } = await start();

    const answer = await post(await upload());

    expect(answer).toEqual({
      status: 200,
      body: {
        plugin: { name: 'kv', version: '1.0.0' },
        action: 'installed',
        permissions: ['events.emit:order.*'],
        warnings: [],
      },
    });
    expect(calls).toEqual(['install 1.0.0']);
  });

  it('reloads it: one row, the new version', async () => {
    const { post, calls, rows } = await start();
    await post(await upload());

    const answer = await post(await upload({ version: '1.1.0' }));

    expect(answer.body['action']).toBe('reloaded');
    expect([rows.size, rows.get('kv')?.version, calls]).toEqual([1, '1.1.0', ['install 1.0.0', 'update 1.1.0']]);
  });

  it('reloads other files of the same version, and leaves the same files alone', async () => {
    const { post, calls } = await start();

    const actions: unknown[] = [];
    for (const code of ['1', '2', '2']) actions.push((await post(await upload({ code }))).body['action']);

    expect(actions).toEqual(['installed', 'reloaded', 'unchanged']);
    expect(calls).toEqual(['install 1.0.0', 'update 1.0.0']);
  });

  it.each([
    ['installed', undefined, ['update 1.1.0', 'activate']],
    ['inactive', undefined, ['update 1.1.0', 'activate']],
    ['quarantined', undefined, ['reset', 'update 1.1.0', 'activate']],
    ['errored', 'active', ['reset', 'update 1.1.0', 'activate']],
    ['errored', undefined, ['uninstall', 'install 1.1.0']],
  ] as const)('brings a plugin that is %s (from %s) to serving', async (state, from, expected) => {
    const { post, calls, rows } = await start();
    await post(await upload());
    const failure = { code: 'INTERNAL', message: 'no', phase: 'activating', from } as const;
    rows.set('kv', { ...(rows.get('kv') as PluginRow), state, failure } as PluginRow);
    calls.length = 0;

    const answer = await post(await upload({ version: '1.1.0' }));

    expect([answer.status, calls, rows.get('kv')?.state]).toEqual([200, expected, 'active']);
  });

  it('answers 422 with every problem of the manifest, by path', async () => {
    const { post, calls } = await start();
    const manifest =
      'apiVersion: troupe.plugin/v1\nname: "no good"\nversion: one\nkinds: []\nrun: { node: plugin.js }\n';

    const { status, body } = await post({ manifest: file(manifest, 'plugin.yaml'), bundle: file('x', 'p.zip') });

    expect([status, body['code'], calls]).toEqual([422, 'MANIFEST_INVALID', []]);
    expect((body['errors'] as { path: string }[]).map(({ path }) => path)).toEqual(['kinds', 'name', 'version']);
  });

  it('answers 422 PLACEMENT_UNAVAILABLE to WebAssembly', async () => {
    const { post } = await start();

    const { status, body } = await post({ manifest: file(manifestOf({})), wasm: file('\0asm', 'plugin.wasm') });

    expect([status, body['code']]).toEqual([422, 'PLACEMENT_UNAVAILABLE']);
  });

  it('answers 422 CONSENT_REQUIRED to a sensitive permission that nobody consented to, and touches nothing', async () => {
    const { post, calls } = await start();
    await post(await upload());
    const parts = await upload({ permissions: '{ net: [example.org] }' });

    const refused = await post(parts);
    const taken = await post({ ...parts, consent: '["net:example.org"]' });

    expect([refused.status, refused.body['code'], calls.length]).toEqual([422, 'CONSENT_REQUIRED', 2]);
    expect([taken.status, taken.body['permissions']]).toEqual([200, ['net:example.org']]);
  });

  it.each([
    [{ manifest: '{}' }, 'neither a part "bundle" nor a part "wasm"'],
    [{ bundle: file('x', 'p.zip') }, 'no part "manifest"'],
    [{ manifest: '{}', bundle: 'x' }, 'without a file name'],
    [{ manifest: '{}', bundle: file('x', 'p.zip'), wasm: file('x', 'p.wasm') }, 'and a part "wasm"'],
    [{ manifest: '{}', bundle: file('x', 'p.zip'), consent: 'yes' }, 'no list of texts'],
    [{ manifest: '{}', bundle: file('x', 'p.zip'), generation: '-1' }, 'no whole number'],
  ])('answers 400 to the parts of case %#', async (parts, text) => {
    const { post } = await start();

    const { status, body } = await post(parts);

    expect([status, body['code']]).toEqual([400, 'UPLOAD_MALFORMED']);
    expect(body['message']).toContain(text);
  });

  it.each([
    ['application/json', '{}'],
    ['multipart/form-data', 'no boundary'],
    ['multipart/form-data; boundary=x', '--x\r\ncut'],
  ])('answers 400 to a body that says it is %s', async (type, body) => {
    const { url } = await start();
    const headers = { 'content-type': type, authorization: `Bearer ${TOKEN}` };

    const response = await fetch(url, { method: 'POST', body, headers });

    expect([response.status, ((await response.json()) as Answer['body'])['code']]).toEqual([400, 'UPLOAD_MALFORMED']);
  });

  it('answers 413 to a manifest of more than 256 KiB, whether it is a file or a field', async () => {
    const { post } = await start();
    const text = 'x'.repeat(256 * 1024 + 1);

    const answers = [
      await post({ manifest: file(text), bundle: file('x', 'p.zip') }),
      await post({ manifest: text, bundle: file('x', 'p.zip') }),
    ];

    expect(answers.map(({ status, body }) => [status, body['code']])).toEqual([
      [413, 'UPLOAD_TOO_LARGE'],
      [413, 'UPLOAD_TOO_LARGE'],
    ]);
  });

  it('answers 413 to WebAssembly of more than 64 MiB', { timeout: 30_000 }, async () => {
    const { post } = await start();
    const wasm = new Blob([new Uint8Array(64 * 1024 * 1024 + 1)]);

    expect((await post({ manifest: file(manifestOf({})), wasm })).status).toBe(413);
  });

  it.each([[{}], [{ authorization: 'Bearer no' }], [{ 'dev-token': '' }]])('answers 401 to %j', async (headers) => {
    const { post, calls } = await start();

    expect([(await post(await upload(), headers)).status, calls]).toEqual([401, []]);
  });

  it('answers 401 to everybody when the host has an empty token', async () => {
    const { post } = await start('');

    expect((await post(await upload(), { authorization: 'Bearer ' })).status).toBe(401);
    expect((await post(await upload(), { 'dev-token': '' })).status).toBe(401);
  });

  it('refuses a bundle with another manifest than the one beside it', async () => {
    const { post } = await start();
    const { bundle } = await upload();

    const { status, body } = await post({ manifest: file(manifestOf({ version: '2.0.0' })), bundle: bundle ?? '' });

    expect([status, body['message']]).toEqual([400, 'the upload has another manifest than its bundle']);
  });

  it('keeps what it has when the lifecycle refuses, and leaves nothing unpacked', async () => {
    const endpoint = await start();
    await endpoint.post(await upload());
    endpoint.gate = () => {
      throw new RuntimeError('START_ABORTED', 'it does not start');
    };

    const { status, body } = await endpoint.post(await upload({ version: '1.1.0' }));

    expect([status, body['code'], endpoint.rows.get('kv')?.version]).toEqual([422, 'START_ABORTED', '1.0.0']);
    expect(readdirSync(endpoint.work)).toEqual([]);
  });

  it('answers 500 without a text to what is the host’s own fault', async () => {
    const endpoint = await start();
    endpoint.gate = () => {
      throw new TypeError('secret path');
    };

    const { status, body } = await endpoint.post(await upload());

    expect([status, body]).toEqual([500, { code: 'INTERNAL', message: 'the host failed; its log says why' }]);
  });

  it('takes 10 uploads of the same at once: all answered 200, 1 install', async () => {
    const { post, calls } = await start();
    const parts = await upload();

    const answers = await Promise.all(Array.from({ length: 10 }, () => post(parts)));

    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 10 }, () => 200));
    expect(calls).toEqual(['install 1.0.0']);
  });

  it('lets the newest of 4 uploads win that come during an install, and tells the others', async () => {
    const endpoint = await start();
    const release = Promise.withResolvers<void>();
    endpoint.gate = () => release.promise;
    const answers = [endpoint.post(await upload({ version: '1.0.1' }))];
    await waitFor('the first', () => endpoint.calls.length === 1);
    for (const version of ['1.0.2', '1.0.3', '1.0.4']) {
      answers.push(endpoint.post(await upload({ version })));
      await arrived(endpoint);
    }
    release.resolve();

    const versionsServed = ['1.0.1', '1.0.4', '1.0.4', '1.0.4'];
    const bodies = (await Promise.all(answers)).map(({ body }) => body);

    expect(endpoint.calls).toEqual(['install 1.0.1', 'update 1.0.4']);
    expect(bodies.map(({ plugin }) => (plugin as { version: string }).version)).toEqual(versionsServed);
    expect(bodies.map(({ warnings }) => (warnings as string[]).length)).toEqual([0, 1, 1, 0]);
  });

  it('finishes what it has begun when the sender goes away', async () => {
    const endpoint = await start();
    const release = Promise.withResolvers<void>();
    endpoint.gate = () => release.promise;
    const form = new Request(endpoint.url, { method: 'POST', body: formOf(await upload()) });
    const body = Buffer.from(await form.arrayBuffer());
    const sender = request(endpoint.url, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${TOKEN}`,
        'content-type': form.headers.get('content-type') ?? '',
        'content-length': body.length,
      },
    });
    sender.on('error', () => {});
    sender.end(body);
    await waitFor('the install', () => endpoint.calls.length === 1);

    sender.destroy();
    release.resolve();

    await waitFor('the row', () => endpoint.rows.get('kv') !== undefined);
    expect(endpoint.rows.get('kv')?.state).toBe('active');
  });
});

describe('GET /_/plugins/dev/status', () => {
  it('answers 404 for a plugin that is not there, else its state and permissions', async () => {
    const { post, url } = await start();
    const look = (): Promise<Response> =>
      fetch(url.replace('install', 'status?plugin=kv'), { headers: { authorization: `Bearer ${TOKEN}` } });

    const before = (await look()).status;
    await post(await upload());

    expect(before).toBe(404);
    expect(await (await look()).json()).toMatchObject({ state: 'active', permissions: ['events.emit:order.*'] });
  });
});

// Helpers

async function start(token = TOKEN): Promise<Endpoint> {
  const fake = createFakeLifecycle();
  const work = mkdtempSync(join(tmpdir(), 'dev-work-'));
  const [clock, log] = [createRealClock(), createSilentLogger()];
  const dev = createDevRoutes({ lifecycle: fake.lifecycle, clock, log, workDirectory: work });
  const listener = await openOpsListener({ port: 0, routes: dev.routes, token, clock, log });
  onTestFinished(async () => {
    await dev.idle();
    await listener.close();
    rmSync(work, { recursive: true });
  });
  const url = `${listener.url}/_/plugins/dev/install`;
  const post: Endpoint['post'] = async (parts, headers = { authorization: `Bearer ${TOKEN}` }) => {
    const response = await fetch(url, { method: 'POST', body: formOf(parts), headers });
    return { status: response.status, body: (await response.json()) as Answer['body'] };
  };
  return Object.assign(fake, { url, work, post });
}

function formOf(parts: Readonly<Record<string, string | Blob>>): FormData {
  const form = new FormData();
  for (const [name, value] of Object.entries(parts)) {
    if (typeof value === 'string') form.set(name, value);
    else form.set(name, value, value instanceof File ? value.name : 'part');
  }
  return form;
}

function file(text: string, name = 'plugin.yaml'): File {
  return new File([text], name);
}

interface UploadParts {
  readonly version?: string;
  readonly code?: string;
  readonly permissions?: string;
}

function manifestOf({ version = '1.0.0', permissions = '{ events: { emit: ["order.*"] } }' }: UploadParts): string {
  return `apiVersion: troupe.plugin/v1
name: kv
version: ${version}
kinds: [events]
run: { node: plugin.js }
permissions: ${permissions}
`;
}

/** The parts of an upload with a real bundle. */
async function upload(parts: UploadParts = {}): Promise<Readonly<Record<string, Blob>>> {
  const directory = mkdtempSync(join(tmpdir(), 'dev-upload-'));
  try {
    const plugin = join(directory, 'plugin');
    mkdirSync(plugin);
    writeFileSync(join(plugin, 'plugin.yaml'), manifestOf(parts));
    writeFileSync(join(plugin, 'plugin.js'), parts.code ?? '1');
    const packed = await packBundle(plugin, { out: join(directory, 'p.troupe') });
    const bundle = new File([readFileSync(packed.file)], 'plugin.zip');
    return { manifest: file(manifestOf(parts)), bundle };
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/** Waits until the listener has read what was sent before: a later request is answered after it. */
async function arrived({ url }: Endpoint): Promise<void> {
  for (let index = 0; index < 10; index += 1) {
    await fetch(url.replace('install', 'status?plugin=kv'), { headers: { authorization: `Bearer ${TOKEN}` } });
  }
}
