import { readdirSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { LaunchOptions } from '../../src/host/index.ts';
import { createRealClock, createServiceClient, service } from '../../src/ports/index.ts';
import { createCertificate } from '../../src/transport/go-plugin/certificate.ts';
import { channelMaterial } from '../../src/transport/go-plugin/credentials.ts';
import { createGrpcConnection } from '../../src/transport/grpc/index.ts';
import { AdderServiceService, ProbeServiceService } from '../gen/troupe/testing/v1/peer.ts';
import { createTestHost, failureOf, hostForTest, waitFor } from '../host/support.ts';
import type { ProbePlugin, TestHost } from '../host/support.ts';

const FIVE_MIB = 5 * 1024 * 1024;

describe.each<[string, Partial<LaunchOptions>]>([
  ['a unix socket with TLS', {}],
  ['a unix socket without TLS', { insecure: true }],
  ['tcp with TLS', { network: 'tcp', ports: { min: 10_000, max: 25_000 } }],
])('a plugin on %s', (_, options) => {
  const shared = sharedPlugin(options);

  it('answers calls of all four kinds', async () => {
    const probe = shared().plugin.dispense('probe');

    expect(await probe.echo({ text: 'hi' })).toMatchObject({ text: 'hi', version: 1 });
    expect(await allOf(probe.download({ count: 3, text: 'x' }))).toEqual(
      [0, 1, 2].map((index) => ({ index, text: 'x' })),
    );
    expect(await probe.upload([{ text: 'ab' }, { text: 'c' }])).toEqual({ messages: 2, bytes: 3n });
    expect(await allOf(probe.chat([{ text: '1' }, { text: '2' }]))).toEqual([{ text: '1' }, { text: '2' }]);
  });

  it('takes and gives messages of 5 MiB', async () => {
    const { plugin } = shared();
    const value = Buffer.alloc(FIVE_MIB, 'large');
    const text = 'x'.repeat(FIVE_MIB);

    await plugin.dispense('kv').put({ key: 'large', value });

    expect((await plugin.dispense('kv').get({ key: 'large' })).value.equals(value)).toBe(true);
    const [answer] = await allOf(plugin.dispense('probe').chat([{ text }]));
    expect(answer?.text.length).toBe(FIVE_MIB);
  });

  it('is dialled by its host over the broker', async () => {
    const { plugin } = shared();
    const id = plugin.broker.nextId();
    await plugin.dispense('probe').offer({ id });

    const connection = await plugin.broker.dial(id);
    onTestFinished(() => connection.close());

    const answer = await createServiceClient(ProbeServiceService, connection).echo({ text: 'brokered' });
    expect(answer).toMatchObject({ text: 'offered brokered', pid: plugin.status().pid });
  });

  it('dials its host over the broker', async () => {
    const { plugin } = shared();
    const id = plugin.broker.nextId();
    const sums: bigint[] = [];
    const adder = service(AdderServiceService, {
      add({ a, b }) {
        sums.push(a + b);
        return { sum: a + b };
      },
    });
    const listener = await plugin.broker.accept(id, [adder]);

    const { sum } = await plugin.dispense('counter').add({ callbackId: id, key: 'count', value: 40n });

    expect([sum, sums]).toEqual([40n, [40n]]);
    expect((await plugin.dispense('kv').get({ key: 'count' })).value.toString()).toBe('40');
    listener.close();
  });

  it('dials a listener that stays advertised as often as it likes', async () => {
    const { plugin } = shared();
    const id = plugin.broker.nextId();
    const adder = service(AdderServiceService, { add: ({ a, b }) => ({ sum: a + b }) });
    const listener = await plugin.broker.accept(id, [adder], { keepAdvertised: true });
    const counter = plugin.dispense('counter');

    await counter.add({ callbackId: id, key: 'often', value: 1n });
    // The second dial waits for the next announcement.
    const { sum } = await counter.add({ callbackId: id, key: 'often', value: 2n });

    expect(sum).toBe(3n);
    listener.close();
  });

  it('says how its peer is known', () => {
    const { fingerprint } = shared().plugin.connection.peer;

    expect(String(fingerprint)).toMatch(options.insecure === true ? /^undefined$/ : /^[0-9a-f]{64}$/);
  });
});

describe('a stranger with access to the socket of a plugin', () => {
  it.each(['without a certificate', 'with a certificate of its own'])('%s gets nowhere', async (kind) => {
    const test = hostForTest();
    const plugin = await test.probe();
    const clock = createRealClock();
    const own = createCertificate({ now: clock.now() });
    const connection = createGrpcConnection({
      target: { network: 'unix', path: socketOf(test) },
      clock,
      ...(kind.startsWith('without') ? {} : { credentials: channelMaterial(own, own.certificatePem) }),
    });
    onTestFinished(() => connection.close());
    const call = createServiceClient(ProbeServiceService, connection).echo({ text: 'let me in' }, { timeoutMs: 2_000 });

    expect((await failureOf(call)).code).toMatch(/^(?:UNAVAILABLE|DEADLINE_EXCEEDED)$/);

    expect(await plugin.dispense('probe').echo({ text: 'hi' })).toMatchObject({ text: 'hi' });
  });
});

describe('a call', () => {
  const shared = sharedPlugin({ maxReceiveBytes: 1024 * 1024 });

  it('that the plugin refuses has the status and the text that it gave', async () => {
    const error = await failureOf(shared().plugin.dispense('kv').get({ key: 'none' }));

    expect(error).toMatchObject({ code: 'NOT_FOUND', rawMessage: 'no key "none"' });
  });

  it('that takes too long ends with DEADLINE_EXCEEDED, and the plugin goes on', async () => {
    const { plugin } = shared();
    const probe = plugin.dispense('probe');

    const error = await failureOf(probe.hang({ busy: false }, { timeoutMs: 50 }));

    expect(error).toMatchObject({ name: 'DeadlineExceededError', code: 'DEADLINE_EXCEEDED' });
    expect(await probe.echo({ text: 'hi' })).toMatchObject({ text: 'hi' });
    expect(plugin.status().inFlight).toBe(0);
  });

  it('whose signal aborts ends with CANCELLED', async () => {
    const controller = new AbortController();
    const call = failureOf(shared().plugin.dispense('probe').hang({ busy: false }, { signal: controller.signal }));

    controller.abort();

    expect(await call).toMatchObject({ code: 'CANCELLED' });
  });

  it('whose answer is larger than maxReceiveBytes fails alone, and says what to set', async () => {
    const { plugin } = shared();
    const probe = plugin.dispense('probe');

    const error = await failureOf(probe.echo({ text: 'x'.repeat(2 * 1024 * 1024) }));

    expect(error).toMatchObject({ code: 'RESOURCE_EXHAUSTED' });
    expect(error.rawMessage).toMatch(/maxReceiveBytes/);
    expect(await probe.echo({ text: 'hi' })).toMatchObject({ text: 'hi' });
  });

  it('whose reader stops early is no longer in flight', async () => {
    const { plugin } = shared();

    for await (const { index } of plugin.dispense('probe').download({ count: 1, text: 'hang' })) {
      expect(index).toBe(0);
      break;
    }

    await waitFor('no call is in flight', () => plugin.status().inFlight === 0);
  });

  it('of a service that the plugin does not have ends with UNIMPLEMENTED', async () => {
    const adder = shared().plugin.dispense(AdderServiceService);

    expect(await failureOf(adder.add({ a: 1n, b: 2n }))).toMatchObject({ code: 'UNIMPLEMENTED' });
  });

  it('over the broker to an id that nobody announced ends with BROKER_TIMEOUT', async () => {
    const { broker } = shared().plugin;

    expect(await failureOf(broker.dial(4_000, { timeoutMs: 50 }))).toMatchObject({ code: 'BROKER_TIMEOUT' });
  });

  it('to a name that the launch did not give is refused with the names that there are', () => {
    const { plugin } = shared();

    expect(() => plugin.dispense('none' as 'kv')).toThrow(/no entry "none"/);
  });
});

describe('what a plugin prints', () => {
  it('with console.log goes to onOutput, with console.error to the log', async () => {
    const test = hostForTest();
    let output = '';
    const onOutput: LaunchOptions['onOutput'] = ({ stream, data }) => void (output += `${stream}: ${data.toString()}`);
    const probe = (await test.probe({ onOutput })).dispense('probe');

    await probe.print({ stream: 'stdout', text: 'one' });
    await probe.print({ stream: 'stderr', text: 'two' });

    await waitFor('the output', () => output !== '');
    await waitFor('the log entry', () => test.log.entries.some(({ message }) => message === 'two'));
    expect(output).toBe('stdout: one\n');
  });
});

describe('a range of ports in which every one is taken', () => {
  it('ends the launch with the reason in the last lines', async () => {
    const test = hostForTest();
    const port = await takenPort();

    const error = await failureOf(test.probe({ network: 'tcp', ports: { min: port, max: port } }));

    expect(error).toMatchObject({ code: 'PLUGIN_EXITED_EARLY', exitCode: 1 });
    expect(error.stderrTail).toEqual([`cannot listen on 127.0.0.1, ports ${port} to ${port}: EADDRINUSE`]);
  });
});

// Helpers

interface Shared {
  readonly test: TestHost;
  readonly plugin: ProbePlugin;
}

/** One host and one plugin for all tests of a group. */
function sharedPlugin(options: Partial<LaunchOptions>): () => Shared {
  let shared: Shared;
  let close: () => Promise<void>;
  beforeAll(async () => {
    const test = createTestHost();
    ({ close } = test);
    shared = { test, plugin: await test.probe(options) };
  });
  afterAll(() => close());
  return () => shared;
}

/** The one socket in the one private directory. */
function socketOf({ root }: TestHost): string {
  const [directory = ''] = readdirSync(root);
  const [socket = ''] = readdirSync(join(root, directory)).filter((name) => name.startsWith('plugin'));
  return join(root, directory, socket);
}

/** A port of this process, until the end of the test. */
async function takenPort(): Promise<number> {
  const server = createServer();
  onTestFinished(() => void server.close());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

async function allOf<T>(stream: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of stream) all.push(item);
  return all;
}
