import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  appendFileSync,
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { hashTree, isPinned, pinTree } from '../../../src/transport/process/index.ts';

describe('hashTree', () => {
  it('is the sha256 over kind, bytes, sha256 and path of each file', async () => {
    const directory = treeOf({ 'b/run': '#!/bin/sh\n', a: 'x' });
    chmodSync(join(directory, 'b/run'), 0o755);
    symlinkSync('b/run', join(directory, 'link'));

    const { sha256, entries } = await hashTree(directory);

    const lines = [`file 1 ${sha('x')} a`, `executable 10 ${sha('#!/bin/sh\n')} b/run`, `link 5 ${sha('b/run')} link`];
    expect(sha256).toBe(sha(lines.map((line) => `${line}\0`).join('')));
    expect(entries.map(({ path }) => path)).toEqual(['a', 'b/run', 'link']);
  });

  it('counts no time, no empty directory, no other permission, and hashes through a link to the directory', async () => {
    const directory = treeOf({ a: 'x' });
    const before = await hashTree(directory);
    chmodSync(join(directory, 'a'), 0o600);
    mkdirSync(join(directory, 'empty/er'), { recursive: true });
    const link = join(temporaryDirectory(), 'link');
    symlinkSync(directory, link);

    expect(await hashTree(directory)).toEqual(before);
    expect(await hashTree(link)).toEqual(before);
  });

  it('leaves out the record of a build, and nothing else of that name', async () => {
    const directory = treeOf({ a: 'x', 'sub/build.json': record({}) });
    const { sha256 } = await hashTree(directory);

    writeFileSync(join(directory, 'build.json'), record({}));
    expect((await hashTree(directory)).sha256).toBe(sha256);

    writeFileSync(join(directory, 'build.json'), '{"scripts":{}}');
    expect((await hashTree(directory)).entries.map(({ path }) => path)).toContain('build.json');
  });

  it.each<[string, string]>([
    ['../outside', 'leads out of it'],
    ['sub/../../outside', 'leads out of it'],
    // Lexically inside; in truth `up` is the root.
    ['up/../outside', 'leads out of it'],
    ['missing', 'leads nowhere'],
    ['loop', 'leads nowhere'],
  ])('refuses a link to %s, which %s', async (target, problem) => {
    const parent = temporaryDirectory();
    writeFileSync(join(parent, 'outside'), '');
    const directory = join(parent, 'tree');
    mkdirSync(join(directory, 'sub'), { recursive: true });
    writeFileSync(join(directory, 'outside'), 'a file of the same name inside');
    symlinkSync('.', join(directory, 'up'));
    symlinkSync(target, join(directory, 'loop'));

    await expect(hashTree(directory)).rejects.toMatchObject({
      code: 'CHECKSUM_INVALID',
      rawMessage: expect.stringContaining(problem),
    });
  });

  it('refuses an absolute link, even to the inside', async () => {
    const directory = treeOf({ a: 'x' });
    symlinkSync(join(directory, 'a'), join(directory, 'link'));

    await expect(hashTree(directory)).rejects.toMatchObject({ code: 'CHECKSUM_INVALID' });
  });

  it('refuses a pipe without waiting for a writer, and a name that is not UTF-8', async () => {
    const withPipe = temporaryDirectory();
    execFileSync('mkfifo', [join(withPipe, 'pipe')]);
    const withName = temporaryDirectory();
    writeFileSync(Buffer.concat([Buffer.from(`${withName}/`), Buffer.of(0xff)]), '');

    await expect(hashTree(withPipe)).rejects.toMatchObject({ code: 'CHECKSUM_INVALID' });
    await expect(hashTree(withName)).rejects.toMatchObject({ code: 'CHECKSUM_INVALID' });
  });

  it('takes 3 files of 4 bytes under exactly these limits, and no more', async () => {
    const directory = treeOf({ a: '1', b: '22', c: '3' });

    expect((await hashTree(directory, { maxFiles: 3, maxBytes: 4 })).entries).toHaveLength(3);
    await expect(hashTree(directory, { maxFiles: 2 })).rejects.toMatchObject({ code: 'CHECKSUM_INVALID' });
    await expect(hashTree(directory, { maxBytes: 3 })).rejects.toMatchObject({ code: 'CHECKSUM_INVALID' });
  });

  it('counts directories too, so that a bomb of empty ones ends', async () => {
    const directory = temporaryDirectory();
    mkdirSync(join(directory, 'a/b/c/d'), { recursive: true });

    await expect(hashTree(directory, { maxFiles: 3 })).rejects.toMatchObject({ code: 'CHECKSUM_INVALID' });
  });

  it('says that the directory is missing', async () => {
    await expect(hashTree('/nowhere/at/all')).rejects.toMatchObject({
      code: 'CHECKSUM_INVALID',
      rawMessage: 'directory "/nowhere/at/all" cannot be read: ENOENT',
    });
  });
});

describe('pinTree', () => {
  it('makes a copy under its hash that nobody may write', async () => {
    const directory = treeOf({ 'bin/run': '#!/bin/sh\n', 'lib/a.txt': 'a' });
    chmodSync(join(directory, 'bin/run'), 0o755);
    symlinkSync('../bin/run', join(directory, 'lib/link'));
    const { sha256 } = await hashTree(directory);
    const storeRoot = join(temporaryDirectory(), 'deep/store');

    const copy = await pinTree(directory, { sha256, storeRoot });

    expect(copy).toBe(join(storeRoot, sha256));
    expect((await hashTree(copy)).sha256).toBe(sha256);
    expect(modesOf(copy, ['', 'bin', 'lib', 'bin/run', 'lib/a.txt'])).toEqual([0o500, 0o500, 0o500, 0o500, 0o400]);
    expect(readlinkSync(join(copy, 'lib/link'))).toBe('../bin/run');
    expect(lstatSync(storeRoot).mode & 0o777).toBe(0o700);
  });

  it('takes the copy that is there, and makes it again when it was changed', async () => {
    const { directory, sha256, storeRoot, copy } = await pinned({ a: 'x' });
    const { ino } = lstatSync(copy);

    expect(await pinTree(directory, { sha256, storeRoot })).toBe(copy);
    expect(lstatSync(copy).ino).toBe(ino);

    chmodSync(join(copy, 'a'), 0o600);
    appendFileSync(join(copy, 'a'), 'y');
    expect(await isPinned(copy, sha256)).toBe(false);
    await pinTree(directory, { sha256, storeRoot });

    expect(readFileSync(join(copy, 'a'), 'utf8')).toBe('x');
    expect(contentsOf(storeRoot)).toEqual([sha256]);
  });

  it('is the same copy for 8 hosts at once', async () => {
    const directory = treeOf({ a: 'x'.repeat(100_000), 'b/c': 'y' });
    const { sha256 } = await hashTree(directory);
    const storeRoot = temporaryDirectory(0o700);

    const copies = await Promise.all(Array.from({ length: 8 }, () => pinTree(directory, { sha256, storeRoot })));

    expect(new Set(copies)).toEqual(new Set([join(storeRoot, sha256)]));
    expect(contentsOf(storeRoot)).toEqual([sha256]);
    expect(await isPinned(join(storeRoot, sha256), sha256)).toBe(true);
  });

  it('copies no record of a build, as its contents are not verified', async () => {
    const { copy } = await pinned({ a: 'x', 'build.json': record({}) });

    expect(readdirSync(copy)).toEqual(['a']);
  });

  it('refuses another content and leaves nothing in the store', async () => {
    const directory = treeOf({ a: 'x' });
    const storeRoot = temporaryDirectory(0o700);
    const { sha256: actual } = await hashTree(directory);
    const expected = sha('');

    const pinning = pinTree(directory, { sha256: expected, storeRoot });

    await expect(pinning).rejects.toMatchObject({ code: 'CHECKSUM_MISMATCH', details: { actual, expected } });
    expect(readdirSync(storeRoot)).toEqual([]);
  });

  it.each<[string, (directory: string) => void, string]>([
    ['other contents', (at) => writeFileSync(join(at, 'b'), 'Y'), '"b" has other contents'],
    ['more bytes', (at) => appendFileSync(join(at, 'b'), 'y'), '"b" has 2 bytes instead of 1'],
    ['a missing file', (at) => rmSync(join(at, 'a')), '"a" is missing'],
    ['an added file', (at) => writeFileSync(join(at, 'c'), ''), '"c" was added'],
    ['a right to execute', (at) => chmodSync(join(at, 'a'), 0o755), 'a file may be executed, or not'],
    ['another build', (at) => writeFileSync(join(at, 'build.json'), record({})), 'its build.json is of another build'],
  ])('names the first difference: %s', async (_, change, difference) => {
    const files = { a: 'x', b: 'y' };
    const directory = treeOf(files);
    const { sha256 } = await hashTree(directory);
    writeFileSync(join(directory, 'build.json'), record(files, sha256));
    change(directory);
    if (difference.includes('another build')) writeFileSync(join(directory, 'a'), 'changed');

    await expect(pinTree(directory, { sha256, storeRoot: temporaryDirectory(0o700) })).rejects.toMatchObject({
      code: 'CHECKSUM_MISMATCH',
      rawMessage: expect.stringContaining(difference),
    });
  });

  it('never publishes a copy of a directory that changes all the time', async () => {
    const directory = treeOf({ a: 'x'.repeat(50_000), b: 'y' });
    const { sha256 } = await hashTree(directory);
    const storeRoot = temporaryDirectory(0o700);
    const outcomes = new Set<string>();
    const published = new Set<string>();

    // The file grows and is set back between the steps of the pinning, as somebody would who wants to slip in a change.
    for (let round = 0; round < 40; round += 1) {
      const pinning = pinTree(directory, { sha256, storeRoot });
      for (let turn = 0; turn < round; turn += 1) await new Promise((resolve) => setImmediate(resolve));
      writeFileSync(join(directory, 'b'), 'z');
      outcomes.add(
        await pinning.then(
          () => 'pinned',
          (error: { code: string }) => error.code,
        ),
      );
      writeFileSync(join(directory, 'b'), 'y');
      if (existsSync(join(storeRoot, sha256))) {
        published.add(readFileSync(join(storeRoot, sha256, 'b'), 'utf8'));
        removeCopy(join(storeRoot, sha256));
      }
    }

    expect([...outcomes].filter((each) => each !== 'pinned' && each !== 'CHECKSUM_MISMATCH')).toEqual([]);
    expect(outcomes).toContain('CHECKSUM_MISMATCH');
    expect([...published].filter((each) => each !== 'y')).toEqual([]);
    expect(contentsOf(storeRoot)).toEqual([]);
  });

  it.each<[string, () => string]>([
    ['others can write', () => temporaryDirectory(0o777)],
    ['is a file', () => join(treeOf({ a: '' }), 'a')],
    ['is a link', () => linkTo(temporaryDirectory(0o700))],
  ])('uses no store that %s', async (_, makeStore) => {
    const directory = treeOf({ a: 'x' });
    const { sha256 } = await hashTree(directory);

    await expect(pinTree(directory, { sha256, storeRoot: makeStore() })).rejects.toMatchObject({
      code: 'CHECKSUM_INVALID',
    });
  });
});

// Helpers

function temporaryDirectory(mode = 0o755): string {
  const directory = mkdtempSync(join(tmpdir(), 'pin-'));
  chmodSync(directory, mode);
  onTestFinished(() => {
    // Copies may not be written, by an ordinary user not even to remove them.
    execFileSync('chmod', ['-R', 'u+rwX', directory]);
    rmSync(directory, { recursive: true });
  });
  return directory;
}

function treeOf(files: Readonly<Record<string, string>>): string {
  const directory = temporaryDirectory();
  for (const [path, contents] of Object.entries(files)) {
    mkdirSync(join(directory, path, '..'), { recursive: true });
    writeFileSync(join(directory, path), contents);
  }
  return directory;
}

async function pinned(files: Readonly<Record<string, string>>) {
  const directory = treeOf(files);
  const { sha256 } = await hashTree(directory);
  const storeRoot = temporaryDirectory(0o700);
  return { directory, sha256, storeRoot, copy: await pinTree(directory, { sha256, storeRoot }) };
}

/** Of a store, but for the leases. */
function contentsOf(storeRoot: string): string[] {
  return readdirSync(storeRoot).filter((name) => name !== '.leases');
}

function removeCopy(copy: string): void {
  execFileSync('chmod', ['-R', 'u+rwX', copy]);
  rmSync(copy, { recursive: true });
}

function linkTo(directory: string): string {
  const link = join(temporaryDirectory(), 'link');
  symlinkSync(directory, link);
  return link;
}

function record(files: Readonly<Record<string, string>>, sha256 = sha('')): string {
  const listed = Object.entries(files).map(([path, text]) => ({ path, bytes: text.length, sha256: sha(text) }));
  return JSON.stringify({ format: 1, entry: 'main.cjs', node: '24.0.0', files: listed, sha256 });
}

function modesOf(copy: string, paths: readonly string[]): number[] {
  return paths.map((path) => lstatSync(join(copy, path)).mode & 0o777);
}

function sha(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
