import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { createRealClock } from '../../src/ports/index.ts';
import { healthService, stdioService } from '../../src/transport/go-plugin/index.ts';
import { createGrpcServer } from '../../src/transport/grpc/index.ts';
import { hostForTest, waitFor } from './support.ts';

it('an output listener of a reattached plugin that throws is logged at error, and hears the next chunk', async () => {
  const { stdio, reattach } = await servedHere();
  const { host, log } = hostForTest();
  const chunks: string[] = [];
  const plugin = await host.reattach({
    name: 'dev',
    reattach,
    versions: [1],
    onOutput({ data }) {
      chunks.push(data.toString());
      throw new TypeError('listener');
    },
  });

  stdio.write('stdout', 'a');
  await waitFor('the first chunk', () => chunks.length === 1);
  stdio.write('stderr', 'b');
  await waitFor('the second chunk', () => chunks.length === 2);

  const entries = log.entries.filter(({ message }) => message === 'the output listener of plugin "dev" threw');
  expect(entries.map(({ level }) => level)).toEqual(['error', 'error']);
  await plugin.stop();
});

// Helpers

/** A plugin in test mode whose process is this one. */
async function servedHere() {
  const directory = mkdtempSync('/tmp/th-');
  const address = join(directory, 'plugin');
  const stdio = stdioService();
  const services = [healthService().service, stdio.service];
  const server = createGrpcServer({ services, clock: createRealClock() });
  await server.listen({ network: 'unix', path: address });
  onTestFinished(() => {
    server.close();
    rmSync(directory, { recursive: true, force: true });
  });
  const Addr = { Network: 'unix', String: address } as const;
  return { stdio, reattach: { Protocol: 'grpc', ProtocolVersion: 1, Pid: process.pid, Test: true, Addr } as const };
}
