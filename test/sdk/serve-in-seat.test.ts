import { describe, expect, it } from 'vitest';
import { RuntimeError } from '../../src/errors/index.ts';
import { createRealEnvironment } from '../../src/ports/index.ts';
import type { PluginSeat } from '../../src/ports/plugin-seat.ts';
import { definePlugin } from '../../src/sdk/index.ts';

describe('a definition whose seat was left before it could be taken', () => {
  it('is not served, so that its handle does not belong to what never ran', async () => {
    const plugin = definePlugin({ operations: { wait: { execute: () => 1 } } });

    await expect(plugin.serveIn(leftSeat())).rejects.toMatchObject({ code: 'FAILED_PRECONDITION' });

    await expect(plugin.emit({ type: 'done' })).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      rawMessage: 'the plugin is not served, so that it cannot emit',
    });
  });
});

// Helpers

function leftSeat(): PluginSeat {
  const environment = createRealEnvironment();
  const unused = (): never => expect.unreachable();
  return {
    versions: [1],
    broker: {} as PluginSeat['broker'],
    environment,
    log: () => environment.log,
    take() {
      throw new RuntimeError('FAILED_PRECONDITION', 'the seat was left');
    },
    drain: unused,
    exit: unused,
  };
}
