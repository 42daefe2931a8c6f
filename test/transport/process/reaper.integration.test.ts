import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createReaper } from '../../../src/transport/process/reaper.ts';
import type { Reaper } from '../../../src/transport/process/reaper.ts';
import { isAlive, killAtEnd, waitFor } from './support.ts';

describe.skipIf(process.platform !== 'linux')('createReaper', () => {
  it('runs nothing before the first start, and one process after two', async () => {
    const reaper = reaperForTest();

    expect(reaper.pid).toBeUndefined();
    reaper.start();
    const first = reaper.pid;
    reaper.start();

    expect(first).toBeGreaterThan(1);
    expect(reaper.pid).toBe(first);
  });

  it('ignores SIGINT, SIGTERM and SIGHUP', async () => {
    const reaper = reaperForTest();
    reaper.start();
    const pid = reaper.pid ?? 0;
    const sleeper = await startSleeper();
    reaper.add(sleeper);
    await waitFor('the handlers are installed', () => catchesSigterm(pid));

    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.kill(pid, signal);
    reaper.remove(sleeper);
    reaper.close();

    await waitFor('the reaper ended by itself', () => reaper.pid === undefined);
    expect(isAlive(sleeper)).toBe(true);
  });

  it('is given up after 5 replacements', async () => {
    const reaper = reaperForTest();

    for (let i = 0; i < 6; i++) {
      reaper.start();
      process.kill(reaper.pid ?? 0, 'SIGKILL');
      await waitFor('the end is noticed', () => reaper.pid === undefined);
    }

    expect(() => reaper.start()).toThrow('[SPAWN_FAILED] the reaper process ended 6 times without being asked to');
  });

  it('ends after close with the last group that is taken off', async () => {
    const reaper = reaperForTest();
    reaper.start();
    const pid = reaper.pid ?? 0;
    const sleepers = [await startSleeper(), await startSleeper()];
    for (const sleeper of sleepers) reaper.add(sleeper);

    reaper.close();
    reaper.remove(sleepers[0] ?? 0);
    expect(isAlive(pid)).toBe(true);
    reaper.remove(sleepers[1] ?? 0);

    await waitFor('the reaper is gone', () => !isAlive(pid));
    expect(sleepers.every(isAlive)).toBe(true);
  });
});

// Helpers

function reaperForTest(): Reaper {
  const reaper = createReaper();
  onTestFinished(async () => {
    reaper.close();
    await waitFor('the reaper is gone', () => reaper.pid === undefined);
  });
  return reaper;
}

async function startSleeper(): Promise<number> {
  const child = spawn('sleep', ['300'], { detached: true, stdio: 'ignore' });
  const pid = child.pid ?? 0;
  killAtEnd(pid);
  await once(child, 'spawn');
  return pid;
}

function catchesSigterm(pid: number): boolean {
  const mask = /^SigCgt:\s*([0-9a-f]+)/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1] ?? '0';
  return (BigInt(`0x${mask}`) & (1n << 14n)) !== 0n;
}
