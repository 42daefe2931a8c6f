import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  dataDirectoryAt,
  prepareDataDirectory,
  readOrMakeSecret,
  readRunningHost,
  readSecret,
  takeHostLock,
} from '../../../src/host/data-directory/index.ts';
import type { RunningHost } from '../../../src/host/data-directory/index.ts';
import { startNode } from '../../cli/support.ts';

const SELF: RunningHost = { pid: process.pid, hostId: 'a', startedAt: 1 };

describe('prepareDataDirectory', () => {
  it('makes a directory with mode 700, and those above it', async () => {
    const root = join(temporary(), 'a', 'b');

    await prepareDataDirectory(root);

    expect(modeOf(root)).toBe('700');
  });

  it('closes an empty directory with mode 755, and one that a host has used', async () => {
    const [empty, used] = [temporary(), temporary()];
    writeFileSync(join(used, 'troupe.db'), '');
    for (const root of [empty, used]) chmodSync(root, 0o755);

    await prepareDataDirectory(empty);
    await prepareDataDirectory(used);

    expect([modeOf(empty), modeOf(used)]).toEqual(['700', '700']);
  });

  it('leaves a directory with mode 755 and other files as it is, and says what to do', async () => {
    const root = temporary();
    chmodSync(root, 0o755);
    writeFileSync(join(root, 'thesis.txt'), '');

    await expect(prepareDataDirectory(root)).rejects.toThrow(
      /\[DATA_DIRECTORY_INVALID\].*holds other files.*chmod 700/,
    );
    expect(modeOf(root)).toBe('755');
  });

  it('refuses an empty path, which would be the working directory', async () => {
    await expect(prepareDataDirectory('')).rejects.toThrow('[DATA_DIRECTORY_INVALID] no directory is named');
  });

  it('refuses a path at which there is a file', async () => {
    const file = join(temporary(), 'file');
    writeFileSync(file, '');

    await expect(prepareDataDirectory(file)).rejects.toThrow(/\[DATA_DIRECTORY_INVALID\].*EEXIST/);
  });
});

describe('takeHostLock', () => {
  it('is free again when its file cannot be written, or removed, as a directory has its name', async () => {
    const places = await prepareDataDirectory(temporary());
    mkdirSync(`${places.hostFile}.new`);
    await expect(takeHostLock(places, SELF)).rejects.toHaveProperty('code', 'DATA_DIRECTORY_INVALID');
    rmSync(`${places.hostFile}.new`, { recursive: true });

    const lock = await takeHostLock(places, SELF);
    rmSync(places.hostFile);
    mkdirSync(places.hostFile);
    lock.release();
    rmSync(places.hostFile, { recursive: true });

    (await takeHostLock(places, SELF)).release();
  });

  it('refuses a second host of the same process and names who runs', async () => {
    const places = dataDirectoryAt(temporary());
    const lock = await takeHostLock(places, SELF);
    onTestFinished(() => lock.release());

    await expect(takeHostLock(places, { ...SELF, hostId: 'b' })).rejects.toThrow(
      `[HOST_RUNNING] process ${process.pid} runs on ${places.root} already`,
    );
    expect(await readRunningHost(places)).toEqual(SELF);
  });

  it('is free again after a release, and nothing is said about who ran', async () => {
    const places = dataDirectoryAt(temporary());
    const first = await takeHostLock(places, SELF);
    first.release();
    first.release();

    expect(await readRunningHost(places)).toBeUndefined();
    const second = await takeHostLock(places, SELF);
    expect(second.former).toBeUndefined();
    second.release();
  });

  it('refuses while another process has it, and is free when that was killed, who is told as the former one', async () => {
    const root = temporary();
    const script = join(import.meta.dirname, 'fixtures', 'hold-lock.ts');
    const other = startNode(['--conditions=source', script, root]);
    await other.printed('held');

    await expect(takeHostLock(dataDirectoryAt(root), SELF)).rejects.toThrow(`process ${other.pid} runs on`);
    other.signal('SIGKILL');
    await other.ended;

    const lock = await takeHostLock(dataDirectoryAt(root), SELF);
    expect(lock.former).toEqual({ pid: other.pid, hostId: 'other', startedAt: 7 });
    lock.release();
  });

  it('lets exactly 1 of 8 have it that come at the same time', async () => {
    const places = dataDirectoryAt(temporary());

    const outcomes = await Promise.allSettled(Array.from({ length: 8 }, () => takeHostLock(places, SELF)));

    const taken = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
    expect(taken).toHaveLength(1);
    for (const lock of taken) lock.release();
  });

  it('refuses a lock file that is a directory', async () => {
    const places = dataDirectoryAt(temporary());
    mkdirSync(places.hostLock);

    await expect(takeHostLock(places, SELF)).rejects.toThrow(/\[DATA_DIRECTORY_INVALID\].*cannot be locked/);
  });
});

describe('readOrMakeSecret', () => {
  it('makes 64 hexadecimal digits in a file with mode 600, once for 8 that ask at the same time', async () => {
    const path = join(temporary(), 'key');

    const secrets = await Promise.all(Array.from({ length: 8 }, () => readOrMakeSecret(path)));

    expect(new Set(secrets).size).toBe(1);
    expect(secrets[0]).toMatch(/^[0-9a-f]{64}$/);
    expect(modeOf(path)).toBe('600');
    expect(readdirSync(join(path, '..'))).toEqual(['key']);
  });

  it('refuses a file that others can read, and leaves it as it is', async () => {
    const path = join(temporary(), 'key');
    writeFileSync(path, `${'a'.repeat(64)}\n`);
    chmodSync(path, 0o640);

    await expect(readOrMakeSecret(path)).rejects.toThrow(/\[SECRET_FILE_INVALID\].*chmod 600/);
    expect(readFileSync(path, 'utf8')).toBe(`${'a'.repeat(64)}\n`);
  });

  it.each(['', 'short', `${'A'.repeat(64)}`, `${'a'.repeat(65)}`, 'a'.repeat(100_000)])(
    'refuses other content: %#',
    async (text) => {
      const path = join(temporary(), 'key');
      writeFileSync(path, text, { mode: 0o600 });

      await expect(readOrMakeSecret(path)).rejects.toThrow(/does not hold 64 hexadecimal digits/);
    },
  );

  it('refuses a path in a directory that is not there, and a link that leads nowhere', async () => {
    const directory = temporary();
    symlinkSync(join(directory, 'nowhere'), join(directory, 'link'));

    await expect(readOrMakeSecret(join(directory, 'no', 'key'))).rejects.toThrow(/cannot be written: ENOENT/);
    await expect(readOrMakeSecret(join(directory, 'link'))).rejects.toThrow('[SECRET_FILE_INVALID]');
  });
});

describe('readSecret', () => {
  it('finds none where there is no file', async () => {
    expect(await readSecret(join(temporary(), 'key'))).toBeUndefined();
  });
});

// Helpers

function temporary(): string {
  const directory = mkdtempSync(join(tmpdir(), 'data-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

function modeOf(path: string): string {
  return (statSync(path).mode & 0o777).toString(8);
}
