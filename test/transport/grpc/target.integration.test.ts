import { mkdtempSync, rmSync } from 'node:fs';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createRealClock } from '../../../src/ports/index.ts';
import { createGrpcConnection, createGrpcServer } from '../../../src/transport/grpc/index.ts';

const clock = createRealClock();

describe('a unix target', () => {
  it.each(['', '/', '//'])('is dialled at the path that it names with %j in front', async (slashes) => {
    const directory = mkdtempSync('/tmp/tt-');
    const path = `${slashes}${directory}/a b%20c?d#e:f`;
    const server = createGrpcServer({ services: [], clock });
    await server.listen({ network: 'unix', path });
    const connection = createGrpcConnection({ target: { network: 'unix', path }, clock });
    onTestFinished(() => {
      connection.close();
      server.close();
      rmSync(directory, { recursive: true });
    });

    await expect(connection.ready()).resolves.toBeUndefined();
  });
});
