import { describe, expect, it } from 'vitest';
import { createHostLogic, createSystem } from '../../src/actors/index.ts';
import type { Actor, HostPorts } from '../../src/actors/index.ts';
import { createManualEnvironment } from '../../src/ports/index.ts';
import { nextTurn } from './support.ts';

describe('a host actor', () => {
  it('stops the plugins when it is told to, and ends without force', async () => {
    const { host, calls } = start({ stopPlugins: async () => {} });
    await nextTurn();
    const before = [...calls];

    host.tell({ type: 'host.stop', deadlineMs: 100 });

    expect(await host.ended).toEqual({ kind: 'done', output: { forced: [] } });
    expect([before, calls]).toEqual([[], ['stop']]);
  });

  it('kills the plugins that are left exactly at the deadline, and names them', async () => {
    const { host, calls, clock } = start({ killPlugins: async () => ['kv'] });
    host.tell({ type: 'host.stop', deadlineMs: 100 });

    await clock.advanceAsync(99);
    const before = [...calls];
    await clock.advanceAsync(1);

    expect(await host.ended).toEqual({ kind: 'done', output: { forced: ['kv'] } });
    expect([before, calls]).toEqual([['stop'], ['stop', 'kill']]);
  });

  it('kills them at once when the stop fails', async () => {
    const { host, calls } = start({ stopPlugins: () => Promise.reject(new Error('no')), killPlugins: async () => [] });

    host.tell({ type: 'host.stop', deadlineMs: 100 });

    expect(await host.ended).toEqual({ kind: 'done', output: { forced: [] } });
    expect(calls).toEqual(['stop', 'kill']);
  });
});

// Helpers

/** A host whose plugins never end, unless `ports` says otherwise. */
function start(ports: Partial<HostPorts>) {
  const environment = createManualEnvironment();
  const calls: string[] = [];
  const never = (): Promise<never> => new Promise(() => {});
  const logic = createHostLogic({
    stopPlugins: () => (calls.push('stop'), (ports.stopPlugins ?? never)()),
    killPlugins: () => (calls.push('kill'), (ports.killPlugins ?? never)()),
  });
  const host: Actor<typeof logic> = createSystem({ environment }).spawn(logic, { name: 'host', input: {} });
  return { host, calls, clock: environment.clock };
}
