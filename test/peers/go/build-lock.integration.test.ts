import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { withBuildLock } from './build-lock.ts';

// Above the largest process id that Linux gives out.
const NOBODY = 2 ** 22 + 1;

describe('withBuildLock', () => {
  it('lets 1 of 4 callers build', async () => {
    const { lock, work } = workshop();

    await Promise.all(Array.from({ length: 4 }, () => withBuildLock({ lock, pollMs: 1, ...work })));

    expect(work.builds()).toBe(1);
  });

  it('takes over the lock of a process that has died', async () => {
    const { lock, work } = workshop();
    mkdirSync(lock);
    writeFileSync(join(lock, 'owner'), String(NOBODY));

    await withBuildLock({ lock, pollMs: 1, ...work });

    expect(work.builds()).toBe(1);
  });

  it('takes over a lock without an owner that is an hour old', async () => {
    const { lock, work } = workshop();
    mkdirSync(lock);
    const anHourAgo = Date.now() / 1_000 - 3_600;
    utimesSync(lock, anHourAgo, anHourAgo);

    await withBuildLock({ lock, pollMs: 1, ...work });

    expect(work.builds()).toBe(1);
  });

  it('builds anew after a build that failed', async () => {
    const { lock, work } = workshop();
    const broken = { ...work, build: () => Promise.reject(new Error('no compiler')) };

    await expect(withBuildLock({ lock, pollMs: 1, ...broken })).rejects.toThrow('no compiler');
    await withBuildLock({ lock, pollMs: 1, ...work });

    expect(work.builds()).toBe(1);
  });
});

// Helpers

function workshop() {
  const directory = mkdtempSync(join(tmpdir(), 'troupe-lock-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  let builds = 0;
  let done = false;
  const build = async (): Promise<void> => {
    builds += 1;
    await sleep(5);
    done = true;
  };
  return { lock: join(directory, 'lock'), work: { build, isDone: () => done, builds: () => builds } };
}
