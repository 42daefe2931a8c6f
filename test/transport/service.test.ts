import { describe, expect, it } from 'vitest';
import { RuntimeError } from '../../src/errors/index.ts';
import { createVirtualClock } from '../../src/ports/index.ts';
import { createMemoryConnection } from '../../src/transport/memory/index.ts';
import { createServiceClient, kindOf, service } from '../../src/ports/service.ts';
import { ProbeServiceService } from '../gen/troupe/testing/v1/peer.ts';
import { probe } from './connection-contract.ts';

describe('createServiceClient', () => {
  it('asks for the connection at each call', async () => {
    const connections = ['first', 'second'].map((name) =>
      createMemoryConnection(
        [service(ProbeServiceService, { ...probe(), echo: () => ({ text: name, pid: 0, version: 0 }) })],
        { clock: createVirtualClock() },
      ),
    );
    const queue = [...connections];
    const client = createServiceClient(ProbeServiceService, () => queue.shift() ?? missing());

    const answers = [await client.echo({ text: '' }), await client.echo({ text: '' })];

    expect(answers.map(({ text }) => text)).toEqual(['first', 'second']);
    await expect(client.echo({ text: '' })).rejects.toMatchObject({ code: 'PLUGIN_UNAVAILABLE' });
  });
});

describe('kindOf', () => {
  it('tells the 4 kinds apart', () => {
    const { echo, download, upload, chat } = ProbeServiceService;

    expect([echo, download, upload, chat].map(kindOf)).toEqual(['unary', 'serverStream', 'clientStream', 'bidiStream']);
  });
});

// Helpers

function missing(): never {
  throw new RuntimeError('PLUGIN_UNAVAILABLE', 'restarting');
}
