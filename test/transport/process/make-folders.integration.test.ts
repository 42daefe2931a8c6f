import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { makeFolders } from '../../../src/transport/process/index.ts';

describe('makeFolders', () => {
  it('makes 3 missing directories with the mode, and returns the topmost', async () => {
    const root = temporaryDirectory();

    expect(await makeFolders(join(root, 'a/b/c'), 0o700)).toBe(join(root, 'a'));

    expect(['a', 'a/b', 'a/b/c'].map((path) => statSync(join(root, path)).mode & 0o777)).toEqual([0o700, 0o700, 0o700]);
  });

  it('makes nothing when the directory is there', async () => {
    expect(await makeFolders(temporaryDirectory())).toBeUndefined();
  });

  it('is the same for 8 callers at once', async () => {
    const root = temporaryDirectory();

    await Promise.all(Array.from({ length: 8 }, () => makeFolders(join(root, 'a/b/c'))));

    expect(statSync(join(root, 'a/b/c')).isDirectory()).toBe(true);
  });

  it('rejects below a file', async () => {
    const root = temporaryDirectory();
    writeFileSync(join(root, 'file'), '');

    await expect(makeFolders(join(root, 'file/b'))).rejects.toMatchObject({ code: 'ENOTDIR' });
  });

  // Node's own `recursive` never settles here.
  it.skipIf(process.platform !== 'linux')('rejects where the system makes no directories', async () => {
    await expect(makeFolders('/proc/none/deeper')).rejects.toMatchObject({ code: 'ENOENT' });
  });
});

// Helpers

function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'folders-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  return directory;
}
