import { describe, expect, it, onTestFinished } from 'vitest';
import { fileURLToPath } from 'node:url';
import { createHost } from '../../../src/host/index.ts';
import type { DomainEvent } from '../../../src/ports/index.ts';
import { childEnv, waitFor } from '../../host/support.ts';

const PLUGIN = fileURLToPath(new URL('../fixtures/event-plugin.ts', import.meta.url));

describe.each([[['acked']], [['stream']], [['unary']]])('a plugin process that takes events by %j', (forms) => {
  it('handles and emits: in onInit, in a handler, from a timer, by returning, and in onShutdown', async () => {
    const host = createHost();
    onTestFinished(async () => void (await host.stop()));
    const seen: DomainEvent[] = [];
    host.bus.subscribe({ name: 'test', patterns: ['echo.*', 'hook.*'], handler: (event) => void seen.push(event) });
    const handle = await launch(host, forms);

    for (const type of ['ask.return', 'ask.emit', 'ask.timer', 'ask.denied']) host.bus.publish({ type, payload: type });
    await waitFor('5 events of the plugin', () => seen.length >= 5);
    await handle.stop();
    await waitFor('its last event', () => seen.length >= 6);

    const inOrder = seen.toSorted((a, b) => (a.type < b.type ? -1 : 1));
    expect(inOrder.map(({ type, payload, depth }) => [type, payload, depth])).toEqual([
      ['echo.emitted', 'ask.emit', 1],
      ['echo.refused', 'EMIT_DENIED', 1],
      ['echo.returned', 'ask.return', 1],
      ['echo.timer', null, 0],
      ['hook.init', null, 0],
      ['hook.shutdown', null, 0],
    ]);
    expect(new Set(seen.map(({ source }) => source))).toEqual(new Set(['echo']));
  });
});

// Helpers

function launch(host: ReturnType<typeof createHost>, forms: readonly string[]): ReturnType<typeof host.launch> {
  return host.launch({
    name: 'echo',
    command: process.execPath,
    args: ['--conditions=source', PLUGIN, JSON.stringify({ forms })],
    env: childEnv(),
    events: { subscribe: ['ask.*'], emit: ['echo.*', 'hook.*'] },
  });
}
