import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { findHost, USUAL_HOST } from '../../../../src/cli/dev/upload/find-host.ts';
import type { FindHostOptions } from '../../../../src/cli/dev/upload/find-host.ts';
import { prepareDataDirectory, takeHostLock } from '../../../../src/host/index.ts';
import { createRealClock } from '../../../../src/ports/index.ts';
import type { HostAddress } from '../../../../src/cli/dev/upload/host-address.ts';
import { shortDirectory } from '../../admin/support.ts';

const OPS_URL = 'http://127.0.0.1:4711';
const TOKEN = 'ab'.repeat(32);

describe('findHost', () => {
  it('takes address and token of the host that runs on the directory', async () => {
    const data = await runningHost();

    expect(await find({ data })).toEqual({ base: OPS_URL, token: TOKEN });
    expect(await find({}, { TROUPE_DATA: data })).toEqual({ base: OPS_URL, token: TOKEN });
    expect(statSync(join(data, 'host.json')).mode & 0o777).toBe(0o600);
  });

  it('prefers what the command line says', async () => {
    const data = await runningHost();

    expect(await find({ data, host: 'http://h', token: 't' })).toEqual({ base: 'http://h', token: 't' });
    expect(await find({ data }, { TROUPE_DEV_TOKEN: 'e' })).toEqual({ base: OPS_URL, token: 'e' });
  });

  it('does not believe the file of a host that was killed', async () => {
    const data = join(shortDirectory(), 'd');
    mkdirSync(data, { mode: 0o700 });
    // The process of the test lives, and it is no host.
    const stale = {
      pid: process.pid,
      hostId: 'a',
      startedAt: 1,
      adminSocket: join(data, 'admin.sock'),
      opsUrl: OPS_URL,
    };
    writeFileSync(join(data, 'host.json'), JSON.stringify(stale), { mode: 0o600 });

    await expect(find({ data })).rejects.toThrow(
      `[HOST_NOT_RUNNING] no host runs on ${data}; start one with: troupe run`,
    );
    expect(await find({}, { TROUPE_DATA: data })).toEqual({ base: USUAL_HOST, token: undefined });
  });

  it('says that a host has no listener', async () => {
    const data = await runningHost({});

    await expect(find({ data })).rejects.toThrow(
      `[HOST_NOT_RUNNING] the host on ${data} has no listener; start it with`,
    );
  });

  it('looks at http://localhost:8080 when no directory was named and none has a host', async () => {
    expect(await find({}, { XDG_DATA_HOME: shortDirectory() })).toEqual({
      base: 'http://localhost:8080',
      token: undefined,
    });
  });
});

// Helpers

function find(options: Partial<FindHostOptions>, env: NodeJS.ProcessEnv = {}): Promise<HostAddress> {
  return findHost({ host: undefined, token: undefined, data: undefined, ...options }, createRealClock(), env);
}

/** What a host leaves in its directory while it runs; its socket takes connections. */
async function runningHost(addresses: { readonly opsUrl?: string } = { opsUrl: OPS_URL }): Promise<string> {
  const places = await prepareDataDirectory(join(shortDirectory(), 'd'));
  const lock = await takeHostLock(places, { pid: process.pid, hostId: 'a', startedAt: 1 });
  const { adminSocket, root } = places;
  writeFileSync(places.opsToken, TOKEN, { mode: 0o600 });
  const server = createServer((socket) => socket.destroy());
  const umask = process.umask(0o177);
  await new Promise<void>((resolve) => server.listen(adminSocket, resolve));
  process.umask(umask);
  await lock.publish({ adminSocket, ...addresses });
  onTestFinished(async () => {
    await new Promise((resolve) => server.close(resolve));
    lock.release();
  });
  return root;
}
