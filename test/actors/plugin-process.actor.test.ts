import { describe, expect, it } from 'vitest';
import { RuntimeError } from '../../src/errors/index.ts';
import { createMemoryCrashBudget } from '../../src/host/memory-crash-budget.ts';
import type { PluginProcessState } from '../../src/machines/index.ts';
import type { CrashPort } from '../../src/ports/index.ts';
import { createFakePlacement } from './fake-placement.ts';
import type { Step } from './fake-placement.ts';
import {
  alwaysRestart,
  crashTimes,
  delaysOf,
  expectNothingLeft,
  startReady,
  stubborn,
} from './plugin-process.harness.ts';

describe('a plugin process that starts', () => {
  it('goes from the start to ready in the order of the steps', async () => {
    const plugin = await startReady();

    expect(plugin.state).toBe('ready');
    expect(plugin.placement.newest.calls).toEqual(['handshake', 'connect', 'probe']);
    expect(plugin.heard.map(({ fact }) => fact)).toEqual([
      { type: 'plugin.starting', launch: 1 },
      { type: 'plugin.ready', pid: 1001, launch: 1 },
    ]);
  });

  it('knows the version that the handshake gave', async () => {
    const { actor } = await startReady();

    expect(actor.snapshot().context).toMatchObject({ version: 1, pid: 1001, launches: 1, starts: 1 });
  });

  it.each<[Step, PluginProcessState]>([
    ['handshake', 'handshaking'],
    ['connect', 'connecting'],
    ['probe', 'probing'],
  ])('is killed exactly 60,000 ms after a %s that never ends began', async (step, state) => {
    const plugin = await startReady({ placement: createFakePlacement({ answers: { [step]: 'hang' } }) });

    await plugin.pass(59_999);
    expect([plugin.state, plugin.placement.newest.running]).toEqual([state, true]);
    await plugin.pass(1);

    expect(await plugin.actor.ended).toMatchObject({
      output: { kind: 'failed', failure: { code: 'HANDSHAKE_TIMEOUT' }, exit: { signal: 'SIGKILL' } },
    });
    expectNothingLeft(plugin);
  });

  it('counts all steps together towards the 60,000 ms', async () => {
    const plugin = await startReady({
      placement: createFakePlacement({ answers: { handshake: 'hang', probe: 'hang' } }),
    });
    await plugin.pass(50_000);
    plugin.placement.newest.settle('handshake', 'ok');

    await plugin.pass(10_000);

    expect(await plugin.actor.ended).toMatchObject({ output: { failure: { code: 'HANDSHAKE_TIMEOUT' } } });
  });

  it.each<[Step, string]>([
    ['place', 'SPAWN_FAILED'],
    ['handshake', 'HANDSHAKE_MALFORMED'],
    ['connect', 'CONNECT_FAILED'],
    ['probe', 'PROBE_FAILED'],
  ])('is dead and not restarted when the first %s fails', async (step, code) => {
    const plugin = await startReady({ placement: createFakePlacement({ answers: { [step]: new Error('no luck') } }) });

    await plugin.pass(600_000);

    expect(await plugin.actor.ended).toMatchObject({
      kind: 'done',
      output: { kind: 'failed', failure: { code, message: 'plugin "kv": no luck' } },
    });
    expect([plugin.placement.places, plugin.facts]).toEqual([1, ['plugin.starting', 'plugin.failed', 'plugin.dead']]);
    expectNothingLeft(plugin);
  });

  it('keeps the code of an error that has one', async () => {
    const refused = new RuntimeError('COMMAND_NOT_FOUND', 'there is no "kv"');

    const plugin = await startReady({ placement: createFakePlacement({ answers: { place: refused } }) });

    expect(await plugin.actor.ended).toMatchObject({ output: { failure: { code: 'COMMAND_NOT_FOUND' } } });
  });

  it('is dead at once when the connection cannot be had', async () => {
    const placement = createFakePlacement({ answers: { probe: 'hang' } });
    const plugin = await startReady({ placement, policy: { restart: 'never' } });
    placement.newest.connection = () => {
      throw new RuntimeError('PLUGIN_UNAVAILABLE', 'not connected');
    };

    placement.newest.settle('probe', 'ok');

    expect(await plugin.actor.ended).toMatchObject({ output: { failure: { code: 'PLUGIN_UNAVAILABLE' } } });
    expectNothingLeft(plugin);
  });
});

describe('a plugin process that ends by itself', () => {
  it.each<Step>(['handshake', 'connect', 'probe'])('is dead with PLUGIN_EXITED_EARLY during %s', async (step) => {
    const plugin = await startReady({ placement: createFakePlacement({ answers: { [step]: 'hang' } }) });

    plugin.placement.newest.exit({ code: 3 });

    expect(await plugin.actor.ended).toMatchObject({
      output: { failure: { code: 'PLUGIN_EXITED_EARLY' }, exit: { code: 3 }, stderrTail: ['last words'] },
    });
    expectNothingLeft(plugin);
  });

  it('P2: blames the exit that is noticed after the connection broke', async () => {
    const plugin = await startReady({
      placement: createFakePlacement({ answers: { probe: 'hang' }, obeys: { kill: false } }),
    });
    plugin.placement.newest.settle('probe', new RuntimeError('UNAVAILABLE', 'socket hang up'));
    await plugin.pass(0);

    plugin.placement.newest.exit({ code: 3 });

    expect(await plugin.actor.ended).toMatchObject({
      output: { failure: { code: 'PLUGIN_EXITED_EARLY', phase: 'probing' } },
    });
  });

  it('is restarted after a crash while it was ready', async () => {
    const plugin = await startReady();

    plugin.placement.newest.exit({ signal: 'SIGSEGV' });
    await plugin.pass(1_000);

    expect(plugin.facts.slice(2)).toEqual(['plugin.failed', 'plugin.backingOff', 'plugin.starting', 'plugin.ready']);
    expect(plugin.heard[2]?.fact).toEqual({
      type: 'plugin.failed',
      failure: {
        code: 'PLUGIN_CRASHED',
        message: 'plugin "kv" was ended by SIGSEGV without being asked to',
        phase: 'ready',
      },
      exit: { code: null, signal: 'SIGSEGV' },
      stderrTail: ['last words'],
    });
  });

  it('is not restarted after a crash with restart "never"', async () => {
    const plugin = await startReady({ policy: { restart: 'never' } });

    plugin.placement.newest.exit({ code: 1 });

    expect(await plugin.actor.ended).toMatchObject({ output: { kind: 'failed', failure: { code: 'PLUGIN_CRASHED' } } });
    expectNothingLeft(plugin);
  });

  it.each([
    ['draining', 0],
    ['stopping', 5_000],
    ['terminating', 7_000],
    ['killing', 9_000],
  ])('is stopped, not crashed, when it ends while %s', async (_, afterMs) => {
    const plugin = await startReady({ placement: stubborn() });
    plugin.admission.inFlight = 1;
    await plugin.tell('stop');
    await plugin.pass(afterMs);

    plugin.placement.newest.exit({ code: 1 });

    expect(await plugin.actor.ended).toEqual({ kind: 'done', output: { kind: 'stopped' } });
    expectNothingLeft(plugin);
  });

  it('is tried again when a later start fails, and blames that start', async () => {
    const plugin = await startReady();
    plugin.placement.script.answers.place = new Error('no memory');
    plugin.placement.newest.exit({ code: 1 });
    await plugin.pass(1_000);
    plugin.placement.script.answers.place = 'ok';

    await plugin.pass(2_000);

    const codes = plugin.heard.flatMap(({ fact }) => (fact.type === 'plugin.failed' ? [fact.failure.code] : []));
    expect([codes, plugin.state]).toEqual([['PLUGIN_CRASHED', 'SPAWN_FAILED'], 'ready']);
  });
});

describe('the health of a plugin process', () => {
  it('is asked for every 10 s', async () => {
    const plugin = await startReady();

    await plugin.pass(35_000);

    expect(plugin.placement.newest.calls.filter((call) => call === 'checkHealth')).toHaveLength(3);
  });

  it('is lost with the 3rd check missed in a row, at 30 s', async () => {
    const plugin = await startReady({ crashes: alwaysRestart });
    plugin.placement.script.answers.checkHealth = new Error('no answer');
    await plugin.pass(29_999);
    const before = plugin.placement.newest.running;

    await plugin.pass(1);

    expect([before, plugin.placement.newest.running, plugin.state]).toEqual([true, false, 'backingOff']);
    expect(plugin.heard.slice(2).map(({ at, fact }) => [at, fact.type])).toEqual([
      [10_000, 'plugin.unhealthy'],
      [20_000, 'plugin.unhealthy'],
      [30_000, 'plugin.unhealthy'],
      [30_000, 'plugin.failed'],
      [30_000, 'plugin.backingOff'],
    ]);
  });

  it('is forgiven 2 missed checks by one that succeeds', async () => {
    const plugin = await startReady();
    const { answers } = plugin.placement.script;
    for (const answer of ['missed', 'missed', 'ok', 'missed', 'missed', 'ok']) {
      answers.checkHealth = answer === 'ok' ? 'ok' : new Error('no answer');
      await plugin.pass(10_000);
    }

    expect([plugin.state, plugin.placement.places]).toEqual(['ready', 1]);
  });

  it('is asked for again 10 s after the end of the check before', async () => {
    const plugin = await startReady({ placement: createFakePlacement({ answers: { checkHealth: 'hang' } }) });
    await plugin.pass(14_000);
    plugin.placement.newest.settle('checkHealth', 'ok');

    await plugin.pass(9_999);
    const before = plugin.placement.newest.pending.size;
    await plugin.pass(1);

    expect([before, plugin.placement.newest.pending.size]).toEqual([0, 1]);
  });
});

describe('the restarts of a plugin process', () => {
  it('wait 1, 2, 4, 8, 16, 32, 60 and 60 s without jitter', async () => {
    const waits = [1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000];
    const plugin = await startReady({ crashes: alwaysRestart });

    await crashTimes(plugin, 8);

    const at = (type: string): number[] =>
      plugin.heard.flatMap((heard) => (heard.fact.type === type ? [heard.at] : []));
    const [failed, started] = [at('plugin.failed'), at('plugin.starting')];
    expect(delaysOf(plugin)).toEqual(waits);
    expect(failed.map((failedAt, i) => (started[i + 1] ?? 0) - failedAt)).toEqual(waits);
  });

  it('wait between half and all of a step with equal jitter', async () => {
    const waits = await Promise.all(
      Array.from({ length: 20 }, async (_, seed) => {
        const plugin = await startReady({ seed, policy: { backoff: { jitter: 'equal' } } });
        plugin.placement.newest.exit({ code: 1 });
        await plugin.pass(0);
        return delaysOf(plugin)[0] ?? 0;
      }),
    );

    expect(waits.filter((wait) => wait < 500 || wait > 1_000)).toEqual([]);
    expect(new Set(waits).size).toBe(20);
  });

  it.each([
    [9_999, [1000, 2000]],
    [10_000, [1000, 1000]],
  ])('begin anew after %d ms of being ready: %j', async (uptimeMs, waits) => {
    const plugin = await startReady({ crashes: alwaysRestart });
    plugin.placement.newest.exit({ code: 1 });
    await plugin.pass(1_000);
    await plugin.pass(uptimeMs);

    plugin.placement.newest.exit({ code: 1 });
    await plugin.pass(0);

    expect(delaysOf(plugin)).toEqual(waits);
  });

  it('end in quarantine with the 5th crash within 10 minutes', async () => {
    const plugin = await startReady();

    await crashTimes(plugin, 5);
    await plugin.pass(3_600_000);

    expect([plugin.state, plugin.placement.places, plugin.facts.at(-1)]).toEqual([
      'quarantined',
      5,
      'plugin.quarantined',
    ]);
  });

  it('go on for ever when the crashes are 150 s apart', async () => {
    const plugin = await startReady();

    for (let crash = 0; crash < 20; crash++) {
      plugin.placement.newest.exit({ code: 1 });
      await plugin.pass(150_000);
    }

    expect([plugin.state, plugin.placement.places]).toEqual(['ready', 21]);
  });

  it('leave quarantine by a reset, with the first wait again', async () => {
    let forget = async (): Promise<void> => {};
    const plugin = await startReady({
      crashes: ({ clock }) => {
        const budget = createMemoryCrashBudget(clock);
        forget = () => budget.reset('kv');
        return budget;
      },
    });
    await crashTimes(plugin, 5);

    await forget();
    await plugin.tell('reset');
    const after = plugin.state;
    await crashTimes(plugin, 1);

    expect([after, plugin.state, delaysOf(plugin).at(-1)]).toEqual(['ready', 'ready', 1000]);
  });

  it('end in quarantine when the budget cannot be asked', async () => {
    const crashes = (): CrashPort => ({
      report: async () => {
        throw new Error('disk full');
      },
      reset: async () => {},
    });
    const plugin = await startReady({ crashes });

    await crashTimes(plugin, 1);

    expect(plugin.state).toBe('quarantined');
  });

  it('are not counted as crashes when they were asked for', async () => {
    const reports: unknown[] = [];
    const plugin = await startReady({
      crashes: () => ({ report: async (crash) => (reports.push(crash), 'restart'), reset: async () => {} }),
    });

    for (let restart = 0; restart < 10; restart++) await plugin.tell('restart');

    expect([reports, plugin.state, plugin.placement.places]).toEqual([[], 'ready', 11]);
    expect(plugin.actor.snapshot().context).toMatchObject({ attempt: 0, launches: 11, starts: 11 });
  });

  it('skip the wait when they are asked for while backing off', async () => {
    const plugin = await startReady();
    plugin.placement.newest.exit({ code: 1 });
    await plugin.pass(0);

    await plugin.tell('restart');

    expect([plugin.state, plugin.placement.places, plugin.environment.clock.now()]).toEqual(['ready', 2, 0]);
  });
});
