// What every carrier of calls promises. Each carrier's own test file runs this against itself.

import { expect, it, onTestFinished } from 'vitest';
import { RuntimeError } from '../../src/errors/index.ts';
import type { PluginConnection } from '../../src/ports/plugin-connection.ts';
import { createServiceClient, service } from '../../src/ports/service.ts';
import type { CallContext, ServedService, ServiceImplementation } from '../../src/ports/service.ts';
import { KvServiceService, ProbeServiceService } from '../gen/troupe/testing/v1/peer.ts';
import type { ChatRequest, DownloadResponse, UploadRequest } from '../gen/troupe/testing/v1/peer.ts';

/** What a carrier opens for one test. */
export interface Opened {
  readonly connection: PluginConnection & { readonly inFlight: number };
  close(): void | Promise<void>;
}

/** How a carrier opens a connection to services, with a limit for received messages where one is given. */
export type Open = (services: readonly ServedService[], maxReceiveBytes?: number) => Promise<Opened>;

type Probe = ServiceImplementation<typeof ProbeServiceService>;

/** Registers the tests; call it inside a `describe`. */
export function connectionContract(openCarrier: Open): void {
  const open = async (overrides: Partial<Probe> = {}, maxReceiveBytes?: number) => {
    const opened = await openCarrier(
      [service(ProbeServiceService, { ...probe(), ...overrides }), kv()],
      maxReceiveBytes,
    );
    onTestFinished(() => opened.close());
    const { connection } = opened;
    return { connection, client: createServiceClient(ProbeServiceService, connection) };
  };

  unaryContract(open);
  streamContract(open);
  cancellationContract(open);
  closingContract(open);
}

type OpenProbe = (
  overrides?: Partial<Probe>,
  maxReceiveBytes?: number,
) => Promise<{
  connection: Opened['connection'];
  client: ReturnType<typeof createServiceClient<typeof ProbeServiceService>>;
}>;

function unaryContract(open: OpenProbe): void {
  it('answers a unary call', async () => {
    const { client, connection } = await open();

    const answer = await client.echo({ text: 'grüße' });

    expect(answer).toEqual({ text: 'grüße', pid: process.pid, version: 1 });
    expect(connection.inFlight).toBe(0);
  });

  it('answers 100 concurrent unary calls, each with its own response', async () => {
    const { client } = await open();
    const texts = Array.from({ length: 100 }, (_, index) => `message ${index}`);

    const answers = await Promise.all(texts.map((text) => client.echo({ text })));

    expect(answers.map((answer) => answer.text)).toEqual(texts);
  });

  it('keeps the code and the text of a status that the handler throws', async () => {
    const { connection } = await open();

    const call = createServiceClient(KvServiceService, connection).get({ key: 'absent' });

    await expect(call).rejects.toMatchObject({ code: 'NOT_FOUND', rawMessage: 'no such key: 100 % "absent" ü' });
  });

  it('answers a code of our own with the gRPC status that it stands for', async () => {
    const { client } = await open({
      echo: () => {
        throw new RuntimeError('BROKER_TIMEOUT', 'nobody listens');
      },
    });

    await expect(client.echo({ text: '' })).rejects.toMatchObject({
      code: 'DEADLINE_EXCEEDED',
      rawMessage: 'nobody listens',
    });
  });

  it.each([
    [
      'thrown',
      () => {
        throw new TypeError('boom');
      },
    ],
    ['rejected', () => Promise.reject(new TypeError('boom'))],
  ])('answers any other error, %s, with UNKNOWN and its message', async (_how, echo) => {
    const { client } = await open({ echo });

    await expect(client.echo({ text: '' })).rejects.toMatchObject({ code: 'UNKNOWN', rawMessage: 'boom' });
  });

  it.each([
    ['is no text', { reason: 1 }, '[object Object]'],
    ['cannot be printed', { toString: 0 }, 'object'],
  ])('answers an error whose message %s, with UNKNOWN', async (_what, message, rawMessage) => {
    const { client } = await open({
      echo: () => {
        throw Object.assign(new Error(), { message });
      },
    });

    await expect(client.echo({ text: '' })).rejects.toMatchObject({ code: 'UNKNOWN', rawMessage });
  });

  it('answers a method that nobody serves with UNIMPLEMENTED', async () => {
    const { connection } = await open();
    const unknown = { ...ProbeServiceService.echo, path: '/troupe.testing.v1.ProbeService/Absent' };

    await expect(connection.unary(unknown, { text: '' })).rejects.toMatchObject({
      code: 'UNIMPLEMENTED',
      rawMessage: expect.stringContaining('/troupe.testing.v1.ProbeService/Absent'),
    });
  });

  it('fails with INTERNAL when a request or a response cannot be encoded', async () => {
    const { client } = await open({ echo: () => ({ text: '', pid: -1, version: 0 }) });

    await expect(client.offer({ id: -1 })).rejects.toMatchObject({ code: 'INTERNAL' });
    await expect(client.echo({ text: '' })).rejects.toMatchObject({ code: 'INTERNAL' });
  });

  it('hands metadata, path and a peer to the handler', async () => {
    let seen: CallContext | undefined;
    const { client } = await open({
      echo: (request, context) => {
        seen = context;
        return { text: `${context.metadata['x-cause']} ${context.path} ${request.text}`, pid: 0, version: 0 };
      },
    });

    const { text } = await client.echo({ text: 'hi' }, { metadata: { 'X-Cause': 'event 7' } });

    expect(text).toBe('event 7 /troupe.testing.v1.ProbeService/Echo hi');
    expect(seen).toHaveProperty('peer.fingerprint');
  });

  it('tells the handler when its reply is on its way', async () => {
    const replied = Promise.withResolvers<void>();
    const { client } = await open({
      echo: (request, context) => {
        context.onReplied(() => replied.resolve());
        return { text: request.text, pid: 0, version: 0 };
      },
    });

    await client.echo({ text: '' });

    await expect(replied.promise).resolves.toBeUndefined();
  });

  it('does not abort the signal of a call that was answered', async () => {
    const seen = Promise.withResolvers<AbortSignal>();
    const { client } = await open({
      echo: (request, context) => {
        const { signal } = context;
        context.onReplied(() => seen.resolve(signal));
        return { text: request.text, pid: 0, version: 0 };
      },
    });

    await client.echo({ text: '' });

    expect((await seen.promise).aborted).toBe(false);
  });

  it('refuses a message above the limit of 1,000 bytes and names size, limit and option', async () => {
    const { client } = await open({}, 1_000);

    await expect(client.echo({ text: 'x'.repeat(1_100) })).rejects.toMatchObject({
      code: 'RESOURCE_EXHAUSTED',
      rawMessage: expect.stringMatching(
        /1103 bytes exceeds its receiver's limit of 1000 bytes.*4194304.*"maxReceiveBytes" = 1000/,
      ),
    });
  });

  it('carries 5 MB in both directions by default', async () => {
    const { client } = await open();
    const text = 'x'.repeat(5_000_000);

    expect((await client.echo({ text })).text).toHaveLength(5_000_000);
  });
}

function streamContract(open: OpenProbe): void {
  it('delivers 1,000 streamed responses in order', async () => {
    const { client } = await open();

    const seen = await collect(client.download({ count: 1_000, text: 'x' }));

    expect(seen.map((message) => message.index)).toEqual(Array.from({ length: 1_000 }, (_, index) => index));
  });

  it('delivers 1,000 streamed requests and answers once', async () => {
    const { client } = await open();

    const answer = await client.upload(repeat({ text: 'four' }, 1_000));

    expect(answer).toEqual({ messages: 1_000, bytes: 4_000n });
  });

  it('takes a plain array as a stream of requests', async () => {
    const { client } = await open();

    expect(await client.upload([{ text: 'a' }, { text: 'bc' }])).toEqual({ messages: 2, bytes: 3n });
  });

  it('carries both directions at once, message by message', async () => {
    const { client } = await open();
    const answers: string[] = [];
    const gate = createGate();

    for await (const { text } of client.chat(gate.follow(['one', 'two', 'three']))) {
      answers.push(text);
      gate.open();
    }

    expect(answers).toEqual(['one', 'two', 'three']);
  });

  it('gives the messages before a failure, then the failure, then nothing', async () => {
    const { client } = await open({
      async *download() {
        yield { index: 0, text: 'first' };
        throw new RuntimeError('ABORTED', 'half way');
      },
    });
    const iterator = client.download({ count: 1, text: '' })[Symbol.asyncIterator]();

    expect(await iterator.next()).toMatchObject({ value: { index: 0 } });
    await expect(iterator.next()).rejects.toMatchObject({ code: 'ABORTED', rawMessage: 'half way' });
    expect(await iterator.next()).toMatchObject({ done: true });
  });

  it('does not make a streamed call that nobody iterates over', async () => {
    let calls = 0;
    const { client, connection } = await open({
      download: () => {
        calls += 1;
        return [];
      },
    });

    client.download({ count: 1, text: '' });
    await client.echo({ text: '' });

    expect([calls, connection.inFlight]).toEqual([0, 0]);
  });

  it('pulls requests no faster than the handler takes them', async () => {
    const release = Promise.withResolvers<void>();
    let pulled = 0;
    const { client } = await open({
      upload: async (requests) => {
        await release.promise;
        return { messages: (await collect(requests)).length, bytes: 0n };
      },
    });
    const answer = client.upload(
      count(400, 'x'.repeat(10_000), () => {
        pulled += 1;
      }),
    );
    await client.echo({ text: 'a turn of the whole way' });
    const before = pulled;
    release.resolve();

    expect((await answer).messages).toBe(400);
    expect(before).toBeLessThan(200);
  });

  it('pulls responses no faster than the caller takes them', async () => {
    // 10 MB: more than twice the receive window.
    let pulled = 0;
    const { client } = await open({
      download: () =>
        mapped(
          count(1_000, 'x'.repeat(10_000), () => {
            pulled += 1;
          }),
        ),
    });
    const iterator = client.download({ count: 0, text: '' })[Symbol.asyncIterator]();
    await iterator.next();
    for (let turn = 0; turn < 5; turn += 1) await client.echo({ text: '' });
    const before = pulled;
    const rest = await collect({ [Symbol.asyncIterator]: () => iterator });

    expect(rest).toHaveLength(999);
    expect(before).toBeLessThan(600);
  });

  it("fails a call with the error of its caller's own source and tells the handler", async () => {
    const arrived = Promise.withResolvers<void>();
    const gone = Promise.withResolvers<string>();
    const { client, connection } = await open({
      upload: async (requests) => {
        try {
          for await (const _ of requests) arrived.resolve();
        } catch (error) {
          gone.resolve((error as RuntimeError).code);
        }
        return { messages: 0, bytes: 0n };
      },
    });

    const upload = client.upload(failing('source broke', arrived.promise));
    await expect(upload).rejects.toMatchObject({ rawMessage: 'source broke' });
    expect(await gone.promise).toBe('CANCELLED');
    expect(connection.inFlight).toBe(0);
  });

  it("fails a bidirectional call with the error of its caller's own source", async () => {
    const { client, connection } = await open();

    const chat = collect(client.chat(failing('source broke')));

    await expect(chat).rejects.toMatchObject({ code: 'UNKNOWN', rawMessage: 'source broke' });
    expect(connection.inFlight).toBe(0);
  });

  it('ends the source of requests when the handler answers before it is exhausted', async () => {
    const ended = Promise.withResolvers<void>();
    const { client } = await open({ upload: () => ({ messages: 0, bytes: 0n }) });

    await client.upload(endless(ended.resolve));

    await expect(ended.promise).resolves.toBeUndefined();
  });
}

function cancellationContract(open: OpenProbe): void {
  it('fails a call with CANCELLED when its signal aborts, and aborts the signal of the handler', async () => {
    const { overrides, started, aborted } = hanging();
    const { client, connection } = await open(overrides);
    const controller = new AbortController();
    const call = client.hang({ busy: false }, { signal: controller.signal });
    await started;

    controller.abort(new Error('not needed any more'));

    await expect(call).rejects.toMatchObject({ code: 'CANCELLED', cause: { message: 'not needed any more' } });
    await aborted;
    expect(connection.inFlight).toBe(0);
  });

  it('makes no call when its signal has aborted before', async () => {
    const { client, connection } = await open();
    const signal = AbortSignal.abort();

    await expect(client.echo({ text: '' }, { signal })).rejects.toMatchObject({ code: 'CANCELLED' });
    await expect(client.upload([], { signal })).rejects.toMatchObject({ code: 'CANCELLED' });
    await expect(collect(client.download({ count: 1, text: '' }, { signal }))).rejects.toMatchObject({
      code: 'CANCELLED',
    });
    expect(connection.inFlight).toBe(0);
  });

  it('leaves no listener on a signal when calls of all 4 kinds have ended', async () => {
    const { client } = await open();
    const signal = countingSignal();

    await client.echo({ text: '' }, { signal });
    await client.upload([{ text: '' }], { signal });
    await collect(client.download({ count: 2, text: '' }, { signal }));
    await collect(client.chat([{ text: '' }], { signal }));

    expect(signal.listeners).toBe(0);
  });

  it('fails a call with DEADLINE_EXCEEDED after 50 ms, and aborts the signal of the handler', async () => {
    const { overrides, aborted } = hanging();
    const { client } = await open(overrides);

    await expect(client.hang({ busy: false }, { timeoutMs: 50 })).rejects.toMatchObject({
      code: 'DEADLINE_EXCEEDED',
      name: 'DeadlineExceededError',
      rawMessage: 'call /troupe.testing.v1.ProbeService/Hang did not finish within 50 ms',
    });
    await aborted;
  });

  it('fails a stream with DEADLINE_EXCEEDED when it outlives its deadline', async () => {
    const ended = Promise.withResolvers<void>();
    const { client } = await open({ download: (_, context) => silent(context, ended.resolve) });

    await expect(collect(client.download({ count: 1, text: '' }, { timeoutMs: 50 }))).rejects.toMatchObject({
      code: 'DEADLINE_EXCEEDED',
    });
    await ended.promise;
  });

  it('returns the iterator of the handler when the caller stops after 3 messages', async () => {
    const ended = Promise.withResolvers<void>();
    const { client, connection } = await open({ download: () => mapped(endless(ended.resolve)) });
    let seen = 0;

    for await (const _ of client.download({ count: 0, text: '' })) {
      seen += 1;
      if (seen === 3) break;
    }

    await ended.promise;
    expect([seen, connection.inFlight]).toEqual([3, 0]);
  });

  it.each(['its signal', 'its deadline', 'the end of the connection'])(
    'tells once that a stream was ended by %s, although nobody reads on',
    async (how) => {
      const { client, connection } = await open();
      const over = Promise.withResolvers<void>();
      const controller = new AbortController();
      let told = 0;
      const stream = client.chat(
        endless(() => {}),
        {
          signal: controller.signal,
          ...(how === 'its deadline' ? { timeoutMs: 150 } : {}),
          onEnded: () => {
            told += 1;
            over.resolve();
          },
        },
      );
      const reading = stream[Symbol.asyncIterator]();
      await reading.next();

      if (how === 'its signal') controller.abort();
      if (how === 'the end of the connection') connection.close();
      await over.promise;
      await reading.return?.();

      expect([told, connection.inFlight]).toEqual([1, 0]);
    },
  );

  it('ends an iteration by return() while next() waits', async () => {
    const ended = Promise.withResolvers<void>();
    const { client } = await open({ download: (_, context) => silent(context, ended.resolve) });
    const iterator = client.download({ count: 1, text: '' })[Symbol.asyncIterator]();
    const waiting = iterator.next();
    await client.echo({ text: '' });

    await iterator.return?.();

    expect(await waiting).toMatchObject({ done: true });
    await ended.promise;
  });

  it('ends the source of requests when a bidirectional call is cancelled', async () => {
    const ended = Promise.withResolvers<void>();
    const { client } = await open();
    const controller = new AbortController();
    const chat = client.chat(endless(ended.resolve), { signal: controller.signal });
    let seen = 0;

    const reading = (async () => {
      for await (const _ of chat) if (++seen === 3) controller.abort();
    })();

    await expect(reading).rejects.toMatchObject({ code: 'CANCELLED' });
    await ended.promise;
  });
}

function closingContract(open: OpenProbe): void {
  it('fails open calls of all 4 kinds with CANCELLED when the connection is closed', async () => {
    const { overrides, started } = hanging();
    const forever = new Promise<never>(() => {});
    const { client, connection } = await open({
      ...overrides,
      download: (_, context) => silent(context, () => {}),
      upload: () => forever,
    });
    const waits = { [Symbol.asyncIterator]: () => ({ next: () => forever }) };
    const calls = [
      client.hang({ busy: false }),
      client.upload(waits),
      collect(client.download({ count: 1, text: '' })),
      collect(client.chat(waits)),
    ].map((call) =>
      call.then(
        () => 'OK',
        (error: RuntimeError) => error.code,
      ),
    );
    await started;

    connection.close();
    connection.close();

    expect(await Promise.all(calls)).toEqual(['CANCELLED', 'CANCELLED', 'CANCELLED', 'CANCELLED']);
    expect(connection.inFlight).toBe(0);
  });

  it('refuses calls after it was closed with UNAVAILABLE', async () => {
    const { client, connection } = await open();

    connection.close();

    await expect(client.echo({ text: '' })).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    await expect(collect(client.download({ count: 1, text: '' }))).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  });
}

// Helpers

/** Handlers that do what the contract of the peers says. */
export function probe(): Probe {
  const nothing = (): Record<string, never> => ({});
  return {
    echo: ({ text }) => ({ text, pid: process.pid, version: 1 }),
    async *download({ count, text }) {
      for (let index = 0; index < count; index += 1) yield { index, text };
    },
    upload: async (requests) => {
      const texts = await collect(requests);
      return { messages: texts.length, bytes: BigInt(texts.reduce((sum, { text }) => sum + text.length, 0)) };
    },
    async *chat(requests) {
      for await (const { text } of requests) yield { text };
    },
    print: nothing,
    log: nothing,
    crash: nothing,
    hang: () => new Promise<never>(() => {}),
    offer: nothing,
  };
}

function kv(): ServedService {
  return service(KvServiceService, {
    put: () => ({}),
    get: ({ key }) => {
      throw new RuntimeError('NOT_FOUND', `no such key: 100 % "${key}" ü`);
    },
  });
}

/** A call that hangs, with facts about it. */
function hanging() {
  const started = Promise.withResolvers<void>();
  const aborted = Promise.withResolvers<void>();
  const overrides: Partial<Probe> = {
    hang: (_, { signal }) => {
      started.resolve();
      signal.addEventListener('abort', () => aborted.resolve(), { once: true });
      return new Promise<never>(() => {});
    },
  };
  return { overrides, started: started.promise, aborted: aborted.promise };
}

async function collect<T>(messages: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const message of messages) all.push(message);
  return all;
}

function* repeat<T>(value: T, times: number): Generator<T> {
  for (let index = 0; index < times; index += 1) yield value;
}

async function* count(times: number, text: string, onPull: () => void): AsyncGenerator<UploadRequest> {
  for (let index = 0; index < times; index += 1) {
    onPull();
    yield { text };
  }
}

async function* mapped(source: AsyncIterable<{ text: string }>): AsyncGenerator<DownloadResponse> {
  for await (const { text } of source) yield { index: 0, text };
}

async function* endless(onEnd: () => void): AsyncGenerator<{ text: string }> {
  try {
    for (;;) yield { text: 'x'.repeat(100) };
  } finally {
    onEnd();
  }
}

async function* failing(message: string, until?: Promise<void>): AsyncGenerator<{ text: string }> {
  yield { text: 'first' };
  await until;
  throw new Error(message);
}

/** Sends nothing until its caller is gone. */
function silent({ signal }: CallContext, onEnd: () => void): AsyncIterable<never> {
  const over = new Promise<IteratorResult<never>>((resolve) => {
    const end = (): void => {
      onEnd();
      resolve({ done: true, value: undefined });
    };
    if (signal.aborted) end();
    else signal.addEventListener('abort', end, { once: true });
  });
  return { [Symbol.asyncIterator]: () => ({ next: () => over }) };
}

/** Lets one message out per turn. */
function createGate() {
  let release = Promise.withResolvers<void>();
  return {
    open: () => release.resolve(),
    async *follow(texts: string[]): AsyncGenerator<ChatRequest> {
      for (const text of texts) {
        yield { text };
        await release.promise;
        release = Promise.withResolvers<void>();
      }
    },
  };
}

function countingSignal(): AbortSignal & { readonly listeners: number } {
  const { signal } = new AbortController();
  let listeners = 0;
  const add = signal.addEventListener.bind(signal);
  const remove = signal.removeEventListener.bind(signal);
  return Object.assign(
    Object.defineProperty(signal, 'listeners', { get: () => listeners }) as AbortSignal & {
      readonly listeners: number;
    },
    {
      addEventListener: (...values: Parameters<typeof add>) => {
        listeners += 1;
        add(...values);
      },
      removeEventListener: (...values: Parameters<typeof remove>) => {
        listeners -= 1;
        remove(...values);
      },
    },
  );
}
