import { execFile } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { promisify } from 'node:util';
import type { LaunchOptions, Plugin } from 'troupe';
import { createCertificate } from 'troupe/transport';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { KeyValueService } from '../../examples/03-python-plugin/contract.ts';
import { isRunning } from '../peers/go/run-host.ts';
import { describeWithPeer } from '../peers/peers.ts';
import { pythonPlugin } from '../peers/python.ts';
import type { PythonPlugin } from '../peers/python.ts';
import { collect, errorOf, openHost, until } from './support.ts';
import type { TestHost } from './support.ts';
import { createInteropTable, MODES } from './table.ts';

/** A plugin that is asked to shut down and is not gone by then is sent SIGTERM. */
const GRACE_MS = 2_000;
const services = { kv: KeyValueService };

const table = createInteropTable('host of troupe, plugin in Python');
let python: PythonPlugin;

describeWithPeer('python', 'the Python plugin under our host', () => {
  beforeAll(() => {
    python = pythonPlugin();
  });
  afterAll(() => python.dispose());

  describe.each(MODES)('%s', (mode) => {
    const launch = async (options: Partial<LaunchOptions> = {}): Promise<TestHost & { plugin: KvPlugin }> => {
      const opened = openHost();
      return { ...opened, plugin: await launchIn(opened, options) };
    };
    const launchIn = ({ host }: TestHost, options: Partial<LaunchOptions> = {}): Promise<KvPlugin> => {
      const { dispose: _, ...command } = python;
      const own = { name: 'kv', insecure: mode === 'plain', backoff: { initialMs: 10 }, ...command, ...options };
      return host.launch({ versions: [1, 2], ...own, services });
    };
    beforeEach((context) => table.record(context, mode));

    it('answers unary calls, and NOT_FOUND with the text of the plugin', async () => {
      const { plugin } = await launch();
      const kv = plugin.dispense('kv');

      await kv.put({ key: 'a', value: 'ä|\n' });

      expect(await kv.get({ key: 'a' })).toEqual({ value: 'ä|\n' });
      expect(await kv.list({})).toEqual({ keys: ['a'] });
      expect(await errorOf(kv.get({ key: 'b' }))).toMatchObject({ code: 'NOT_FOUND', rawMessage: 'no key "b"' });
    });

    it('takes and sends a message of 5 MB', async () => {
      const { plugin } = await launch();
      const value = 'x'.repeat(5_000_000);

      await plugin.dispense('kv').put({ key: 'big', value });

      expect((await plugin.dispense('kv').get({ key: 'big' })).value.length).toBe(value.length);
    });

    it('agrees on version 2, on 1 with a host that has no other, and on none with one of 7', async () => {
      const newer = await launch();
      const older = await launch({ versions: [1] });

      expect(newer.plugin.status().version).toBe(2);
      expect(older.plugin.status().version).toBe(1);
      expect(await errorOf(older.plugin.dispense('kv').list({}))).toMatchObject({ code: 'UNIMPLEMENTED' });
      expect(await errorOf(launch({ versions: [7] }))).toMatchObject({
        code: 'APP_VERSION_UNSUPPORTED',
        message: expect.stringContaining('speaks application protocol version 1, the host 7'),
      });
    });

    it('keeps its socket in the private directory, and leaves nothing there', async () => {
      const { root, plugin, host } = await launch();

      const during = entriesIn(root);
      await host.stop();

      expect(during).toEqual([expect.stringMatching(/^troupe-[^/]+$/), expect.stringMatching(/\/plugin\d+$/)]);
      expect(entriesIn(root)).toEqual([]);
      expect(plugin.status().state).toBe('dead');
    });

    it('gives its socket to the group that the host names', async () => {
      const { root } = await launch({ socketGroup: String(process.getgid?.() ?? 0) });

      const [, socket = ''] = entriesIn(root);

      expect(statSync(join(root, socket)).mode & 0o777).toBe(0o660);
    });

    it('stops in order, in well under the grace of 2 s', async (context) => {
      const { plugin, host, log } = await launch();
      const { pid = 0 } = plugin.status();
      const begin = performance.now();

      const report = await host.stop();

      const tookMs = performance.now() - begin;
      table.note(context, `ok, ${tookMs.toFixed()} ms`);
      expect(tookMs).toBeLessThan(GRACE_MS / 2);
      expect(report).toEqual({ stopped: ['kv'], forced: [] });
      expect(await plugin.ended).toEqual({ kind: 'stopped' });
      expect(isRunning(pid)).toBe(false);
      expect(log.entries.filter(({ level }) => level === 'warn' || level === 'error')).toEqual([]);
    });

    it('is started again after a crash, and the same client calls the new process', async () => {
      const { plugin, facts } = await launch();
      const kv = plugin.dispense('kv');
      await kv.put({ key: 'a', value: 'lost' });
      const { pid = 0 } = plugin.status();

      process.kill(pid, 'SIGKILL');
      await until(() => expect(facts).toContainEqual(expect.objectContaining({ type: 'plugin.ready', launch: 2 })));

      expect(await kv.list({})).toEqual({ keys: [] });
      expect(facts).toContainEqual(
        expect.objectContaining({
          type: 'plugin.failed',
          failure: expect.objectContaining({ code: 'PLUGIN_CRASHED', phase: 'ready' }),
          exit: { code: null, signal: 'SIGKILL' },
        }),
      );
      expect(plugin.status()).toMatchObject({ restarts: 1, version: 2 });
      expect(plugin.status().pid).not.toBe(pid);
    });

    it('refuses a host that has another cookie', async () => {
      const handshake = { ...python.handshake, cookieValue: 'another' };

      expect(await errorOf(launch({ handshake }))).toMatchObject({
        code: 'MAGIC_COOKIE_MISMATCH',
        exitCode: 1,
        stderrTail: [expect.stringContaining('This program is a plugin')],
      });
    });
  });
});

describeWithPeer('python', 'the Python plugin under AutoMTLS', () => {
  it('talks to no client that has another certificate', async () => {
    const { root, host } = openHost();
    const { dispose, ...command } = pythonPlugin();
    const plugin = await host.launch({ name: 'kv', ...command, services });
    dispose();
    const [, socket = ''] = entriesIn(root);

    const { certificatePem: cert, privateKeyPem: key } = createCertificate({ now: Date.now() });
    const own = { cert, key, ALPNProtocols: ['h2'], rejectUnauthorized: false };

    const stranger = connect({ path: join(root, socket), ...own });
    onTestFinished(() => void stranger.destroy());

    // It hangs up: a client that it takes would be sent its settings at once.
    expect(await collect<Buffer>(stranger)).toEqual([]);
    expect(await plugin.dispense('kv').put({ key: 'a', value: 'b' })).toEqual({});
  });
});

describeWithPeer('python', 'the Python plugin without a host', () => {
  it('prints nothing but a text on standard error, and exits with code 1', async () => {
    const { command, args, env, dispose } = pythonPlugin();

    const outcome = await errorOf(promisify(execFile)(command, args, { env }));
    dispose();

    expect(outcome).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('KV_PLUGIN') });
  });
});

// Helpers

type KvPlugin = Plugin<typeof services>;

/** Paths of everything below a directory. */
function entriesIn(root: string): string[] {
  return readdirSync(root, { recursive: true, encoding: 'utf8' }).sort();
}
