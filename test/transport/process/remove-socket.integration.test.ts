import { chown, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { removeSocket } from '../../../src/transport/process/index.ts';

describe('removeSocket', () => {
  let root: string;
  let startedAt: number;
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'socket-'));
    startedAt = Date.now();
    onTestFinished(() => rm(root, { recursive: true }));
  });

  it('removes a socket that was made after the start', async () => {
    const path = await listen('x.sock');

    expect(await removeSocket(path, { createdAfterMs: startedAt })).toEqual({ kind: 'removed' });
    expect(await readdir(root)).toEqual([]);
  });

  it('keeps a socket that is 1 s older than the process', async () => {
    const path = await listen('x.sock');

    const removal = await removeSocket(path, { createdAfterMs: Date.now() + 1_000 });

    expect(removal).toEqual({ kind: 'refused', reason: 'it is older than the process' });
    expect(await readdir(root)).toEqual(['x.sock']);
  });

  it('keeps a regular file, a directory, and a link to a socket', async () => {
    await listen('x.sock');
    await writeFile(join(root, 'file'), '');
    await symlink('x.sock', join(root, 'link'));

    for (const path of [join(root, 'file'), root, join(root, 'link')]) {
      const removal = await removeSocket(path, { createdAfterMs: startedAt });
      expect(removal).toEqual({ kind: 'refused', reason: 'it is not a socket' });
    }
    expect((await readdir(root)).toSorted()).toEqual(['file', 'link', 'x.sock']);
  });

  it.skipIf(process.geteuid?.() !== 0)('keeps a socket of another user', async () => {
    const path = await listen('x.sock');
    await chown(path, 65_534, 65_534);

    const removal = await removeSocket(path, { createdAfterMs: startedAt });

    expect(removal).toEqual({ kind: 'refused', reason: 'it belongs to another user' });
  });

  it('reports a missing path, and refuses one that is not absolute or no path at all', async () => {
    const options = { createdAfterMs: startedAt };

    expect(await removeSocket(join(root, 'none'), options)).toEqual({ kind: 'missing' });
    expect(await removeSocket('x.sock', options)).toMatchObject({ kind: 'refused' });
    expect(await removeSocket('/x\0y', options)).toMatchObject({ kind: 'refused' });
  });

  // Helpers

  async function listen(name: string): Promise<string> {
    const path = join(root, name);
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(path, resolve));
    onTestFinished(() => void server.close());
    return path;
  }
});
