import { execFile } from 'node:child_process';
import { rmSync } from 'node:fs';
import { promisify } from 'node:util';
import { beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { findProgram } from '../peers/availability.ts';
import { isRunning } from '../peers/go/run-host.ts';
import { goPeers } from '../peers/go.ts';
import type { GoPeers } from '../peers/go.ts';
import { describeWithPeer } from '../peers/peers.ts';
import { reapersOf } from '../transport/process/support.ts';
import { freeze, PEER_COOKIE } from './launch.ts';
import type { PeerOptions, PeerPlugin } from './launch.ts';
import { errorOf, filesIn, launchGoPlugin, openHost, startDoomedHost, temporaryDirectory, until } from './support.ts';
import type { TestHost } from './support.ts';
import { createInteropTable, MODES } from './table.ts';

// The first build compiles Go's standard library too.
const BUILD_LIMIT_MS = 300_000;
/** A plugin that is asked to shut down and is not gone by then is sent SIGTERM. */
const GRACE_MS = 2_000;
/** A PATH without any program. */
const NOWHERE = '/nowhere';
const run = promisify(execFile);

const table = createInteropTable('host of troupe, plugin in Go: life and death');
let peers: GoPeers;

describeWithPeer('go', 'the life of the Go plugin under our host', () => {
  beforeAll(async () => {
    peers = await goPeers();
  }, BUILD_LIMIT_MS);

  describe.each(MODES)('%s', (mode) => {
    const launchIn = (opened: TestHost, options: Partial<PeerOptions> = {}): Promise<PeerPlugin> =>
      launchGoPlugin(opened.host, { command: peers.plugin, insecure: mode === 'plain', ...options });
    const launch = async (options?: Partial<PeerOptions>): Promise<TestHost & { plugin: PeerPlugin }> => {
      const opened = openHost();
      return { ...opened, plugin: await launchIn(opened, options) };
    };
    beforeEach((context) => table.record(context, mode));

    it('keeps all sockets in the private directory of the plugin, and removes both', async () => {
      const { root, plugin, host } = await launch();
      await plugin.dispense('probe').offer({ id: plugin.broker.nextId() });
      const own = await plugin.broker.accept(plugin.broker.nextId(), []);

      // The plugin's own, the one it offers, and the host's.
      await until(() => expect(filesIn(root)).toEqual(expect.objectContaining({ directories: 1, sockets: 3 })));
      await host.stop();

      expect(filesIn(root)).toEqual({ directories: 0, sockets: 0 });
      own.close();
    });

    it('takes a unix socket when TCP is asked for: go-plugin listens there on Windows only', async (context) => {
      const opened = openHost();

      const outcome = await launchIn(opened, { network: 'tcp' }).then(
        (plugin) => plugin.dispense('probe').echo({ text: 'by unix' }),
        (error: unknown) => error,
      );

      table.note(context, 'n/a (Windows)');
      // Without TLS it is not even asked: any local user could call it.
      expect(outcome).toMatchObject(mode === 'plain' ? { code: 'INVALID_OPTIONS' } : { text: 'by unix' });
      expect(filesIn(opened.root).sockets).toBe(mode === 'plain' ? 0 : 1);
    });

    it('stops in well under the grace of 2 s: a dropped connection is the answer of Go', async (context) => {
      const { plugin, host, log } = await launch();
      const { pid = 0 } = plugin.status();
      const begin = performance.now();

      const report = await host.stop();

      const tookMs = performance.now() - begin;
      table.note(context, `ok, ${tookMs.toFixed()} ms`);
      expect(tookMs).toBeLessThan(GRACE_MS / 2);
      expect(report).toEqual({ stopped: ['peer'], forced: [] });
      expect(await plugin.ended).toEqual({ kind: 'stopped' });
      expect(isRunning(pid)).toBe(false);
      expect(log.entries.filter(({ level }) => level === 'warn' || level === 'error')).toEqual([]);
    });

    it('stops with a call in the air once the drain of 100 ms is over', async () => {
      const { plugin } = await launch({ stop: { drainMs: 100 } });
      const call = errorOf(plugin.dispense('probe').hang({ busy: false }));
      const begin = performance.now();

      await plugin.stop();

      expect(performance.now() - begin).toBeLessThan(GRACE_MS / 2);
      expect(await call).toMatchObject({ code: 'PLUGIN_STOPPED' });
    });

    it('restarts on demand, and the same client calls the new process', async () => {
      const { plugin, facts } = await launch();
      const probe = plugin.dispense('probe');
      const before = await probe.echo({ text: '' });

      plugin.restart();
      await until(() => expect(facts).toContainEqual(expect.objectContaining({ type: 'plugin.ready', launch: 2 })));

      expect((await probe.echo({ text: '' })).pid).not.toBe(before.pid);
      expect(plugin.status().restarts).toBe(1);
    });

    it('tells the caller of a crash its exit code 7, and starts the plugin again', async () => {
      const { plugin } = await launch();
      const probe = plugin.dispense('probe');
      const others = errorOf(probe.hang({ busy: false }));

      const error = await errorOf(probe.crash({ exitCode: 7 }));

      const crash = { name: 'PluginCrashedError', code: 'PLUGIN_CRASHED', exitCode: 7, signal: null, phase: 'ready' };
      expect(error).toMatchObject(crash);
      expect(await others).toMatchObject(crash);
      await plugin.ready({ timeoutMs: 5_000 });
      expect(await probe.echo({ text: 'again' })).toMatchObject({ text: 'again', pid: plugin.status().pid });
    });

    it('starts a plugin again that was killed by SIGKILL from outside', async () => {
      const { plugin, facts } = await launch();
      const { pid = 0 } = plugin.status();

      process.kill(pid, 'SIGKILL');
      await until(() => expect(facts).toContainEqual(expect.objectContaining({ type: 'plugin.ready', launch: 2 })));

      expect(facts).toContainEqual(
        expect.objectContaining({
          type: 'plugin.failed',
          failure: expect.objectContaining({ code: 'PLUGIN_CRASHED', phase: 'ready' }),
          exit: { code: null, signal: 'SIGKILL' },
        }),
      );
      expect((await plugin.dispense('probe').echo({ text: '' })).pid).not.toBe(pid);
    });

    it.skipIf(findProgram('prlimit', process.env['PATH']) === undefined)(
      'keeps the end of the stack of a Go runtime that gave up, and logs all of it as errors',
      async () => {
        const { plugin, log } = await launch({ restart: 'never' });
        const probe = plugin.dispense('probe');

        // The next thing that the plugin needs memory for is its last.
        await run('prlimit', ['--pid', String(plugin.status().pid), '--as=1']);
        const error = await errorOf(exhaust(() => probe.echo({ text: 'x'.repeat(3_000_000) })));

        expect(error).toMatchObject({ code: 'PLUGIN_CRASHED', exitCode: 2 });
        expect(error).toHaveProperty('stderrTail', expect.arrayContaining([expect.stringMatching(/\.go:\d+ \+0x/)]));
        expect(log.entries).toContainEqual(
          expect.objectContaining({ level: 'error', message: expect.stringMatching(/^fatal error: /) }),
        );
        expect(log.entries).toContainEqual(
          expect.objectContaining({ level: 'error', message: expect.stringMatching(/^goroutine \d+ \[/) }),
        );
      },
    );

    it('tells what a plugin wrote that exited with code 2 before its handshake', async () => {
      const error = await errorOf(launchIn(openHost(), { env: { TROUPE_TEST_VERSIONS: 'one' } }));

      expect(error).toMatchObject({
        code: 'PLUGIN_EXITED_EARLY',
        exitCode: 2,
        stderrTail: [expect.stringContaining('version "one" in "one" is not a number')],
      });
    });

    it('refuses a plugin that expects another cookie, with the words of Go', async () => {
      const handshake = { ...PEER_COOKIE, cookieValue: 'another' };

      const error = await errorOf(launchIn(openHost(), { handshake }));

      expect(error).toMatchObject({ code: 'MAGIC_COOKIE_MISMATCH', exitCode: 1 });
      expect(error).toHaveProperty(
        'stderrTail',
        expect.arrayContaining([expect.stringContaining('These are not meant to be executed directly')]),
      );
    });

    it('finds a frozen plugin by 2 missed checks and replaces it', async () => {
      const { plugin, facts } = await launch({ health: { intervalMs: 50, timeoutMs: 400, misses: 2 } });
      const { pid = 0 } = plugin.status();

      const error = await errorOf(plugin.dispense('probe').hang({ busy: true }));
      await until(() => expect(facts).toContainEqual(expect.objectContaining({ type: 'plugin.ready', launch: 2 })));

      expect(error).toMatchObject({ code: 'PLUGIN_UNRESPONSIVE', signal: 'SIGKILL' });
      expect(error).toHaveProperty('message', expect.stringContaining('missed 2 health checks in a row'));
      expect(isRunning(pid)).toBe(false);
      expect((await plugin.dispense('probe').echo({ text: '' })).pid).not.toBe(pid);
    });

    it('ends a frozen plugin by force when it is stopped', async () => {
      const { plugin, host } = await launch({ stop: { drainMs: 10, graceMs: 100, terminateMs: 100 } });
      const { pid = 0 } = plugin.status();
      const { call } = await freeze(plugin);

      const report = await host.stop();

      expect(report).toEqual({ stopped: ['peer'], forced: [] });
      expect(await errorOf(call)).toMatchObject({ code: 'PLUGIN_STOPPED' });
      expect(isRunning(pid)).toBe(false);
    });

    it.each(['idle', 'spinning'])(
      'takes the plugin along within 2 s when the host is killed by SIGKILL: %s',
      async (what) => {
        const root = temporaryDirectory({ mayLeaveFiles: true });
        const { process: host, plugin } = await startDoomedHost([root, what, mode, peers.plugin]);
        expect(isRunning(plugin)).toBe(true);

        host.kill('SIGKILL');
        await until(() => expect(isRunning(plugin)).toBe(false), 2_000);

        rmSync(root, { recursive: true });
      },
    );

    it.skipIf(process.platform !== 'linux')(
      'lives from start to stop under a reaper when the PATH of the host has no setpriv',
      async () => {
        hidePrograms();
        const { plugin, host, root } = await launch();
        const probe = plugin.dispense('probe');
        const reapers = reapersOf(process.pid);

        const before = await probe.echo({ text: 'called' });
        const crash = await errorOf(probe.crash({ exitCode: 7 }));
        await plugin.ready({ timeoutMs: 5_000 });
        const after = await probe.echo({ text: 'called again' });
        await host.stop();

        expect(reapers).toHaveLength(1);
        expect(before).toMatchObject({ text: 'called' });
        expect(crash).toMatchObject({ code: 'PLUGIN_CRASHED', exitCode: 7 });
        expect(after).toMatchObject({ text: 'called again' });
        expect([before.pid, after.pid].map(isRunning)).toEqual([false, false]);
        expect(filesIn(root)).toEqual({ directories: 0, sockets: 0 });
        await until(() => expect(reapers.map(isRunning)).toEqual([false]));
      },
    );

    it.skipIf(process.platform !== 'linux').each(['idle', 'spinning'])(
      'is taken along within 2 s by a reaper when its host has no setpriv and is killed by SIGKILL: %s',
      async (what) => {
        const root = temporaryDirectory({ mayLeaveFiles: true });
        const args = [root, what, mode, peers.plugin];
        const { process: host, plugin } = await startDoomedHost(args, { ...process.env, PATH: NOWHERE });
        const reapers = reapersOf(host.pid ?? 0);
        expect([plugin, ...reapers].map(isRunning)).toEqual([true, true]);

        host.kill('SIGKILL');
        await until(() => expect([plugin, ...reapers].map(isRunning)).toEqual([false, false]), 2_000);

        rmSync(root, { recursive: true });
      },
    );
  });
});

// Helpers

/** Takes all programs from the PATH of this process, for the rest of the test. */
function hidePrograms(): void {
  const previous = process.env['PATH'];
  process.env['PATH'] = NOWHERE;
  onTestFinished(() => {
    process.env['PATH'] = previous;
  });
}

/** Repeats a call until it fails, at most 100 times. */
async function exhaust(call: () => Promise<unknown>): Promise<void> {
  for (let round = 0; round < 100; round += 1) await call();
}
