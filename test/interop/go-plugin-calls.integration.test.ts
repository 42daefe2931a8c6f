import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ProbeServiceService as PROBE } from '../gen/troupe/testing/v1/peer.ts';
import { goPeers } from '../peers/go.ts';
import type { GoPeers } from '../peers/go.ts';
import { describeWithPeer } from '../peers/peers.ts';
import type { PeerOptions, PeerPlugin } from './launch.ts';
import { ADDER, addByCallback, collect, createTurns, errorOf, launchGoPlugin, openHost, until } from './support.ts';
import type { TestHost } from './support.ts';
import { createInteropTable, lackedBefore110, MODES } from './table.ts';
import type { Mode } from './table.ts';

// The first build compiles Go's standard library too.
const BUILD_LIMIT_MS = 300_000;
const MEBIBYTE = 1024 * 1024;
/** How often a listener is announced that nobody uses. */
const READVERTISE_MS = 5_500;

const table = createInteropTable('host of troupe, plugin in Go: calls');
let peers: GoPeers;

describeWithPeer('go', 'calls from our host to the Go plugin', () => {
  beforeAll(async () => {
    peers = await goPeers();
  }, BUILD_LIMIT_MS);

  describe.each(MODES)('%s', (mode) => {
    const launch = (options?: Partial<PeerOptions>) => open(mode, options);
    beforeEach((context) => table.record(context, mode));

    it('knows who answers: a fingerprint under AutoMTLS only', async () => {
      const { plugin } = await launch();

      const { pid } = await plugin.dispense('probe').echo({ text: '' });

      expect(pid).toBe(plugin.status().pid);
      expect(plugin.connection.peer.fingerprint ?? 'none').toMatch(mode === 'plain' ? /^none$/ : /^[0-9a-f]{64}$/);
    });

    it('makes unary calls and gets NOT_FOUND with its text', async () => {
      const kv = (await launch()).plugin.dispense('kv');
      const value = Buffer.from([0, 1, 255]);

      await kv.put({ key: 'ключ', value });

      expect(await kv.get({ key: 'ключ' })).toEqual({ value });
      await expect(kv.get({ key: 'other' })).rejects.toMatchObject({
        code: 'NOT_FOUND',
        rawMessage: 'key "other" was never put',
      });
    });

    it('downloads 1,000 messages in order', async () => {
      const probe = (await launch()).plugin.dispense('probe');

      const messages = await collect(probe.download({ count: 1_000, text: 'x' }));

      expect(messages).toEqual(Array.from({ length: 1_000 }, (_, index) => ({ index, text: 'x' })));
    });

    it('uploads 1,000 messages', async () => {
      const probe = (await launch()).plugin.dispense('probe');

      const answer = await probe.upload(Array.from({ length: 1_000 }, () => ({ text: 'up' })));

      expect(answer).toEqual({ messages: 1_000, bytes: 2_000n });
    });

    it('chats: sends 100 messages, each after the answer to the one before', async () => {
      const probe = (await launch()).plugin.dispense('probe');
      const sent = createTurns(100);

      const received: string[] = [];
      for await (const { text } of probe.chat(sent.requests())) {
        received.push(text);
        sent.next();
      }

      expect(received).toEqual(Array.from({ length: 100 }, (_, index) => `message ${index}`));
    });

    it('ends a download of 1,000,000 messages after the third', async () => {
      const { plugin } = await launch();
      const probe = plugin.dispense('probe');

      for await (const { index } of probe.download({ count: 1_000_000, text: 'x' })) if (index === 2) break;

      await until(() => expect(plugin.status().inFlight).toBe(0));
      expect(await probe.echo({ text: 'still there' })).toMatchObject({ text: 'still there' });
    });

    it('gives a call up after 100 ms, and when its signal aborts', async () => {
      const probe = (await launch()).plugin.dispense('probe');
      const late = errorOf(probe.hang({ busy: false }, { timeoutMs: 100 }));
      const controller = new AbortController();
      const aborted = errorOf(probe.hang({ busy: false }, { signal: controller.signal }));
      controller.abort();

      expect(await late).toMatchObject({ name: 'DeadlineExceededError', code: 'DEADLINE_EXCEEDED' });
      expect(await aborted).toMatchObject({ code: 'CANCELLED' });
    });

    it('explains the limit of 4 MiB that Go servers have to a message of 5 MB', async () => {
      const probe = (await launch()).plugin.dispense('probe');

      const { text } = await probe.echo({ text: 'x'.repeat(4_000_000) });
      const error = await errorOf(probe.echo({ text: 'x'.repeat(5_000_000) }));

      expect(text).toHaveLength(4_000_000);
      expect(error).toMatchObject({ code: 'RESOURCE_EXHAUSTED' });
      expect(error).toHaveProperty(
        'message',
        expect.stringContaining("its receiver's limit of 4194304 bytes; servers take 4 MiB"),
      );
    });

    it('refuses an answer of 2 MB when it takes 1 MiB', async () => {
      const probe = (await launch({ maxReceiveBytes: MEBIBYTE })).plugin.dispense('probe');

      const error = await errorOf(probe.echo({ text: 'x'.repeat(2_000_000) }));

      expect(error).toMatchObject({ code: 'RESOURCE_EXHAUSTED' });
      expect(error).toHaveProperty('message', expect.stringContaining('"maxReceiveBytes" = 1048576'));
    });

    it.each([
      { versions: [1], offers: [1], agreed: 1 },
      { versions: [2, 1], offers: [1], agreed: 1 },
      { versions: [1, 2, 3], offers: [1, 2, 4], agreed: 2 },
    ])(
      'agrees on version $agreed: the host speaks $versions, the plugin $offers',
      async ({ versions, offers, agreed }) => {
        const { plugin } = await launch({ versions, offers });

        expect(plugin.status().version).toBe(agreed);
        expect(await plugin.dispense('probe').echo({ text: '' })).toMatchObject({ version: agreed });
      },
    );

    it('refuses a plugin without a common version', async () => {
      const { host } = openHost();

      const error = await errorOf(
        launchGoPlugin(host, { command: peers.plugin, insecure: mode === 'plain', versions: [3], offers: [1, 2] }),
      );

      expect(error).toMatchObject({
        name: 'PluginCrashedError',
        code: 'APP_VERSION_UNSUPPORTED',
        phase: 'handshaking',
      });
      expect(host.plugins()).toEqual([]);
    });

    it('is called back over the broker', async () => {
      // Issue 109 of go-plugin: before 1.4.4 a plugin cannot dial under AutoMTLS.
      const { plugin } = await launch({ command: mode === 'plain' ? peers.plugin : peers.pluginPatched });

      const sums = [await addByCallback(plugin, 5n), await addByCallback(plugin, 7n)];

      expect(sums).toEqual([5n, 12n]);
    });

    it('lets a callback wait for a listener that is opened after the call', async () => {
      const { plugin } = await launch({ command: mode === 'plain' ? peers.plugin : peers.pluginPatched });
      const callbackId = plugin.broker.nextId();

      const answer = plugin.dispense('counter').add({ callbackId, key: 'counter', value: 3n });
      await plugin.dispense('probe').echo({ text: 'the call before is under way' });
      const listener = await plugin.broker.accept(callbackId, [ADDER]);

      expect(await answer).toEqual({ sum: 3n });
      listener.close();
    });

    it('is called back 10 times at one id that stays advertised, without a wait between', async () => {
      const { plugin } = await launch({ command: mode === 'plain' ? peers.plugin : peers.pluginPatched });
      const callbackId = plugin.broker.nextId();
      const listener = await plugin.broker.accept(callbackId, [ADDER], { keepAdvertised: true });

      const begin = performance.now();
      const sums: bigint[] = [];
      for (let call = 0; call < 10; call += 1) {
        const { sum } = await plugin.dispense('counter').add({ callbackId, key: 'counter', value: 1n });
        sums.push(sum);
      }

      expect(sums.at(-1)).toBe(10n);
      expect(performance.now() - begin).toBeLessThan(READVERTISE_MS);
      listener.close();
    });

    it('serves 20 callbacks at once, each over a connection of its own', async () => {
      const { plugin } = await launch({ command: mode === 'plain' ? peers.plugin : peers.pluginPatched });

      const sums = await Promise.all(
        Array.from({ length: 20 }, (_, key) => addByCallback(plugin, BigInt(key), `${key}`)),
      );

      expect(sums).toEqual(Array.from({ length: 20 }, (_, key) => BigInt(key)));
    });

    it('dials what the plugin offers', async () => {
      const { plugin } = await launch();
      const id = plugin.broker.nextId();

      await plugin.dispense('probe').offer({ id });
      const connection = await plugin.broker.dial(id);
      const { pid } = await plugin.dispense('probe').echo({ text: '' });

      expect(await connection.unary(PROBE.echo, { text: 'brokered' })).toMatchObject({ text: 'brokered', pid });
      connection.close();
    });

    it('dials an offer once: the second dial gets BROKER_TIMEOUT after 300 ms', async () => {
      const { plugin } = await launch();
      const id = plugin.broker.nextId();
      await plugin.dispense('probe').offer({ id });
      const first = await plugin.broker.dial(id);

      const error = await errorOf(plugin.broker.dial(id, { timeoutMs: 300 }));

      expect(error).toMatchObject({ code: 'BROKER_TIMEOUT' });
      expect(error).toHaveProperty('message', expect.stringContaining(`broker id ${id} within 300 ms`));
      expect(await first.unary(PROBE.echo, { text: 'still open' })).toMatchObject({ text: 'still open' });
      first.close();
    });

    it.each(['trace', 'debug', 'info', 'warn', 'error'] as const)(
      'logs a %s entry of the plugin as one',
      async (level) => {
        const { plugin, log } = await launch();

        await plugin.dispense('probe').log({ level, message: 'careful' });

        const { pid } = plugin.status();
        const timestamp = expect.stringMatching(/^\d{4}-.*\.\d{6}/);
        const fields = { plugin: 'peer', logger: 'peer', pid, timestamp };
        await until(() =>
          expect(log.entries).toContainEqual(expect.objectContaining({ level, message: 'careful', fields })),
        );
      },
    );

    it('receives what the plugin prints', async (context) => {
      const lacked = lackedBefore110(peers);
      const output: string[] = [];
      const { plugin, log } = await launch({
        onOutput: ({ stream, data }) => output.push(`${stream}: ${data.toString()}`),
      });
      const probe = plugin.dispense('probe');

      await probe.print({ stream: 'stdout', text: 'printed\n' });
      await probe.print({ stream: 'stderr', text: 'complained\n' });

      table.note(context, lacked);
      const expected = lacked === undefined ? ['stderr: complained\n', 'stdout: printed\n'] : [];
      await until(() => expect(output.toSorted()).toEqual(expected));
      expect(await probe.echo({ text: 'goes on' })).toMatchObject({ text: 'goes on' });
      // A plugin without an output stream is no reason to complain.
      expect(log.entries.filter(({ level }) => level === 'warn' || level === 'error')).toEqual([]);
    });
  });

  describe('AutoMTLS, with a defect of go-plugin before 1.4.4', () => {
    beforeEach((context) => table.record(context, 'AutoMTLS'));

    it('cannot be called back by an unpatched plugin, and is not harmed (go-plugin issue 109)', async (context) => {
      const { plugin } = await open('AutoMTLS');

      const error = await errorOf(addByCallback(plugin, 5n));

      table.note(context, 'refused (109)');
      expect(error).toMatchObject({ code: 'UNAVAILABLE' });
      expect(error).toHaveProperty(
        'message',
        expect.stringContaining('certificate is valid for localhost, not unused'),
      );
      expect(await plugin.dispense('probe').echo({ text: 'unharmed' })).toMatchObject({ text: 'unharmed' });
    });
  });
});

// Helpers

/** Launches the unpatched plugin unless another command is given. */
async function open(mode: Mode, options: Partial<PeerOptions> = {}): Promise<TestHost & { plugin: PeerPlugin }> {
  const opened = openHost();
  const plugin = await launchGoPlugin(opened.host, { command: peers.plugin, insecure: mode === 'plain', ...options });
  return { ...opened, plugin };
}
