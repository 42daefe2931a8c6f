import { chmodSync, existsSync, mkdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { requireAdminSocket } from '../../../src/host/admin/index.ts';
import { freeAdminSocket } from '../../../src/host/admin/admin-socket.ts';
import { createRealClock } from '../../../src/ports/index.ts';
import { startNode } from '../../cli/support.ts';
import { adminForTest, privateDirectory } from './support.ts';

const CLOCK = createRealClock();

describe('serveAdmin', () => {
  it('makes a socket with mode 600 in a directory with mode 700, and removes it at the end', async () => {
    const { socketPath, directory, server } = await adminForTest();

    expect((statSync(socketPath).mode & 0o777).toString(8)).toBe('600');
    expect((statSync(directory).mode & 0o777).toString(8)).toBe('700');
    await requireAdminSocket(socketPath, CLOCK);
    await server.close();
    expect(existsSync(socketPath)).toBe(false);
  });

  it('refuses a socket on which another host listens, which goes on', async () => {
    const { socketPath, service } = await adminForTest();

    await expect(adminForTest({}, { socketPath })).rejects.toMatchObject({ code: 'HOST_RUNNING' });
    expect(await service.listPlugins({})).toMatchObject({ plugins: [] });
  });

  it('replaces the socket of a host that was killed', async () => {
    const socketPath = join(privateDirectory(), 'admin.sock');
    await leaveStaleSocket(socketPath);

    const { service } = await adminForTest({}, { socketPath });

    await requireAdminSocket(socketPath, CLOCK);
    expect(service).toBeDefined();
  });

  it.each([0o755, 0o750, 0o701])('refuses a directory with mode %o and says how to close it', async (mode) => {
    const directory = privateDirectory();
    chmodSync(directory, mode);

    await expect(adminForTest({}, { socketPath: join(directory, 'admin.sock') })).rejects.toThrow(
      `must have 700: chmod 700 ${directory}`,
    );
  });

  it('leaves a file, a directory and a link at the path of the socket as they are', async () => {
    const directory = privateDirectory();
    const at = (name: string): string => join(directory, name);
    writeFileSync(at('file'), 'precious');
    mkdirSync(at('folder'));
    symlinkSync('/dev/null', at('link'));

    for (const name of ['file', 'folder', 'link']) {
      await expect(freeAdminSocket(at(name), CLOCK)).rejects.toMatchObject({ code: 'ADMIN_SOCKET_UNSAFE' });
      expect(existsSync(at(name))).toBe(true);
    }
  });

  it('refuses a path that is longer than the system allows', async () => {
    const socketPath = join(privateDirectory(), 'x'.repeat(120));

    await expect(adminForTest({}, { socketPath })).rejects.toMatchObject({ code: 'SOCKET_PATH_TOO_LONG' });
  });
});

describe('requireAdminSocket', () => {
  it('says that no host runs where there is no socket, no directory, or only the socket of a dead one', async () => {
    const directory = privateDirectory();
    await leaveStaleSocket(join(directory, 'stale'));

    for (const name of ['none', 'no/none', 'stale']) {
      await expect(requireAdminSocket(join(directory, name), CLOCK)).rejects.toMatchObject({
        code: 'HOST_NOT_RUNNING',
      });
    }
  });

  it('does not talk to a socket with mode 660, in a directory with mode 755, or to what is none', async () => {
    const directory = privateDirectory();
    const path = join(directory, 'admin.sock');
    await listen(path);
    writeFileSync(join(directory, 'file'), '');

    chmodSync(path, 0o660);
    await expect(requireAdminSocket(path, CLOCK)).rejects.toThrow(/has mode 660, and must have 600/);
    chmodSync(path, 0o600);
    await requireAdminSocket(path, CLOCK);
    chmodSync(directory, 0o755);
    await expect(requireAdminSocket(path, CLOCK)).rejects.toThrow(/has mode 755, and must have 700/);
    chmodSync(directory, 0o700);
    await expect(requireAdminSocket(join(directory, 'file'), CLOCK)).rejects.toThrow(/is no socket/);
  });
});

// Helpers

async function listen(path: string): Promise<void> {
  const server = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve) => void server.listen({ path }, resolve));
  onTestFinished(() => void server.close());
}

/** A socket whose process was killed. */
async function leaveStaleSocket(path: string): Promise<void> {
  const script = `require('node:net').createServer().listen(${JSON.stringify(path)}, () => console.log('listening'))`;
  const process = startNode(['-e', script]);
  await process.printed('listening');
  process.signal('SIGKILL');
  await process.ended;
  chmodSync(path, 0o600);
}
