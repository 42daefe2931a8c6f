import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { RuntimeError } from '../../../src/errors/index.ts';
import { createRealClock } from '../../../src/ports/index.ts';
import { createGrpcConnection, createGrpcServer } from '../../../src/transport/grpc/index.ts';
import type { GrpcServerOptions } from '../../../src/transport/grpc/index.ts';
import { createServiceClient, service } from '../../../src/ports/service.ts';
import type { ServedService, ServiceImplementation } from '../../../src/ports/service.ts';
import { ProbeServiceService } from '../../gen/troupe/testing/v1/peer.ts';
import { probe } from '../connection-contract.ts';

const clock = createRealClock();

describe('listen', () => {
  it('takes the first free port of the range', async () => {
    const blocker = createServer();
    await new Promise<void>((resolve) => void blocker.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void blocker.close());
    const taken = portOf(blocker.address());
    const server = open();

    const { network, address } = await server.listen({ network: 'tcp', minPort: taken, maxPort: taken + 20 });

    expect(network).toBe('tcp');
    expect(Number(address.split(':')[1])).toBeGreaterThan(taken);
    const connection = createGrpcConnection({ target: { network: 'tcp', address }, clock });
    onTestFinished(() => connection.close());
    expect((await createServiceClient(ProbeServiceService, connection).echo({ text: 'tcp' })).text).toBe('tcp');
  });

  it('takes any free port for the range 0 to 0', async () => {
    const { address } = await open().listen({ network: 'tcp', minPort: 0, maxPort: 0 });

    expect(address).toMatch(/^127\.0\.0\.1:[1-9]\d+$/);
  });

  it('fails with LISTEN_FAILED when all ports are taken, and prints nothing', async () => {
    const blocker = createServer();
    await new Promise<void>((resolve) => void blocker.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void blocker.close());
    const port = portOf(blocker.address());

    await expect(open().listen({ network: 'tcp', minPort: port, maxPort: port })).rejects.toMatchObject({
      code: 'LISTEN_FAILED',
      rawMessage: expect.stringContaining('EADDRINUSE'),
    });
  });

  it.each([
    ['a range upside down', { network: 'tcp', minPort: 20, maxPort: 10 }, 'INVALID_OPTIONS'],
    ['a path of 200 bytes', { network: 'unix', path: `/${'x'.repeat(199)}` }, 'SOCKET_PATH_TOO_LONG'],
    ['a missing directory', { network: 'unix', path: '/nowhere/at/all' }, 'LISTEN_FAILED'],
    ['an unknown group', { network: 'unix', path: '/tmp/x', group: 'no-such-group' }, 'INVALID_OPTIONS'],
  ] as const)('refuses %s', async (_name, target, code) => {
    await expect(open().listen(target)).rejects.toMatchObject({ code });
  });

  it('gives the socket to a group with mode 0660', async () => {
    const path = socketPath();

    await open().listen({ network: 'unix', path, group: String(process.getgid?.()) });

    expect(statSync(path).mode & 0o777).toBe(0o660);
  });

  it('works once per server', async () => {
    const server = open();
    await server.listen({ network: 'unix', path: socketPath() });

    await expect(server.listen({ network: 'unix', path: socketPath() })).rejects.toMatchObject({
      code: 'FAILED_PRECONDITION',
    });
  });
});

describe('createGrpcServer', () => {
  it('refuses two services with a method in common', () => {
    expect(() => createGrpcServer({ services: [served(), served()], clock })).toThrow(
      expect.objectContaining({ code: 'INVALID_OPTIONS' }),
    );
  });

  it('answers methods without a handler with UNIMPLEMENTED', async () => {
    const partial = service(ProbeServiceService, { echo: probe().echo } as Probe);
    const { client } = await pair({ services: [partial] });

    await expect(client.log({ level: '', message: '' })).rejects.toMatchObject({ code: 'UNIMPLEMENTED' });
  });

  it.each(['toString', 'valueOf', 'hasOwnProperty', 'constructor'])(
    'answers a method %s, which every object has, with UNIMPLEMENTED unless it is implemented',
    async (name) => {
      const { echo } = ProbeServiceService;
      const own = { [name]: () => ({ text: name, pid: 0, version: 0 }) };
      class OfClass {}
      const implementations = Object.entries({ Plain: {}, OfClass: new OfClass(), Own: own });
      const named = implementations.map(
        ([path, implementation]) => [{ [name]: { ...echo, path: `/test.${path}/Method` } }, implementation] as const,
      );
      const { connection } = await pair({
        services: named.map(([methods, object]) => service(methods, object as never)),
      });

      const codes = await Promise.all(
        named.map(([methods]) =>
          connection.unary(methods[name] ?? echo, { text: '' }).then(
            ({ text }) => text,
            (error: RuntimeError) => error.code,
          ),
        ),
      );
      expect(codes).toEqual(['UNIMPLEMENTED', 'UNIMPLEMENTED', name]);
    },
  );

  it('calls handlers with their implementation as `this`', async () => {
    class Named {
      readonly #name = 'me';
      echo = (): never => {
        throw new Error('shadowed below');
      };
      who(): string {
        return this.#name;
      }
    }
    const named = new Named();
    const implementation = Object.assign(named, probe(), {
      echo(this: Named) {
        return { text: this.who(), pid: 0, version: 0 };
      },
    });
    const { client } = await pair({ services: [service(ProbeServiceService, implementation)] });

    expect((await client.echo({ text: '' })).text).toBe('me');
  });

  it('counts calls in flight and tells when each starts and ends', async () => {
    const log: string[] = [];
    const onCall = (path: string) => {
      log.push(`+${path.split('/')[2]}`);
      return () => void log.push(`-${path.split('/')[2]}`);
    };
    const { client, server } = await pair({ services: [served()], onCall });

    await client.echo({ text: '' });
    await client.upload([]);
    for await (const _ of client.download({ count: 2, text: '' }));
    for await (const _ of client.chat([{ text: '' }])) break;

    await expect.poll(() => log.length).toBe(8);
    expect(server.inFlight).toBe(0);
    expect(log).toEqual(['+Echo', '-Echo', '+Upload', '-Upload', '+Download', '-Download', '+Chat', '-Chat']);
  });
});

describe('drain', () => {
  it('lets a call in flight finish and refuses new ones', async () => {
    const release = Promise.withResolvers<Record<string, never>>();
    const started = Promise.withResolvers<void>();
    const hang: Probe['hang'] = () => {
      started.resolve();
      return release.promise;
    };
    const { client, server, path } = await pair({ services: [service(ProbeServiceService, { ...probe(), hang })] });
    const call = client.hang({ busy: false });
    await started.promise;

    const drained = server.drain({ deadlineMs: 5_000 });
    await expect.poll(() => existsSync(path)).toBe(false);
    release.resolve({});

    expect(await call).toEqual({});
    expect(await drained).toEqual({ forced: false });
    await expect(client.echo({ text: '' })).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  });

  it('ends calls by force after 50 ms', async () => {
    const { client, server } = await pair({ services: [served()] });
    const call = client.hang({ busy: false });
    const failed = call.catch((error: RuntimeError) => error.code);
    await expect.poll(() => server.inFlight).toBe(1);

    expect(await server.drain({ deadlineMs: 50 })).toEqual({ forced: true });
    expect(await failed).toBe('UNAVAILABLE');
  });
});

describe('close', () => {
  it('ends calls, connections and the socket file at once, also half-open connections', async () => {
    const { client, server, path } = await pair({ services: [served()] });
    const call = client.hang({ busy: false });
    const failed = call.catch((error: RuntimeError) => error.code);
    const idle = connect(path).resume();
    const gone = new Promise<void>((resolve) => void idle.once('close', () => resolve()));
    await new Promise<void>((resolve) => void idle.once('connect', () => resolve()));
    await expect.poll(() => server.inFlight).toBe(1);

    server.close();
    server.close();

    expect(await failed).toBe('UNAVAILABLE');
    await gone;
    await expect.poll(() => existsSync(path)).toBe(false);
  });

  it('leaves no socket when it meets a listen', async () => {
    const path = socketPath();
    const server = open();
    const listening = server.listen({ network: 'unix', path });

    server.close();
    await listening;

    await expect.poll(() => existsSync(path)).toBe(false);
  });
});

// Helpers

type Probe = ServiceImplementation<typeof ProbeServiceService>;

function served(): ServedService {
  return service(ProbeServiceService, probe());
}

function socketPath(): string {
  const directory = mkdtempSync(join(tmpdir(), 'troupe-test-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return join(directory, 's');
}

function open(options: Partial<GrpcServerOptions> = {}) {
  const server = createGrpcServer({ services: [served()], clock, ...options });
  onTestFinished(() => server.close());
  return server;
}

async function pair(options: Partial<GrpcServerOptions>) {
  const path = socketPath();
  const server = open(options);
  await server.listen({ network: 'unix', path });
  const connection = createGrpcConnection({ target: { network: 'unix', path }, clock });
  onTestFinished(() => connection.close());
  return { server, path, connection, client: createServiceClient(ProbeServiceService, connection) };
}

function portOf(address: ReturnType<ReturnType<typeof createServer>['address']>): number {
  return typeof address === 'object' && address !== null ? address.port : 0;
}
