import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { ReattachConfig } from '../../src/index.ts';
import { ProbeServiceService } from '../gen/troupe/testing/v1/peer.ts';
import { isAlive } from '../transport/process/support.ts';
import { childEnv, fixture, hostForTest } from './support.ts';

const services = { probe: ProbeServiceService };

describe('reattach', () => {
  it('uses a plugin in test mode, leaves it running, and can come back', async () => {
    const { reattach, pid } = await startPlugin();
    const { host } = hostForTest();

    for (const text of ['first', 'second']) {
      const plugin = await host.reattach({ name: 'dev', reattach, versions: [3], services });
      expect(await plugin.dispense('probe').echo({ text })).toEqual({ text, pid, version: 3 });
      await plugin.stop();
    }

    expect(isAlive(pid)).toBe(true);
  });

  it('ends, and says so, within 3 s when the process is gone', async () => {
    const { reattach, child } = await startPlugin();
    const { host } = hostForTest();
    const plugin = await host.reattach({ name: 'dev', reattach, versions: [3], services });

    child.kill('SIGKILL');

    expect(await plugin.ended).toMatchObject({ kind: 'failed', failure: { code: 'PLUGIN_CRASHED' } });
  });

  it('refuses a pid that does not run, and one that does not listen there', async () => {
    const { reattach } = await startPlugin();
    const { host } = hostForTest();
    // Above the largest process id that Linux can be told to use.
    const gone = { ...reattach, Pid: 4_194_305 };
    const other = { ...reattach, Pid: process.pid };

    await expect(host.reattach({ name: 'gone', reattach: gone, versions: [3] })).rejects.toMatchObject({
      code: 'REATTACH_STALE',
      message: expect.stringContaining('process 4194305 does not run') as string,
    });
    await expect(host.reattach({ name: 'other', reattach: other, versions: [3] })).rejects.toMatchObject({
      code: 'REATTACH_STALE',
      message: expect.stringContaining('does not listen on unix') as string,
    });
  });

  it('refuses an application version that the host does not speak', async () => {
    const { reattach, pid } = await startPlugin();
    const { host } = hostForTest();

    const attempt = host.reattach({ name: 'dev', reattach, versions: [1, 2] });

    await expect(attempt).rejects.toMatchObject({ code: 'APP_VERSION_UNSUPPORTED' });
    expect(isAlive(pid)).toBe(true);
  });

  it('never ends the process by force, not even for kill', async () => {
    const { reattach, pid } = await startPlugin();
    const { host } = hostForTest();
    const plugin = await host.reattach({ name: 'dev', reattach, versions: [3] });

    await plugin.kill();

    expect(isAlive(pid)).toBe(true);
  });

  it('leaves no socket when the plugin closes', async () => {
    const { reattach, child } = await startPlugin();
    expect(existsSync(reattach.Addr.String)).toBe(true);

    child.stdin?.end();
    await once(child, 'exit');

    expect(existsSync(reattach.Addr.String)).toBe(false);
  });
});

// Helpers

async function startPlugin(): Promise<{ reattach: ReattachConfig; pid: number; child: ChildProcess }> {
  const child = spawn(process.execPath, ['--conditions=source', fixture('test-mode-plugin')], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { PATH: process.env['PATH'], ...childEnv() },
  });
  onTestFinished(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.stdin.end();
    await once(child, 'exit');
  });
  const lines = createInterface({ input: child.stdout });
  const [line] = (await once(lines, 'line')) as [string];
  lines.close();
  const reattach = JSON.parse(line) as ReattachConfig;
  return { reattach, pid: reattach.Pid, child };
}
