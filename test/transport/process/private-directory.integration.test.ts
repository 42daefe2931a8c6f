import { mkdir, mkdtemp, readdir, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { createPrivateDirectory } from '../../../src/transport/process/index.ts';
import { runUnprivileged } from './support.ts';

describe('createPrivateDirectory', () => {
  let root: string;
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'root-'));
    onTestFinished(() => rm(root, { recursive: true }));
  });

  it('makes a directory of its own with mode 0700 each time', async () => {
    const one = await createPrivateDirectory({ root });
    const other = await createPrivateDirectory({ root });

    expect(one.path).not.toBe(other.path);
    expect(one.path.startsWith(join(root, 'troupe-'))).toBe(true);
    expect((await stat(one.path)).mode & 0o777).toBe(0o700);
  });

  it('removes everything in it, names what was left, and follows no link', async () => {
    const directory = await createPrivateDirectory({ root });
    await mkdir(join(directory.path, 'deep/er'), { recursive: true });
    await writeFile(join(root, 'outside'), 'kept');
    await symlink(root, join(directory.path, 'link'));

    const report = await directory.remove();

    expect({ ...report, leftovers: report.leftovers.toSorted() }).toEqual({
      removed: true,
      leftovers: ['deep', 'link'],
      problem: undefined,
    });
    expect(await readdir(root)).toEqual(['outside']);
  });

  it('counts a directory that is gone as removed', async () => {
    const directory = await createPrivateDirectory({ root });

    await directory.remove();

    expect(await directory.remove()).toEqual({ removed: true, leftovers: [], problem: undefined });
  });

  it('allows a socket path of 107 bytes and names length and limit of one of 108', async () => {
    const limit = process.platform === 'linux' ? 107 : 103;
    const room = limit - '/xx'.length - 6 - '/plugin'.length - 20;
    const long = join(root, 'r'.repeat(room - root.length - 1));
    await mkdir(long);

    const fits = await createPrivateDirectory({ root: long, prefix: 'xx' });
    const tooLong = createPrivateDirectory({ root: long, prefix: 'xxx' });

    expect(Buffer.byteLength(`${fits.path}/plugin${'1'.repeat(20)}`)).toBe(limit);
    await expect(tooLong).rejects.toMatchObject({ code: 'SOCKET_PATH_TOO_LONG', details: { bytes: limit + 1, limit } });
    expect(await readdir(long)).toHaveLength(1);
  });

  it.each([{ prefix: 'a/b' }, { prefix: 'a|b' }, { root: '/tmp/a\nb' }])('refuses %o', async (options) => {
    await expect(createPrivateDirectory({ root, ...options })).rejects.toThrow(/INVALID_OPTIONS/);
  });

  it('names a root that does not exist, and the reason', async () => {
    await expect(createPrivateDirectory({ root: join(root, 'none') })).rejects.toThrow(`in "${root}/none": ENOENT`);
  });

  it.each(['4294967295', '9'.repeat(30)])('refuses the group number %s', async (group) => {
    await expect(createPrivateDirectory({ root, group })).rejects.toMatchObject({
      code: 'INVALID_OPTIONS',
      field: 'socketGroup',
      rawMessage: expect.stringContaining('4294967294'),
    });
    expect(await readdir(root)).toEqual([]);
  });
});

describe.skipIf(process.platform === 'win32')('createPrivateDirectory of a user without privileges', () => {
  let root: string;
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'root-'));
    onTestFinished(() => rm(root, { recursive: true }));
  });

  it('refuses a group of others by name and leaves no directory', async () => {
    expect(await runUnprivileged('foreignGroup', root)).toEqual({
      code: 'INVALID_OPTIONS',
      rawMessage: 'option "socketGroup" names "0", which this user may not give files to',
    });
    expect(await readdir(root)).toEqual([]);
  });

  it('removes 2 folders of mode 0 inside each other', async () => {
    expect(await runUnprivileged('closedFolder', root)).toEqual({ removed: true, leftovers: ['closed'] });
    expect(await readdir(root)).toEqual([]);
  });

  it('follows no link out of a directory with a closed folder', async () => {
    await runUnprivileged('closedFolderWithLink', root);

    expect((await stat(join(root, 'outside'))).mode & 0o777).toBe(0o755);
    expect(await readdir(join(root, 'outside'))).toEqual(['kept']);
  });
});
