import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { ListenOptions, Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { identifyProcess, isSameProcess, listensOn } from '../../../src/transport/process/index.ts';

// Above the largest process id that Linux can be told to use.
const NOBODY = 4_194_305;

describe('identifyProcess', () => {
  it('tells a process apart from another one with its number', async () => {
    const identity = await identifyProcess(process.pid);

    expect(identity).toEqual({ pid: process.pid, startTicks: expect.stringMatching(/^\d+$/) as string });
    expect(await isSameProcess(identity ?? { pid: 0, startTicks: '' })).toBe(true);
    expect(await isSameProcess({ pid: process.pid, startTicks: '1' })).toBe(false);
  });

  it('finds nobody where there is no process, and none in one that has ended', async () => {
    const child = spawn('true');
    const pid = child.pid ?? 0;
    await once(child, 'exit');

    expect(await identifyProcess(NOBODY)).toBeUndefined();
    expect(await identifyProcess(pid)).toBeUndefined();
  });
});

describe('listensOn', () => {
  it('is true for the process that listens on a unix socket, and for nobody else', async () => {
    const path = join(tmpdir(), `identity ${process.pid}`);
    await listen({ path });

    expect(await listensOn(process.pid, 'unix', path)).toBe(true);
    expect(await listensOn(process.pid, 'unix', `${path}2`)).toBe(false);
    expect(await listensOn(process.ppid, 'unix', path)).toBe(false);
    expect(await listensOn(NOBODY, 'unix', path)).toBe(false);
  });

  it.each(['127.0.0.1', '::1'])('is true for the process that listens on a port of %s', async (host) => {
    const server = await listen({ host, port: 0 });
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const text = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;

    expect(await listensOn(process.pid, 'tcp', text)).toBe(true);
    expect(await listensOn(process.ppid, 'tcp', text)).toBe(false);
  });
});

// Helpers

async function listen(options: ListenOptions): Promise<Server> {
  const server = createServer().listen(options);
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return server;
}
