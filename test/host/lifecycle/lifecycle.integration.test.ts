import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { RuntimeError } from '../../../src/errors/index.ts';
import { createArtifactStore } from '../../../src/host/bundles/index.ts';
import { createBreaker, createLifecycle } from '../../../src/host/lifecycle/index.ts';
import type { Lifecycle, LifecycleOptions, PluginSource } from '../../../src/host/lifecycle/index.ts';
import type { LifecycleStore } from '../../../src/ports/lifecycle-store.ts';
import { createRealEnvironment } from '../../../src/ports/index.ts';
import { openSqliteStore } from '../../../src/stores/index.ts';
import { KvServiceService } from '../../gen/troupe/testing/v1/peer.ts';
import { isAlive } from '../../transport/process/support.ts';
import type { LifecycleHostOrder } from '../fixtures/lifecycle-host.ts';
import { childEnv, fixture, hostForTest, nodeCommand, waitFor } from '../support.ts';
import type { TestHost } from '../support.ts';

describe('a lifecycle with real processes on a database', () => {
  it('has 1 winner and 63 refusals among 64 activations at once, with exactly one process', async () => {
    const { lifecycle, test, root } = await start();
    await lifecycle.install(version(root, '1.0.0'), { consent: 'all' });

    const outcomes = await Promise.allSettled(Array.from({ length: 64 }, () => lifecycle.activate('kv')));

    const codes = outcomes.filter((one) => one.status === 'rejected').map((one) => (one.reason as RuntimeError).code);
    expect(codes).toEqual(Array.from({ length: 63 }, () => 'INVALID_TRANSITION'));
    const { row, process } = await lifecycle.get('kv');
    expect(row).toMatchObject({ state: 'active', rowVersion: 4 });
    expect(readyPids(test)).toEqual([process?.pid]);
    expect(test.facts.filter(({ type }) => type === 'plugin.starting')).toHaveLength(1);
  });

  it('changes the version beneath a client that goes on calling, and back again', async () => {
    const { lifecycle, root } = await start();
    await lifecycle.install(version(root, '1.0.0'), { consent: 'all', activate: true });
    const client = lifecycle.plugin('kv')?.dispense(KvServiceService);

    const updated = await lifecycle.update('kv', version(root, '2.0.0'));
    await client?.put({ key: 'a', value: Buffer.from('1') });
    const back = await lifecycle.rollback('kv');

    expect([updated.version, updated.state, back.version, back.state]).toEqual(['2.0.0', 'active', '1.0.0', 'active']);
    expect((await lifecycle.get('kv')).process).toMatchObject({ state: 'ready' });
  });

  it('quarantines a plugin whose process is killed 2 times, and keeps it so across a boot', async () => {
    const { lifecycle, test, root, store } = await start({ crashBudget: { limit: 2 } });
    await lifecycle.install(version(root, '1.0.0'), { consent: 'all', activate: true });
    for (let count = 0; count < 2; count++) {
      await waitFor('it runs', () => lifecycle.plugin('kv')?.status().state === 'ready');
      const pid = lifecycle.plugin('kv')?.status().pid ?? 0;
      process.kill(pid, 'SIGKILL');
      await waitFor('it was noticed', () => lifecycle.plugin('kv')?.status().pid !== pid);
    }
    await waitFor(
      'it is gone',
      () => readyPids(test).every((pid) => !isAlive(pid)) && test.host.plugins().length === 0,
    );
    await lifecycle.stop();

    const again = createLifecycle({ ...options(test, root, store), owner: 'again' });
    onTestFinished(() => again.stop());
    await again.boot();

    expect((await again.get('kv')).row).toMatchObject({ state: 'quarantined', failure: { code: 'PLUGIN_CRASHED' } });
    expect(readyPids(test)).toHaveLength(2);
  });
});

describe('a host that is stopped with SIGSTOP past its lease, and goes on', () => {
  it('ends its own process and writes nothing, and the other host runs the plugin', async () => {
    const root = directory();
    const one = hostProcess({ owner: 'one', root, leaseTtlMs: 2_000, plugin: path(root, '1.0.0'), env: childEnv() });
    const [pid = 0] = await one.said('booted');
    one.child.kill('SIGSTOP');

    const other = hostProcess({ owner: 'other', root, leaseTtlMs: 2_000, env: childEnv() });
    const [taken = 0] = await other.said('plugin.ready');
    expect(isAlive(pid)).toBe(true);
    one.child.kill('SIGCONT');
    await waitFor('the process of the first host is gone', () => !isAlive(pid), HOST_MS);

    await one.said('plugin.dead');
    const store = await openStore(root);
    const { state } = (await store.get('kv')) ?? {};
    const entries = await store.auditEntries('kv', 0, 100);
    expect([state, isAlive(taken)]).toEqual(['active', true]);
    expect(entries.map(({ event }) => event)).toEqual([
      'plugin.installing',
      'plugin.installed',
      'plugin.activating',
      'plugin.activated',
    ]);
  }, 120_000);
});

// Helpers

/** For a step of a host in a process of its own, on a busy machine. */
const HOST_MS = 30_000;

/** Names of temporary files are short, because paths of sockets must be. */
function directory(): string {
  const root = mkdtempSync('/tmp/tl-');
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  return root;
}

/** A plugin that is a manifest alone: its program is a fixture. */
function path(root: string, pluginVersion: string): string {
  const { command, args } = nodeCommand('probe-plugin', {});
  const folder = `${root}/v${pluginVersion}`;
  const manifest = {
    apiVersion: 'troupe.plugin/v1',
    name: 'kv',
    version: pluginVersion,
    kinds: ['services'],
    run: { command, args },
  };
  mkdirSync(folder, { recursive: true });
  writeFileSync(`${folder}/plugin.json`, JSON.stringify(manifest));
  return folder;
}

function version(root: string, pluginVersion: string): PluginSource {
  return { kind: 'directory', path: path(root, pluginVersion) };
}

function openStore(root: string): Promise<LifecycleStore> {
  return openSqliteStore({ path: `${root}/troupe.db` }).then((store) => {
    onTestFinished(() => store.close());
    return store;
  });
}

async function start(
  given: Partial<LifecycleOptions> = {},
): Promise<{ lifecycle: Lifecycle; test: TestHost; root: string; store: LifecycleStore }> {
  const root = directory();
  const store = await openStore(root);
  const breaker = createBreaker(createRealEnvironment().clock);
  const test = hostForTest({ crashes: breaker, process: { backoff: { initialMs: 20, jitter: 'none' } } });
  const lifecycle = createLifecycle({ ...options(test, root, store), breaker, ...given });
  onTestFinished(() => lifecycle.stop());
  return { lifecycle, test, root, store };
}

function options(test: TestHost, root: string, store: LifecycleStore): LifecycleOptions {
  const { environment } = test.host.system;
  return {
    host: test.host,
    store,
    artifacts: createArtifactStore({ root: `${root}/artifacts`, environment }),
    dataRoot: `${root}/data`,
    times: { probationMs: 50 },
    launch: () => ({ env: childEnv() }),
  };
}

function hostProcess(order: LifecycleHostOrder): {
  readonly child: ChildProcess;
  /** Process ids at the first time that it said so. */
  readonly said: (fact: string) => Promise<readonly number[]>;
} {
  const child = spawn(process.execPath, ['--conditions=source', fixture('lifecycle-host'), JSON.stringify(order)], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, ...childEnv() },
  });
  const lines: { readonly fact: string; readonly pids: readonly number[] }[] = [];
  createInterface({ input: child.stdout as NonNullable<typeof child.stdout> }).on('line', (line) =>
    lines.push(JSON.parse(line)),
  );
  onTestFinished(async () => {
    child.kill('SIGCONT');
    child.kill('SIGTERM');
    await waitFor('the host has ended', () => child.exitCode !== null || child.signalCode !== null, HOST_MS);
  });
  return {
    child,
    async said(fact) {
      await waitFor(`the host says ${fact}`, () => lines.some((line) => line.fact === fact), HOST_MS);
      return lines.find((line) => line.fact === fact)?.pids ?? [];
    },
  };
}

function readyPids({ facts }: TestHost): readonly number[] {
  return facts.flatMap((fact) => (fact.type === 'plugin.ready' && fact.pid !== undefined ? [fact.pid] : []));
}
