import { execFileSync, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { hashTree, isPinned, pinTree } from '../../../src/transport/process/index.ts';
import { ROOT } from '../../source-files.ts';

const DAY_S = 86_400;

describe('a store of pinned plugins', () => {
  it('keeps the 3 most recently used copies of 5 whose processes have ended', async () => {
    const store = temporaryDirectory();
    const copies = [];
    for (let i = 0; i < 5; i++) copies.push(await formerCopy(store, `${i}`, { daysAgo: [9, 1, 5, 2, 7][i] ?? 0 }));

    const newest = await pin(treeOf('newest'), store, 3);

    expect(copiesIn(store)).toEqual([copies[1] ?? '', copies[3] ?? '', newest].sort());
    expect([...new Set(leasesIn(store).map((name) => name.slice(0, 64)))].sort()).toEqual(copiesIn(store));
    expect(await isPinned(join(store, newest), newest)).toBe(true);
  });

  it('keeps 20 copies by default', async () => {
    const store = temporaryDirectory();
    for (let i = 0; i < 20; i++) await formerCopy(store, `${i}`, { daysAgo: 20 - i });

    await pin(treeOf('newest'), store);

    expect(copiesIn(store)).toHaveLength(20);
  });

  it('counts the use, not the making', async () => {
    const store = temporaryDirectory();
    const old = await formerCopy(store, 'old', { daysAgo: 9 });
    const other = await formerCopy(store, 'other', { daysAgo: 5 });
    const { sha256 } = await hashTree(treeOf('old'));
    expect(sha256).toBe(old);
    await pin(treeOf('old'), store);
    endLease(store, old);

    const newest = await pin(treeOf('newest'), store, 2);

    expect(copiesIn(store)).toEqual([old, newest].sort());
    expect(existsSync(join(store, other))).toBe(false);
  });

  it('keeps each copy that this process has pinned', async () => {
    const store = temporaryDirectory();
    const pinned = [];

    for (let i = 0; i < 4; i++) pinned.push(await pin(treeOf(`${i}`), store, 1));

    expect(copiesIn(store)).toEqual(pinned.sort());
  });

  it.skipIf(process.platform !== 'linux')(
    'keeps what another process has pinned until that process is gone',
    async () => {
      const store = temporaryDirectory();
      const { host, sha256 } = await pinElsewhere(store, treeOf('elsewhere'));
      utimesSync(join(store, '.leases', sha256), 0, 0);
      const own = await pin(treeOf('own'), store, 1);
      expect(copiesIn(store)).toEqual([sha256, own].sort());

      host.kill('SIGKILL');
      await once(host, 'exit');
      const newest = await pin(treeOf('newest'), store, 1);

      expect(copiesIn(store)).toEqual([own, newest].sort());
      expect(leasesIn(store).filter((name) => name.startsWith(sha256))).toEqual([]);
    },
  );

  it.skipIf(process.platform !== 'linux')(
    'takes a lease of this pid and another start for that of nobody',
    async () => {
      const store = temporaryDirectory();
      const old = await formerCopy(store, 'old', { daysAgo: 1 });
      const [lease = ''] = leasesIn(store).filter((name) => name.startsWith(`${old}.`));
      const [, boot, namespace] = lease.split('.');
      rmSync(join(store, '.leases', lease));
      writeFileSync(join(store, '.leases', [old, boot, namespace, process.pid, 1].join('.')), '');

      await pin(treeOf('newest'), store, 1);

      expect(existsSync(join(store, old))).toBe(false);
    },
  );

  it.each([
    [29, true],
    [31, false],
  ])('keeps a copy that another container has leased %i days ago: %s', async (days, stays) => {
    const store = temporaryDirectory();
    const old = await formerCopy(store, 'old', { daysAgo: 0 });
    const lease = join(store, '.leases', `${old}.${'0'.repeat(32)}.1.1.1`);
    writeFileSync(lease, '');
    setAge(lease, days);
    const second = await formerCopy(store, 'second', { daysAgo: 0 });
    expect(second).not.toBe(old);

    await pin(treeOf('newest'), store, 1);

    expect(existsSync(join(store, old))).toBe(stays);
  });

  it('is freed of what a killed process left unfinished 2 hours ago, and of nothing younger', async () => {
    const store = temporaryDirectory();
    for (const name of ['.new-old111', '.new-young1', 'other']) mkdirSync(join(store, name));
    for (const name of ['.new-old111', 'other']) setAge(join(store, name), 2 / 24);

    await pin(treeOf('newest'), store);

    expect(readdirSync(store).filter((name) => name.length < 64)).toEqual(['.leases', '.new-young1', 'other']);
  });

  it('is used by 4 processes that pin 5 contents each, and leaves none of them without its own', async () => {
    const store = temporaryDirectory();
    for (let i = 0; i < 10; i++) await formerCopy(store, `${i}`, { daysAgo: 1 });

    const hosts = await Promise.all([0, 1, 2, 3].map((i) => pinElsewhere(store, treeOf(`${i}`))));
    await Promise.all([4, 5, 6, 7].map((i) => pin(treeOf(`${i}`), store, 1)));
    await pin(treeOf('newest'), store, 1);

    for (const { sha256 } of hosts) expect(await isPinned(join(store, sha256), sha256)).toBe(true);
    expect(copiesIn(store)).toHaveLength(4 + 4 + 1);
  });

  it.each([0, -1, Number.NaN])('refuses to keep %d copies', async (keep) => {
    await expect(pin(treeOf('x'), temporaryDirectory(), keep)).rejects.toMatchObject({ code: 'INVALID_OPTIONS' });
  });
});

// Helpers

async function pin(directory: string, storeRoot: string, keep?: number): Promise<string> {
  const { sha256 } = await hashTree(directory);
  await pinTree(directory, { sha256, storeRoot, ...(keep === undefined ? {} : { keep }) });
  return sha256;
}

/** A copy as a process has left it that ended some days ago. */
async function formerCopy(store: string, text: string, { daysAgo }: { readonly daysAgo: number }): Promise<string> {
  const sha256 = await pin(treeOf(text), store, 1000);
  endLease(store, sha256);
  setAge(join(store, '.leases', sha256), daysAgo);
  return sha256;
}

/** Changes the leases of this process into those of one that is gone. */
function endLease(store: string, sha256: string): void {
  for (const name of leasesIn(store).filter((each) => each.startsWith(`${sha256}.`))) {
    rmSync(join(store, '.leases', name));
    writeFileSync(join(store, '.leases', `${name}9`), '');
  }
}

async function pinElsewhere(store: string, directory: string): Promise<{ host: ChildProcess; sha256: string }> {
  const { sha256 } = await hashTree(directory);
  const program = join(ROOT, 'test/transport/process/fixtures/pinning-host.ts');
  const host = spawn(process.execPath, ['--conditions=source', program, directory, sha256, store], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void host.kill('SIGKILL'));
  await once(host.stdout, 'data');
  return { host, sha256 };
}

function copiesIn(store: string): string[] {
  return readdirSync(store)
    .filter((name) => name.length === 64)
    .sort();
}

/** Leases and, under the name of each copy, its last use. */
function leasesIn(store: string): string[] {
  return readdirSync(join(store, '.leases'));
}

function setAge(path: string, days: number): void {
  const seconds = Date.now() / 1000 - days * DAY_S;
  utimesSync(path, seconds, seconds);
}

function treeOf(text: string): string {
  const directory = temporaryDirectory();
  writeFileSync(join(directory, 'a'), text);
  return directory;
}

function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'prune-'));
  chmodSync(directory, 0o700);
  onTestFinished(() => {
    execFileSync('chmod', ['-R', 'u+rwX', directory]);
    rmSync(directory, { recursive: true });
  });
  return directory;
}
