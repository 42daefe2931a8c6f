import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { HealthService } from '../../../src/gen/grpc/health/v1/health.ts';
import { createRealClock } from '../../../src/ports/index.ts';
import { controllerService, requestShutdown } from '../../../src/transport/go-plugin/controller.ts';
import { checkHealth, healthService } from '../../../src/transport/go-plugin/health.ts';
import { readStdio, stdioService } from '../../../src/transport/go-plugin/stdio.ts';
import { createGrpcConnection, createGrpcServer } from '../../../src/transport/grpc/index.ts';
import { createServiceClient, service } from '../../../src/ports/service.ts';
import type { ServedService } from '../../../src/ports/service.ts';
import { GRPCControllerService } from '../../../src/gen/plugin/grpc_controller.ts';

const clock = createRealClock();

describe('the controller service', () => {
  it('answers, then calls back once, and a drain sends the answer', async () => {
    let calls = 0;
    const drained = Promise.withResolvers<{ forced: boolean }>();
    const { connection, server } = await open([
      controllerService(() => {
        calls += 1;
        void server.drain({ deadlineMs: 2_000 }).then(drained.resolve);
      }),
    ]);

    await Promise.all([requestShutdown(connection, 2_000), requestShutdown(connection, 2_000)]);

    expect(await drained.promise).toEqual({ forced: false });
    expect(calls).toBe(1);
  });

  it('takes a connection that drops instead of an answer as agreement', async () => {
    const { connection, server } = await open([
      service(GRPCControllerService, {
        shutdown: () => {
          server.close();
          return new Promise<never>(() => {});
        },
      }),
    ]);

    await expect(requestShutdown(connection, 2_000)).resolves.toBeUndefined();
  });

  it('rejects when the plugin lacks the service or does not answer within 50 ms', async () => {
    const without = await open([]);
    const silent = await open([service(GRPCControllerService, { shutdown: () => new Promise<never>(() => {}) })]);

    await expect(requestShutdown(without.connection, 2_000)).rejects.toMatchObject({ code: 'UNIMPLEMENTED' });
    await expect(requestShutdown(silent.connection, 50)).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' });
  });
});

describe('the health service', () => {
  it('lets a probe pass while it serves, and fail with the status when it does not', async () => {
    const health = healthService();
    const { connection } = await open([health.service]);

    await expect(checkHealth(connection, 2_000)).resolves.toBeUndefined();
    health.setServing(false);

    await expect(checkHealth(connection, 2_000)).rejects.toMatchObject({
      code: 'PROBE_FAILED',
      rawMessage: 'the plugin reports health status NOT_SERVING instead of SERVING',
    });
  });

  it('fails the probe of a plugin without it, with the reason', async () => {
    const { connection } = await open([]);

    await expect(checkHealth(connection, 2_000)).rejects.toMatchObject({
      code: 'PROBE_FAILED',
      rawMessage: expect.stringContaining('UNIMPLEMENTED'),
      cause: { code: 'UNIMPLEMENTED' },
    });
  });

  it('knows the whole server by the empty name, and no other name', async () => {
    const { connection } = await open([healthService().service]);
    const client = createServiceClient(HealthService, connection);

    expect(await client.check({ service: '' })).toEqual({ status: 1 });
    await expect(client.check({ service: 'other' })).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('tells a watcher each change, and ends its stream on close', async () => {
    const health = healthService();
    const { connection } = await open([health.service]);
    const watcher = createServiceClient(HealthService, connection).watch({ service: 'plugin' })[Symbol.asyncIterator]();

    expect(await watcher.next()).toMatchObject({ value: { status: 1 } });
    health.setServing(false);
    expect(await watcher.next()).toMatchObject({ value: { status: 2 } });
    health.close();
    expect(await watcher.next()).toMatchObject({ done: true });
  });

  it('tells a watcher of an unknown name SERVICE_UNKNOWN and forgets watchers that leave', async () => {
    const health = healthService();
    const { connection, server } = await open([health.service]);
    for await (const { status } of createServiceClient(HealthService, connection).watch({ service: 'other' })) {
      expect(status).toBe(3);
      break;
    }

    await expect.poll(() => server.inFlight).toBe(0);
  });
});

describe('the stdio service', () => {
  it('carries 200,000 bytes to a reader over a socket', async () => {
    const stdio = stdioService({ maxBufferedBytes: 400_000 });
    const { connection } = await open([stdio.service]);
    let bytes = 0;
    const reading = readStdio(connection, ({ data }) => {
      bytes += data.length;
    });

    stdio.write('stdout', Buffer.alloc(200_000));
    stdio.close();

    expect(await reading).toEqual({ kind: 'closed' });
    expect([bytes, stdio.droppedBytes]).toEqual([200_000, 0]);
  });

  it('is reported as unsupported by plugins that lack it', async () => {
    const { connection } = await open([]);

    expect(await readStdio(connection, () => {})).toEqual({ kind: 'unsupported' });
  });
});

// Helpers

async function open(services: readonly ServedService[]) {
  const directory = mkdtempSync(join(tmpdir(), 'troupe-test-'));
  const path = join(directory, 's');
  const server = createGrpcServer({ services, clock });
  await server.listen({ network: 'unix', path });
  const connection = createGrpcConnection({ target: { network: 'unix', path }, clock });
  onTestFinished(() => {
    connection.close();
    server.close();
    rmSync(directory, { recursive: true, force: true });
  });
  return { connection, server };
}
