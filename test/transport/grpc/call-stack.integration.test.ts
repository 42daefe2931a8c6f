import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { RuntimeError } from '../../../src/errors/index.ts';
import { createRealClock } from '../../../src/ports/index.ts';
import { createServiceClient, service } from '../../../src/ports/service.ts';
import { createGrpcConnection, createGrpcServer } from '../../../src/transport/grpc/index.ts';
import { ProbeServiceService } from '../../gen/troupe/testing/v1/peer.ts';

const { echo } = ProbeServiceService;

describe('the stack of a failed unary call', () => {
  it('leads to the function that awaits the call', async () => {
    const client = await open();
    async function whoeverMadeTheCall(): Promise<void> {
      await client.echo({ text: 'x' });
    }

    const error = await whoeverMadeTheCall().catch((reason: unknown) => reason);

    expect(error).toMatchObject({ code: 'NOT_FOUND' });
    expect((error as Error).stack).toContain('whoeverMadeTheCall');
  });

  it('is what other errors have too: a call does not change how many frames they get', async () => {
    const client = await open();
    const before = Error.stackTraceLimit;

    const calling = client.echo({ text: 'x' });
    const during = Error.stackTraceLimit;
    await calling.catch(() => undefined);

    expect([during, Error.stackTraceLimit]).toEqual([before, before]);
  });
});

// Helpers

async function open() {
  const clock = createRealClock();
  const directory = mkdtempSync(join(tmpdir(), 'stack-'));
  const path = join(directory, 's');
  const fail = (): never => {
    throw new RuntimeError('NOT_FOUND', 'nobody is here');
  };
  const server = createGrpcServer({ services: [service({ echo }, { echo: fail })], clock });
  await server.listen({ network: 'unix', path });
  const connection = createGrpcConnection({ target: { network: 'unix', path }, clock });
  onTestFinished(() => {
    connection.close();
    server.close();
    rmSync(directory, { recursive: true, force: true });
  });
  return createServiceClient({ echo }, connection);
}
