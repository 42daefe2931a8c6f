import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, expect, it, onTestFinished } from 'vitest';
import type { GoPeers } from './go.ts';
import { goPeers } from './go.ts';
import type { GoHostOptions, GoHostRun } from './go/run-host.ts';
import { runGoHost, startGoHost } from './go/run-host.ts';
import { describeWithPeer } from './peers.ts';

// The first build compiles Go's standard library too.
const BUILD_LIMIT_MS = 300_000;

let peers: GoPeers;

describeWithPeer('go', 'the Go host with the Go plugin', () => {
  beforeAll(async () => {
    peers = await goPeers();
  }, BUILD_LIMIT_MS);

  it('makes unary calls', async () => {
    const run = await script({ steps: ['echo:hello there', 'big:4000000', 'kv', 'ping'] });

    expect(valuesOf(run)).toMatchObject({
      start: { version: 1, network: 'unix' },
      'echo:hello there': { text: 'hello there', version: 1 },
      'big:4000000': { bytes: 4_000_000, same: true },
      kv: { value: 'value', missing: 'NotFound' },
      ping: { status: 'SERVING' },
    });
  });

  it('streams 1,000 messages in each direction', async () => {
    const run = await script({ steps: ['download:1000', 'upload:1000', 'chat:1000'] });

    expect(valuesOf(run)).toMatchObject({
      'download:1000': { messages: 1_000, bytes: 4_000 },
      'upload:1000': { messages: 1_000, bytes: 2_000 },
      'chat:1000': { messages: 1_000 },
    });
  });

  it('is called back, and dials what the plugin offers', async () => {
    const run = await script({ steps: ['counter:5', 'counter:7', 'offer:over the broker'] });

    expect(valuesOf(run)).toMatchObject({
      'counter:5': { sum: 5, callbacks: 1 },
      'counter:7': { sum: 12, callbacks: 1 },
      'offer:over the broker': { text: 'over the broker' },
    });
  });

  it('agrees on version 2 of 1, 2 and 4', async () => {
    const run = await script({
      steps: ['echo'],
      versions: [1, 2],
      env: { TROUPE_TEST_VERSIONS: '1,2,4' },
    });

    expect(valuesOf(run)).toMatchObject({ start: { version: 2 }, echo: { version: 2 } });
  });

  it('refuses a plugin without a common version', async () => {
    const run = await script({ steps: [], versions: [3], mayLeaveSockets: true });

    expect(run.steps[0]).toMatchObject({ step: 'start', ok: false });
    expect(run.steps[0]?.error).toContain('Incompatible API version with plugin. Plugin version: 1');
  });

  it('refuses a plugin that expects another cookie', async () => {
    const run = await script({ steps: ['stderr:directly'], cookie: 'another' });

    expect(run.steps[0]).toMatchObject({ step: 'start', ok: false });
    expect(run.steps[1]?.value).toContain('These are not meant to be executed directly');
    expect(run.done).toMatchObject({ exitCode: 1 });
  });

  it('shows a log entry of the plugin with level and module', async () => {
    const run = await script({ steps: ['log:warn:careful', 'logs:careful'] });

    expect(valuesOf(run)['logs:careful']).toContainEqual(
      expect.objectContaining({ '@level': 'warn', '@message': 'careful', '@module': 'peer' }),
    );
  });

  it('does not offer synced output before version 1.1.0', async () => {
    const run = await script({ steps: ['print', 'stdio:printed'] });

    const offered = { stdout: 'printed\n', stderr: '' };
    expect(valuesOf(run)['stdio:printed']).toEqual(isSyncing(peers) ? offered : 'n/a');
  });

  it('reads the output of a patched plugin, also under AutoMTLS on TCP', async () => {
    const run = await script({
      kind: 'patched',
      autoMtls: true,
      steps: ['print', 'stdio:printed', 'print:stderr:complained', 'stdio:complained', 'counter:5', 'offer'],
      env: { TROUPE_PLUGIN_NETWORK: 'tcp' },
    });

    expect(valuesOf(run)).toMatchObject({
      start: { network: 'tcp', goPlugin: `${peers.goPluginVersion}+patched` },
      'stdio:complained': { stdout: 'printed\n', stderr: 'complained\n' },
      'counter:5': { sum: 5 },
      offer: { text: 'offered' },
    });
  });

  it.each([['plain'], ['patched']] as const)('makes calls and streams under AutoMTLS, %s', async (kind) => {
    const run = await script({ kind, autoMtls: true, steps: ['echo', 'kv', 'download', 'upload', 'chat', 'offer'] });

    expect(run.steps.filter(({ ok }) => !ok)).toEqual([]);
  });

  it('is not called back under AutoMTLS by an unpatched plugin (go-plugin issue 109)', async () => {
    const run = await script({ autoMtls: true, steps: ['counter'] });

    expect(run.steps[1]).toMatchObject({ step: 'counter', ok: false, code: 'Unavailable' });
    expect(run.steps[1]?.error).toContain('certificate is valid for localhost, not unused');
  });

  it('is called back under AutoMTLS by a patched plugin', async () => {
    const run = await script({ kind: 'patched', autoMtls: true, steps: ['counter:5', 'counter:7'] });

    expect(valuesOf(run)).toMatchObject({ 'counter:5': { sum: 5 }, 'counter:7': { sum: 12 } });
  });

  it('sees the exit code 7 of a crash', async () => {
    const run = await script({ steps: ['crash:7', 'exited'], mayLeaveSockets: true });

    expect(run.steps[1]).toMatchObject({ ok: false, code: 'Unavailable' });
    expect(run.steps[2]).toMatchObject({ ok: true, value: { exitCode: 7, signal: null } });
  });

  it('waits for ever in Kill for a frozen plugin, unless it is helped', async () => {
    const run = await script({ steps: ['hang:busy:200'], killLimitMs: 2_500, mayLeaveSockets: true });

    expect(run.steps[1]).toMatchObject({ ok: false, code: 'DeadlineExceeded' });
    expect(run.done).toMatchObject({ exited: true, hung: true, signal: 'killed' });
  });

  it('kills a plugin with a call in the air in less than 1 s', async () => {
    const run = await script({ steps: ['hang:call:100'] });

    expect(run.done).toMatchObject({ forced: false, hung: false, exitCode: 0 });
    expect(run.done?.killMs).toBeLessThan(1_000);
  });

  it('leaves its plugin behind when it is killed itself', async () => {
    const host = startGoHost({ ...baseOptions(true), steps: ['sleep:30000'], keepOrphan: true });
    await host.step('start');
    host.process.kill('SIGKILL');
    const { done, orphan } = await host.finished;
    if (orphan !== undefined) process.kill(orphan, 'SIGKILL');

    expect(done).toBeUndefined();
    expect(orphan).toBeGreaterThan(0);
  });
});

// Helpers

interface ScriptOptions extends Omit<GoHostOptions, 'host' | 'command'> {
  /** Which build of both sides. */
  readonly kind?: 'plain' | 'patched';
  /** The plugin is meant to end without cleaning up. */
  readonly mayLeaveSockets?: boolean;
}

function baseOptions(mayLeaveSockets: boolean, kind: 'plain' | 'patched' = 'plain') {
  const directory = mkdtempSync(join(tmpdir(), 'troupe-go-'));
  onTestFinished(() => {
    const left = readdirSync(directory);
    rmSync(directory, { recursive: true, force: true });
    expect(mayLeaveSockets ? [] : left, 'sockets left behind').toEqual([]);
  });
  const patched = kind === 'patched';
  const host = patched ? peers.hostPatched : peers.host;
  const command: [string] = [patched ? peers.pluginPatched : peers.plugin];
  return { directory, host, command };
}

/** Runs both Go peers, and checks that they end cleanly: no process, no socket file, nothing on the host's stderr. */
async function script({ kind, mayLeaveSockets = false, ...options }: ScriptOptions): Promise<GoHostRun> {
  const run = await runGoHost({ ...baseOptions(mayLeaveSockets, kind), ...options });
  expect(run).toMatchObject({ exitCode: 0, stderr: '', orphan: undefined, done: { done: true, exited: true } });
  return run;
}

function isSyncing({ goPluginVersion }: GoPeers): boolean {
  return !goPluginVersion.startsWith('1.0.');
}

function valuesOf({ steps }: GoHostRun): Record<string, unknown> {
  return Object.fromEntries(steps.map(({ step, value, error }) => [step, error ?? value]));
}
