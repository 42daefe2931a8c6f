import { describe, expect, it } from 'vitest';
import type { PluginProcessState } from '../../src/machines/index.ts';
import type { CrashPort, ProcessExit } from '../../src/ports/index.ts';
import { createFakePlacement } from './fake-placement.ts';
import type { Step } from './fake-placement.ts';
import { expectNothingLeft, startReady, stubborn } from './plugin-process.harness.ts';
import type { Harness, HarnessOptions } from './plugin-process.harness.ts';

describe('a plugin process that is stopped', () => {
  const hang = (step: Step) => async (): Promise<Harness> =>
    startReady({ placement: createFakePlacement({ answers: { [step]: 'hang' } }) });
  const WAYS: [PluginProcessState, () => Promise<Harness>][] = [
    ['handshaking', hang('handshake')],
    ['connecting', hang('connect')],
    ['probing', hang('probe')],
    ['ready', () => startReady()],
    ['draining', () => restarting(1)],
    ['stopping', () => restarting(0, { placement: createFakePlacement({ obeys: { shutdown: false } }) })],
    ['killing', hang('cleanUp')],
    ['backingOff', () => crashed('backingOff')],
    ['quarantined', () => crashed('quarantined')],
  ];

  it.each(WAYS)('reaches its end from %s', async (state, arrive) => {
    const plugin = await arrive();
    if (state === 'killing') await plugin.tell('kill');
    expect(plugin.state).toBe(state);

    await plugin.tell('stop');
    if (state === 'killing') plugin.placement.newest.settle('cleanUp', 'ok');
    await plugin.pass(14_000);

    expect(await plugin.actor.ended).toEqual({ kind: 'done', output: { kind: 'stopped' } });
    expectNothingLeft(plugin);
  });

  it.each(WAYS)('reaches its end from %s when it is killed', async (state, arrive) => {
    const plugin = await arrive();

    await plugin.tell('kill');
    if (state === 'killing') plugin.placement.newest.settle('cleanUp', 'ok');

    expect(await plugin.actor.ended).toEqual({ kind: 'done', output: { kind: 'stopped' } });
    expectNothingLeft(plugin);
  });

  it('reaches its end from spawning as soon as the process is there', async () => {
    const plugin = await hang('place')();
    await plugin.tell('stop');
    const before = plugin.state;

    plugin.placement.settlePlace('ok');

    expect([before, await plugin.actor.ended]).toEqual(['spawning', { kind: 'done', output: { kind: 'stopped' } }]);
    expect(plugin.placement.newest.calls).toEqual(['kill', 'cleanUp']);
    expectNothingLeft(plugin);
  });

  it('reaches its end while the crash is being counted', async () => {
    const plugin = await startReady({
      crashes: () => ({ report: () => new Promise(() => {}), reset: async () => {} }),
    });
    plugin.placement.newest.exit({ code: 1 });
    await plugin.pass(0);

    await plugin.tell('stop');

    expect(await plugin.actor.ended).toEqual({ kind: 'done', output: { kind: 'stopped' } });
  });

  it('lets calls in flight finish before it asks the plugin to exit', async () => {
    const plugin = await startReady();
    plugin.admission.inFlight = 2;
    await plugin.tell('stop');
    await plugin.pass(4_999);
    const before = [plugin.state, plugin.admission.connection];

    plugin.admission.finish();
    await plugin.pass(0);

    expect(before).toEqual(['draining', undefined]);
    expect(plugin.placement.newest.calls.slice(3)).toEqual(['requestShutdown', 'cleanUp']);
  });

  it('waits 5,000 ms for calls, 2,000 ms for the exit and 2,000 ms after SIGTERM, then kills', async () => {
    const plugin = await startReady({ placement: stubborn() });
    plugin.admission.inFlight = 1;
    await plugin.tell('stop');

    const at: Record<string, number> = {};
    for (let ms = 0; ms <= 9_000; ms += 500) {
      for (const call of plugin.placement.newest.calls) at[call] ??= plugin.environment.clock.now();
      await plugin.pass(500);
    }

    expect(at).toMatchObject({ requestShutdown: 5_000, terminate: 7_000, kill: 9_000 });
  });

  it('is terminated when it cannot be asked', async () => {
    const placement = createFakePlacement({ answers: { requestShutdown: new Error('broken') } });
    const plugin = await startReady({ placement });

    await plugin.tell('stop');
    await plugin.pass(2_000);

    expect(placement.newest.calls.slice(3)).toEqual(['requestShutdown', 'terminate', 'cleanUp']);
    expect(await plugin.actor.ended).toEqual({ kind: 'done', output: { kind: 'stopped' } });
  });

  it('says KILL_TIMED_OUT 5,000 ms after a SIGKILL that did not help, and starts no second process', async () => {
    const plugin = await startReady({ placement: stubborn() });
    await plugin.tell('kill');
    await plugin.pass(4_999);
    const before = plugin.state;

    await plugin.pass(1);

    const outcome = await plugin.actor.ended;
    expect([before, outcome]).toMatchObject([
      'killing',
      { output: { kind: 'failed', failure: { code: 'KILL_TIMED_OUT' }, exit: undefined } },
    ]);
    await plugin.pass(600_000);
    expect(plugin.placement.places).toBe(1);
  });

  it('says KILL_TIMED_OUT when the kill itself fails', async () => {
    const plugin = await startReady();
    plugin.placement.newest.kill = () => {
      throw new Error('not permitted');
    };

    await plugin.tell('kill');
    await plugin.pass(5_000);

    expect(await plugin.actor.ended).toMatchObject({ output: { kind: 'failed', failure: { code: 'KILL_TIMED_OUT' } } });
  });

  it('goes from SIGTERM to SIGKILL at once when the first fails', async () => {
    const plugin = await startReady({ placement: createFakePlacement({ answers: { probe: 'hang' } }) });
    plugin.placement.newest.terminate = () => {
      throw new Error('not permitted');
    };

    await plugin.tell('stop');

    expect(plugin.placement.newest.calls).toEqual(['handshake', 'connect', 'probe', 'kill', 'cleanUp']);
  });
});

describe('E1: a plugin process whose actor is ended by force', () => {
  it.each<Step>(['handshake', 'connect', 'probe', 'checkHealth', 'requestShutdown'])(
    'is killed and cleaned up during %s',
    async (step) => {
      const plugin = await startReady({ placement: createFakePlacement({ answers: { [step]: 'hang' } }) });
      await plugin.pass(10_000);
      if (step === 'requestShutdown') await plugin.tell('stop');
      expect(plugin.placement.newest.pending).toContain(step);

      await plugin.system.stop();
      await plugin.pass(0);

      expect(plugin.placement.newest.calls.slice(-2)).toEqual(['kill', 'cleanUp']);
      expectNothingLeft(plugin);
    },
  );

  it('is killed and cleaned up when it is placed afterwards', async () => {
    const plugin = await startReady({ placement: createFakePlacement({ answers: { place: 'hang' } }) });
    await plugin.system.stop();

    plugin.placement.settlePlace('ok');
    await plugin.pass(0);

    expect(plugin.placement.newest.calls).toEqual(['kill', 'cleanUp']);
    expectNothingLeft(plugin);
  });

  // Between the moment at which it is placed and the one at which the chart hears of it lie some microtasks.
  it.each(Array.from({ length: 12 }, (_, ticks) => ticks))(
    'is killed when it is placed %d microtasks before',
    async (ticks) => {
      const plugin = await startReady({ placement: createFakePlacement({ answers: { place: 'hang' } }) });
      plugin.placement.settlePlace('ok');
      for (let tick = 0; tick < ticks; tick++) await Promise.resolve();

      await plugin.system.stop();
      await plugin.pass(0);

      expect(plugin.placement.newest.calls.slice(-2)).toEqual(['kill', 'cleanUp']);
      expectNothingLeft(plugin);
    },
  );

  it('is killed and cleaned up when the chart fails', async () => {
    const plugin = await startReady();

    plugin.actor.tell({ type: 'process.exited', exit: undefined as unknown as ProcessExit });
    await plugin.pass(0);

    expect(await plugin.actor.ended).toMatchObject({ kind: 'failed', error: { code: 'ACTOR_FAILED' } });
    expectNothingLeft(plugin);
  });

  it('is left alone when it has ended already', async () => {
    const plugin = await startReady({ placement: createFakePlacement({ answers: { cleanUp: 'hang' } }) });
    plugin.placement.newest.exit({ code: 1 });
    await plugin.pass(0);

    await plugin.system.stop();

    expect(plugin.placement.newest.calls).toEqual(['handshake', 'connect', 'probe', 'cleanUp']);
  });

  it('is nobody’s error when its clean-up fails', async () => {
    const plugin = await startReady({ placement: createFakePlacement({ answers: { cleanUp: new Error('busy') } }) });

    await plugin.system.stop();
    await plugin.pass(0);

    expect(plugin.placement.newest.calls.slice(-2)).toEqual(['kill', 'cleanUp']);
  });

  it('is cleaned up when its kill fails and it ends later', async () => {
    const plugin = await startReady();
    plugin.placement.newest.kill = () => {
      throw new Error('not permitted');
    };
    await plugin.system.stop();

    plugin.placement.newest.exit();
    await plugin.pass(0);

    expect(plugin.placement.newest.calls.at(-1)).toBe('cleanUp');
  });
});

// Helpers

async function crashed(into: 'backingOff' | 'quarantined'): Promise<Harness> {
  const report: CrashPort['report'] = async () => (into === 'quarantined' ? 'quarantine' : 'restart');
  const plugin = await startReady({ crashes: () => ({ report, reset: async () => {} }) });
  plugin.placement.newest.exit({ code: 1 });
  await plugin.pass(0);
  return plugin;
}

async function restarting(inFlight: number, options: HarnessOptions = {}): Promise<Harness> {
  const plugin = await startReady(options);
  plugin.admission.inFlight = inFlight;
  await plugin.tell('restart');
  return plugin;
}
