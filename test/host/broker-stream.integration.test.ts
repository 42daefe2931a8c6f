import { describe, expect, it } from 'vitest';
import { GRPCBrokerService } from '../../src/gen/plugin/grpc_broker.ts';
import { ProbeServiceService } from '../gen/troupe/testing/v1/peer.ts';
import { hostForTest, waitFor } from './support.ts';

describe('a broker stream that ends while the plugin lives', () => {
  it('is opened again, and the plugin can be dialled as before', async () => {
    const test = hostForTest();
    const plugin = await test.probe();
    // A plugin has one stream; a second one takes the place of the host's.
    const rival = plugin.connection.bidiStream(GRPCBrokerService.startStream, never())[Symbol.asyncIterator]();
    const ended = rival.next();
    await waitFor('the stream has ended', () =>
      test.log.entries.some(({ message }) => message === 'the broker stream of the plugin ended'),
    );
    expect((await ended).done).toBe(true); // the host's new stream has replaced the rival

    await plugin.dispense('probe').offer({ id: 9 });
    const connection = await plugin.broker.dial(9);

    expect(await connection.unary(ProbeServiceService.echo, { text: 'back' })).toMatchObject({ text: 'offered back' });
    connection.close();
  });
});

// Helpers

function never(): AsyncIterable<never> {
  return { [Symbol.asyncIterator]: () => ({ next: () => new Promise<never>(() => {}) }) };
}
