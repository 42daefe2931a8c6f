import { chmodSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { prepareCompileCache, userCacheDirectory } from '../../../src/transport/process/index.ts';

describe('prepareCompileCache', () => {
  it('makes the directory for this user alone', async () => {
    const cache = join(temporaryDirectory(), 'a/b');

    expect(await prepareCompileCache(cache)).toBe(true);
    expect(lstatSync(cache).mode & 0o777).toBe(0o700);
    expect(await prepareCompileCache(cache)).toBe(true);
  });

  it('does not use what others can write, a link, or a file', async () => {
    const root = temporaryDirectory();
    mkdirSync(join(root, 'shared'));
    chmodSync(join(root, 'shared'), 0o777);
    symlinkSync('.', join(root, 'link'));
    writeFileSync(join(root, 'file'), '');

    expect(await prepareCompileCache(join(root, 'shared'))).toBe(false);
    expect(await prepareCompileCache(join(root, 'link'))).toBe(false);
    expect(await prepareCompileCache(join(root, 'file'))).toBe(false);
    expect(await prepareCompileCache(join(root, 'file', 'below'))).toBe(false);
  });

  it('is emptied when it holds more than 20,000 files', async () => {
    const cache = join(temporaryDirectory(), 'cache');
    mkdirSync(join(cache, 'v1'), { recursive: true, mode: 0o700 });
    for (let index = 0; index < 20_000; index += 1) writeFileSync(join(cache, 'v1', String(index)), '');

    await prepareCompileCache(cache);
    expect(readdirSync(cache)).toEqual(['v1']);

    mkdirSync(join(cache, 'v2'));
    writeFileSync(join(cache, 'v2', 'one more'), '');
    expect(await prepareCompileCache(cache)).toBe(true);
    expect(readdirSync(cache)).toEqual([]);
  });
});

describe('userCacheDirectory', () => {
  it.runIf(process.platform === 'linux')('follows XDG_CACHE_HOME when that is an absolute path', () => {
    expect(userCacheDirectory({ XDG_CACHE_HOME: '/var/x' })).toBe('/var/x/troupe');
    expect(userCacheDirectory({ XDG_CACHE_HOME: 'relative' })).toBe(join(homedir(), '.cache/troupe'));
    expect(userCacheDirectory({})).toBe(join(homedir(), '.cache/troupe'));
  });
});

// Helpers

function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'cache-'));
  chmodSync(directory, 0o755);
  onTestFinished(() => rmSync(directory, { recursive: true }));
  return directory;
}
