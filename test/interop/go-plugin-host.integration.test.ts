import { mkdirSync, readdirSync, readFileSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { isRunning, runGoHost, startGoHost } from '../peers/go/run-host.ts';
import type { GoHostOptions, GoHostRun, GoHostStep } from '../peers/go/run-host.ts';
import { goPeers } from '../peers/go.ts';
import type { GoPeers } from '../peers/go.ts';
import { describeWithPeer } from '../peers/peers.ts';
import { COVERAGE_ENV, temporaryDirectory, TS_PLUGIN, until } from './support.ts';
import { createInteropTable, lackedBefore110, MODES } from './table.ts';
import type { Mode } from './table.ts';

// The first build compiles Go's standard library too.
const BUILD_LIMIT_MS = 300_000;
/** After this time Go's Kill uses SIGKILL. */
const GO_GRACE_MS = 2_000;

const table = createInteropTable('host in Go, plugin of troupe: features');
let peers: GoPeers;

describeWithPeer('go', 'the Go host with our plugin', () => {
  beforeAll(async () => {
    peers = await goPeers();
  }, BUILD_LIMIT_MS);

  describe.each(MODES)('%s', (mode) => {
    const script = (options: ScriptOptions) => runScript(mode, options);
    beforeEach((context) => table.record(context, mode));

    it('answers unary calls, health checks and NOT_FOUND', async () => {
      const run = await script({ steps: ['echo:hello there', 'kv', 'ping'] });

      expect(valuesOf(run)).toMatchObject({
        start: { version: 1, network: 'unix' },
        'echo:hello there': { text: 'hello there', version: 1, pid: pidOf(run.steps[0]) },
        kv: { value: 'value', missing: 'NotFound' },
        ping: { status: 'SERVING' },
      });
    });

    it('takes and sends a message of 5 MB, more than servers in Go do', async () => {
      const run = await script({ steps: ['big:5000000'] });

      expect(valuesOf(run)).toMatchObject({ 'big:5000000': { bytes: 5_000_000, same: true } });
    });

    it.each(['download', 'upload', 'chat'])('streams 1,000 messages: %s', async (kind) => {
      const run = await script({ steps: [`${kind}:1000`] });

      expect(valuesOf(run)).toMatchObject({ [`${kind}:1000`]: { messages: 1_000 } });
    });

    it('calls the host back, twice, over the broker', async () => {
      const run = await script({ steps: ['counter:5', 'counter:7'] });

      expect(valuesOf(run)).toMatchObject({
        'counter:5': { sum: 5, callbacks: 1 },
        'counter:7': { sum: 12, callbacks: 1 },
      });
    });

    it('calls back a host that demands certificates (go-plugin from 1.4.4)', async () => {
      const run = await script({ host: peers.hostPatched, steps: ['counter:5', 'counter:7'] });

      expect(valuesOf(run)).toMatchObject({ 'counter:5': { sum: 5 }, 'counter:7': { sum: 12 } });
    });

    it('serves on a brokered connection, again and again', async () => {
      const run = await script({ steps: ['offer:one', 'offer:two'] });

      expect(valuesOf(run)).toMatchObject({ 'offer:one': { text: 'one' }, 'offer:two': { text: 'two' } });
    });

    it('serves brokered connections of a host that demands certificates', async () => {
      const run = await script({ host: peers.hostPatched, steps: ['offer:one'] });

      expect(valuesOf(run)).toMatchObject({ 'offer:one': { text: 'one', pid: pidOf(run.steps[0]) } });
    });

    it.each(['trace', 'debug', 'info', 'warn', 'error'])(
      'has its %s entries shown as such, not as raw JSON',
      async (level) => {
        const run = await script({ steps: [`log:${level}:careful`, 'logs:careful'] });

        const entries = valuesOf(run)['logs:careful'] as readonly Record<string, unknown>[];
        expect(entries.filter((entry) => String(entry['@message']).includes('careful'))).toEqual([
          expect.objectContaining({
            '@level': level,
            '@message': 'careful',
            '@module': 'peer',
            timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
            pid: pidOf(run.steps[0]),
          }),
        ]);
      },
    );

    it('prints to standard error, and the host has the line', async () => {
      const run = await script({ steps: ['print:stderr:complained', 'stderr:complained', 'echo'] });

      expect(valuesOf(run)['stderr:complained']).toContain('complained\n');
      expect(run.steps.filter(({ ok }) => !ok)).toEqual([]);
    });

    it('prints to standard output through the output stream', async (context) => {
      const run = await script({ steps: ['print:stdout:printed', 'stdio:printed', 'echo:goes on'] });

      const lacked = lackedBefore110(peers);
      table.note(context, lacked);
      expect(valuesOf(run)).toMatchObject({
        'stdio:printed': lacked === undefined ? { stdout: 'printed\n', stderr: '' } : 'n/a',
        'echo:goes on': { text: 'goes on' },
      });
    });

    it('writes the handshake line to its standard output and nothing else', async () => {
      const copy = join(temporaryDirectory({ mayLeaveFiles: true }), 'stdout');
      // The shell becomes the plugin, whose output passes through `tee`.
      const command = ['bash', '-c', `exec "$@" > >(exec tee '${copy}')`, 'bash', ...TS_PLUGIN] as const;

      const run = await script({ command, steps: ['print:stdout:printed', 'log:info:logged', 'offer', 'counter'] });

      expect(run.steps.filter(({ ok }) => !ok)).toEqual([]);
      const certificate = mode === 'plain' ? '' : '[A-Za-z0-9+/]{300,}';
      await until(() =>
        expect(readFileSync(copy, 'utf8')).toMatch(
          new RegExp(`^1\\|1\\|unix\\|/[^|]*/plugin\\d+\\|grpc\\|${certificate}\\n$`),
        ),
      );
    });

    it.each([
      { speaks: [1, 2], offers: '1,2,4', agreed: 2 },
      { speaks: [4, 1], offers: '2,1', agreed: 1 },
    ])('agrees on version $agreed: the host speaks $speaks, the plugin $offers', async ({ speaks, offers, agreed }) => {
      const run = await script({ steps: ['echo'], versions: speaks, env: { TROUPE_TEST_VERSIONS: offers } });

      expect(valuesOf(run)).toMatchObject({ start: { version: agreed }, echo: { version: agreed } });
    });

    it('lets the host refuse it when they have no version in common', async () => {
      const run = await script({ steps: [], versions: [3], env: { TROUPE_TEST_VERSIONS: '1,2' }, mayLeaveFiles: true });

      expect(run.steps[0]).toMatchObject({ step: 'start', ok: false });
      expect(run.steps[0]?.error).toContain('Incompatible API version with plugin. Plugin version: 1');
    });

    it('exits with code 1 and an explanation when the cookie is another', async () => {
      const run = await script({ steps: ['stderr:plugin'], cookie: 'another' });

      expect(run.steps[0]).toMatchObject({ step: 'start', ok: false });
      expect(run.steps[1]?.value).toMatch(/this program is a plugin/i);
      expect(run.done).toMatchObject({ exitCode: 1 });
    });

    it('puts its sockets where the host says', async () => {
      const directory = temporaryDirectory();
      const own = join(directory, 'own');
      mkdirSync(own);
      const host = startGoHost(
        optionsOf(mode, { directory, env: { PLUGIN_UNIX_SOCKET_DIR: own }, steps: ['offer', 'sleep:60000'] }),
      );
      await host.step('offer');

      // Its own, and the one that it offers.
      expect(readdirSync(own)).toEqual([expect.stringMatching(/^plugin\d+$/), expect.stringMatching(/^plugin\d+$/)]);

      host.process.kill('SIGTERM');
      await host.finished;
      // Fails unless it is empty.
      rmdirSync(own);
    });

    it('gives the host the exit code 7 of a crash, and leaves no socket even then', async () => {
      const run = await script({ steps: ['offer', 'crash:7', 'exited'] });

      expect(run.steps[2]).toMatchObject({ ok: false, code: 'Unavailable' });
      expect(run.steps[3]).toMatchObject({ ok: true, value: { exitCode: 7, signal: null } });
    });

    it('ends at once when it is killed in order, and leaves no socket', async (context) => {
      const run = await script({ steps: ['echo', 'offer', 'counter'] });

      table.note(context, `ok, ${run.done?.killMs.toFixed()} ms`);
      expect(run.done).toMatchObject({ forced: false, hung: false, exitCode: 0 });
      expect(run.done?.killMs).toBeLessThan(GO_GRACE_MS / 2);
    });

    it('ends at once after a call that was given up', async () => {
      const run = await script({ steps: ['hang:call:100'] });

      expect(run.steps[1]).toMatchObject({ code: 'DeadlineExceeded' });
      expect(run.done).toMatchObject({ forced: false, hung: false, exitCode: 0 });
      expect(run.done?.killMs).toBeLessThan(GO_GRACE_MS / 2);
    });

    it('is ended by force when it is frozen: Kill of go-plugin waits for its answer for ever', async (context) => {
      const run = await script({ steps: ['hang:busy:200'], killLimitMs: 1_000, mayLeaveFiles: true });

      table.note(context, 'ok, Kill hangs');
      expect(run.steps[1]).toMatchObject({ code: 'DeadlineExceeded' });
      expect(run.done).toMatchObject({ exited: true, hung: true, signal: 'killed' });
    });

    it('ends within 2 s when the host is killed by SIGKILL, and leaves no socket', async () => {
      const host = startGoHost({ ...optionsOf(mode, { steps: ['offer', 'sleep:60000'] }), keepOrphan: true });
      const pid = pidOf(await host.step('start'));
      await host.step('offer');

      host.process.kill('SIGKILL');

      await until(() => expect(isRunning(pid)).toBe(false), 2_000);
      await host.finished;
    });
  });

  describe('on TCP with AutoMTLS', () => {
    beforeEach((context) => table.record(context, 'AutoMTLS'));

    it('listens on TCP when it is made to, also for brokered connections', async () => {
      const steps = ['echo', 'offer', 'counter:3'];

      const run = await runScript('AutoMTLS', { steps, env: { TROUPE_TEST_NETWORK: 'tcp' } });

      const address = expect.stringMatching(/^127\.0\.0\.1:(1\d{4}|2[0-5]\d{3})$/);
      expect(valuesOf(run)).toMatchObject({
        start: { network: 'tcp', address },
        offer: { text: 'offered' },
        'counter:3': { sum: 3 },
      });
    });
  });

  describe('on TCP without TLS', () => {
    beforeEach((context) => table.record(context, 'plain'));

    it('does not listen on TCP without TLS', async (context) => {
      const run = await runScript('plain', { steps: ['stderr:plugin'], env: { TROUPE_TEST_NETWORK: 'tcp' } });

      table.note(context, 'refused');
      expect(run.steps[0]).toMatchObject({ step: 'start', ok: false });
      expect(run.steps[1]?.value).toContain('the plugin listens on tcp and its host uses no mutual TLS');
      expect(run.done).toMatchObject({ exitCode: 1 });
    });
  });
});

// Helpers

interface ScriptOptions extends Partial<GoHostOptions> {
  readonly steps: readonly string[];
  /** The plugin is meant to end without cleaning up. */
  readonly mayLeaveFiles?: boolean;
}

function optionsOf(mode: Mode, { mayLeaveFiles = false, env = {}, ...options }: ScriptOptions): GoHostOptions {
  return {
    host: peers.host,
    command: TS_PLUGIN,
    autoMtls: mode === 'AutoMTLS',
    directory: temporaryDirectory({ mayLeaveFiles }),
    env: { ...COVERAGE_ENV, ...env },
    ...options,
  };
}

/** Runs the script, and checks that the Go host found nothing to stumble over and that no process is left. */
async function runScript(mode: Mode, options: ScriptOptions): Promise<GoHostRun> {
  const run = await runGoHost(optionsOf(mode, options));
  expect(run).toMatchObject({ exitCode: 0, stderr: '', orphan: undefined, done: { done: true, exited: true } });
  return run;
}

function valuesOf({ steps }: GoHostRun): Record<string, unknown> {
  return Object.fromEntries(steps.map(({ step, value, error }) => [step, error ?? value]));
}

/** The plugin's process id, from the outcome of the step `start`. */
function pidOf(start: GoHostStep | undefined): number {
  expect(start).toMatchObject({ step: 'start', ok: true, value: { pid: expect.any(Number) } });
  return Number(Object(start?.value).pid);
}
