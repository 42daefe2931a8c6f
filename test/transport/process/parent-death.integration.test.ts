import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { readFirstLine } from '../../../src/transport/process/index.ts';
import { resolveParentDeath } from '../../../src/transport/process/parent-death.ts';
import type { HostOrder, HostReport } from './fixtures/host.ts';
import { HOLDER, isAlive, killAtEnd, reapersOf, waitFor } from './support.ts';

// The time in which everything is to be gone.
const LIMIT_MS = 2_000;
const IDLE = 'echo ready; exec sleep 300';
const SPINNING = 'echo ready; while :; do :; done';
const DEAF = 'trap "" TERM INT HUP; echo ready; while :; do sleep 1; done';
const PARENT = 'sleep 300 & echo $!; exec sleep 300';

describe.skipIf(process.platform !== 'linux')('a host that is killed with SIGKILL', () => {
  it.each(['setpriv', 'reaper', 'auto'] as const)('leaves no plugin alive for 2 s in mode %s', async (parentDeath) => {
    const host = await startHost({ parentDeath, scripts: [IDLE, SPINNING, DEAF] });
    const pids = host.reports.map(({ pid }) => pid);
    expect(pids.filter(isAlive)).toEqual(pids);

    process.kill(host.pid, 'SIGKILL');

    await waitFor('all plugins are gone', () => !pids.some(isAlive), LIMIT_MS);
  });

  it('leaves no grandchild alive in mode reaper, and no reaper', async () => {
    const host = await startHost({ parentDeath: 'reaper', scripts: [PARENT, PARENT] });
    const pids = host.reports.flatMap(({ pid, line }) => [pid, Number(line)]);
    const reapers = reapersOf(host.pid);
    expect(reapers).toHaveLength(1);
    expect(pids.filter(isAlive)).toHaveLength(4);

    process.kill(host.pid, 'SIGKILL');

    await waitFor('plugins, grandchildren and reaper are gone', () => ![...pids, ...reapers].some(isAlive), LIMIT_MS);
  });

  it('leaves no plugin alive when its reaper was replaced', async () => {
    const host = await startHost({ parentDeath: 'reaper', scripts: [IDLE] });
    const [first = 0] = reapersOf(host.pid);
    process.kill(first, 'SIGKILL');
    await waitFor('another reaper runs', () => reapersOf(host.pid).some((pid) => pid !== first));
    expect(host.reports.map(({ pid }) => isAlive(pid))).toEqual([true]);

    process.kill(host.pid, 'SIGKILL');

    await waitFor('the plugin is gone', () => !host.reports.some(({ pid }) => isAlive(pid)), LIMIT_MS);
  });

  it('takes the reaper in a worker thread and leaves no plugin alive', async () => {
    const host = await startHost({ parentDeath: 'auto', scripts: [IDLE, SPINNING], worker: true });
    const pids = host.reports.map(({ pid }) => pid);
    expect(reapersOf(host.pid)).toHaveLength(1);

    process.kill(host.pid, 'SIGKILL');

    await waitFor('all plugins are gone', () => !pids.some(isAlive), LIMIT_MS);
  });
});

describe.skipIf(process.platform !== 'linux')('a setpriv without --pdeathsig', () => {
  it('is refused by name and passed by in mode auto', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'path-'));
    await writeFile(join(folder, 'setpriv'), '#!/bin/sh\nexit 1\n', { mode: 0o755 });
    const previous = process.env['PATH'];
    process.env['PATH'] = `${folder}:${previous}`;
    onTestFinished(async () => {
      process.env['PATH'] = previous;
      await rm(folder, { recursive: true });
    });

    expect(await resolveParentDeath('auto')).toEqual({ kind: 'reaper' });
    await expect(resolveParentDeath('setpriv')).rejects.toMatchObject({ code: 'UNSUPPORTED_PLATFORM' });
  });
});

describe.skipIf(process.platform !== 'linux')('a host in trouble', () => {
  it('finds setpriv although its working directory was removed', async () => {
    const previous = process.cwd();
    const folder = await mkdtemp(join(tmpdir(), 'gone-'));
    process.chdir(folder);
    onTestFinished(() => process.chdir(previous));
    await rm(folder, { recursive: true });

    expect(await resolveParentDeath('auto')).toMatchObject({ kind: 'setpriv' });
  });

  it.each(['setpriv', 'auto'] as const)('finds setpriv in mode %s after it had no descriptors left', async (mode) => {
    const file = fileURLToPath(new URL('fixtures/scarce.ts', import.meta.url));
    const script = 'ulimit -n 64; exec "$0" --conditions=source "$@"';
    const child = spawn('sh', ['-c', script, process.execPath, file, mode], { stdio: ['ignore', 'pipe', 'inherit'] });
    const exited = once(child, 'exit');
    onTestFinished(async () => {
      child.kill('SIGKILL');
      await exited;
    });

    const [first, second] = JSON.parse(await readFirstLine(child.stdout)) as string[];

    expect(first).toMatch(/^SPAWN_FAILED .*EMFILE$/);
    expect(second).toBe('started');
    expect(reapersOf(child.pid ?? 0)).toEqual([]);
  });
});

describe.skipIf(process.platform !== 'linux')('a host that lets go', () => {
  it.each(['setpriv', 'reaper', 'none'] as const)('ends by itself in mode %s though a pipe is held', async (mode) => {
    const host = await startHost({ parentDeath: mode, scripts: [`${HOLDER} exit 0`], release: true });

    expect(await host.exited).toEqual([0, null]);
    expect(host.reports.map(({ line }) => isAlive(Number(line)))).toEqual([true]);
  });
});

// Helpers

interface Host {
  readonly pid: number;
  readonly reports: readonly HostReport[];
  /** Code and signal. */
  readonly exited: Promise<unknown[]>;
}

async function startHost(order: HostOrder): Promise<Host> {
  const file = fileURLToPath(new URL('fixtures/host.ts', import.meta.url));
  const child = spawn(process.execPath, ['--conditions=source', file, JSON.stringify(order)], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const exited = once(child, 'exit');
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await exited;
  });
  const complaints = text(child.stderr);
  const line = await readFirstLine(child.stdout).catch(async (error: unknown) => {
    throw new Error(`the host failed: ${await complaints}`, { cause: error });
  });
  const reports = JSON.parse(line) as HostReport[];
  for (const report of reports) {
    killAtEnd(report.pid);
    if (/^\d+$/.test(report.line)) killAtEnd(Number(report.line));
  }
  return { pid: child.pid ?? 0, reports, exited };
}
