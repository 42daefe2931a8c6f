import { describe, expect, it, onTestFinished } from 'vitest';
import { createSystem } from '../../../src/actors/index.ts';
import type { StagedPlugin } from '../../../src/host/index.ts';
import { createManualEnvironment } from '../../../src/ports/index.ts';
import type { ManualEnvironment } from '../../../src/ports/index.ts';
import { createFakePlacement } from '../../actors/fake-placement.ts';
import { KvServiceService } from '../../gen/troupe/testing/v1/peer.ts';
import { createRig, imbalance } from './rig.ts';
import type { Rig, RigOptions } from './rig.ts';

describe('stage', () => {
  it('starts another version that gets no call and no event', async () => {
    const { rig, pass } = await launched();
    const staged = await settled(rig.stage(), pass);

    rig.publish(3);
    const call = rig.call('a');
    await pass(10);
    await call;

    expect(staged.status()).toMatchObject({ phase: 'staged', next: { state: 'ready' }, previous: { state: 'ready' } });
    expect([rig.began, rig.version(1).peer.handled.length, rig.version(2).peer.handled.length]).toEqual([
      [{ key: 'a', version: 1 }],
      3,
      0,
    ]);
  });

  it('rejects with what is wrong with a version that does not start, and leaves nothing of it', async () => {
    const { rig, pass } = await launched();
    const placement = createFakePlacement({ answers: { probe: new Error('not today') } });

    await expect(settled(rig.stage({ placement }), pass)).rejects.toMatchObject({ code: 'PROBE_FAILED' });

    expect([placement.newest.running, rig.plugin.status().replacement, rig.blamed]).toEqual([false, undefined, []]);
    expect(rig.facts).toMatchObject([{ type: 'plugin.replacementEnded', end: 'failed' }]);
  });

  it('refuses a 2nd one while the 1st is under way', async () => {
    const { rig, pass } = await launched();
    await settled(rig.stage(), pass);

    await expect(rig.stage()).rejects.toMatchObject({ code: 'REPLACEMENT_UNDER_WAY' });
  });

  it('is discarded without a trace', async () => {
    const { rig, pass } = await launched();
    const staged = await settled(rig.stage(), pass);

    await settled(staged.discard(), pass);
    await settled(staged.discard(), pass);

    expect([await staged.ended, rig.version(2).process.running]).toEqual([
      { end: 'discarded', error: undefined },
      false,
    ]);
    await expect(staged.swap()).rejects.toMatchObject({ code: 'REPLACEMENT_REFUSED' });
  });

  it('loses a version that crashes before it is used, without blame for the plugin', async () => {
    const { rig, pass } = await launched();
    const staged = await settled(rig.stage(), pass);

    rig.version(2).process.exit({ code: 7 });
    await pass(10);

    expect(await staged.ended).toMatchObject({ end: 'failed', error: { code: 'PLUGIN_CRASHED', exitCode: 7 } });
    expect([rig.plugin.status().state, rig.blamed, rig.version(2).placement.places]).toEqual(['ready', [], 1]);
    await expect(staged.swap()).rejects.toMatchObject({ code: 'REPLACEMENT_REFUSED' });
  });
});

describe('verify', () => {
  it('asks for the health of the new version, and for what it offers', async () => {
    const { rig, pass } = await launched();
    const staged = await settled(rig.stage(), pass);

    const report = await settled(staged.verify(), pass);

    expect(report).toEqual({ operations: undefined, steps: undefined });
    expect(rig.version(2).process.calls).toContain('checkHealth');
  });

  it('fails for a version that is sick, or does not offer what it has promised, and can be made again', async () => {
    const { rig, pass } = await launched();
    const placement = createFakePlacement({ answers: { checkHealth: new Error('sick') } });
    const staged = await settled(rig.stage({ placement, kinds: ['operations'] }), pass);

    await expect(settled(staged.verify(), pass)).rejects.toMatchObject({ rawMessage: 'sick' });
    placement.script.answers.checkHealth = 'ok';
    await expect(settled(staged.verify(), pass)).rejects.toMatchObject({ code: 'KIND_MISSING' });

    expect(staged.status().phase).toBe('staged');
  });

  it('is given up with its signal, and refuses a 2nd one meanwhile', async () => {
    const { rig, pass } = await launched();
    const placement = createFakePlacement({ answers: { checkHealth: 'hang' } });
    const staged = await settled(rig.stage({ placement }), pass);
    const abort = new AbortController();

    const first = staged.verify(abort.signal);
    await pass(0);
    await expect(staged.verify()).rejects.toMatchObject({ code: 'REPLACEMENT_REFUSED' });
    abort.abort();

    await expect(settled(first, pass)).rejects.toMatchObject({ code: 'CANCELLED' });
  });
});

describe('swap', () => {
  it('C4-14: begins each call at one version, and streams where they are read first', async () => {
    const { rig, pass, staged } = await stagedRig();
    const before = rig.call('before');
    const late = rig.plugin.connection
      .serverStream({ ...KvServiceService.get, path: '/x.Y/Z', responseStream: true }, { key: 'late' })
      [Symbol.asyncIterator]();

    await settled(staged.swap(), pass);
    const after = rig.call('after');
    await pass(10);
    await Promise.all([before, after]);

    expect(rig.began).toEqual([
      { key: 'before', version: 1 },
      { key: 'after', version: 2 },
    ]);
    const reading = late.next();
    expect(rig.plugin.status().inFlight).toBe(1);
    await expect(settled(reading, pass)).rejects.toMatchObject({ code: 'UNIMPLEMENTED' });
  });

  it('keeps the queue: what is on its way is settled by the old version, and the rest goes to the new one', async () => {
    const { rig, pass, staged } = await stagedRig();
    rig.version(1).peer.script.outcome = () => 'held';
    rig.publish(4);
    await pass(0);

    const swap = staged.swap();
    rig.publish(3);
    await pass(0);
    expect([rig.version(2).peer.handled.length, imbalance(rig.bus)]).toEqual([0, 0]);
    rig.version(1).peer.proceed();
    await settled(swap, pass);
    await pass(0);

    expect([rig.version(1).peer.handled.length, rig.version(2).peer.handled.length]).toEqual([4, 3]);
    expect(rig.bus.subscriptions()[0]?.counters).toMatchObject({
      published: 7,
      delivered: 7,
      redelivered: 0,
      pending: 0,
    });
  });

  it('gives what the old version has not settled after 5,000 ms to the new one, in order and marked', async () => {
    const { rig, pass, staged } = await stagedRig();
    rig.version(1).peer.script.outcome = () => 'held';
    rig.publish(2);
    await pass(0);
    const swap = staged.swap();
    rig.publish(1);

    await pass(4_999);
    const early = rig.version(2).peer.received.length;
    await pass(10_000);
    await settled(swap, pass);

    expect(early).toBe(0);
    expect(rig.version(2).peer.received.map(({ attempt }) => attempt)).toEqual([1, 1, 0]);
    expect(rig.bus.subscriptions()[0]?.counters).toMatchObject({ published: 3, delivered: 3, redelivered: 2 });
  });

  it('changes the patterns with the version, and back', async () => {
    const { rig, pass } = await launched();
    const staged = await settled(rig.stage({ events: { subscribe: ['other.*'] } }), pass);

    await settled(staged.swap(), pass);
    rig.publish(1);
    rig.bus.publish({ type: 'other.x', payload: 1 });
    await settled(staged.revert(), pass);
    rig.publish(1);
    await pass(0);

    const types = (number: number): string[] => rig.version(number).peer.received.map(({ type }) => type);
    expect([types(1), types(2)]).toEqual([['work.item'], ['other.x']]);
  });

  it('leaves what waits to the old version when the new one wants no events, until that ends', async () => {
    const { rig, pass } = await launched();
    rig.version(1).peer.script.outcome = () => 'held';
    const staged = await settled(rig.stage({ events: undefined }), pass);
    rig.publish(2);
    await pass(0);

    await settled(staged.swap(), pass);
    rig.publish(5);
    rig.version(1).peer.proceed();
    await settled(staged.keep(), pass);

    expect([rig.version(1).peer.handled.length, rig.bus.subscriptions()]).toEqual([2, []]);
    expect(rig.plugin.status().state).toBe('ready');
  });

  it('publishes what handlers return as far as the version may that they ran in', async () => {
    const { rig, pass } = await launched();
    const heard: string[] = [];
    rig.bus.on('**', ({ type }) => void heard.push(type));
    const staged = await settled(rig.stage({ events: { subscribe: ['work.*'], emit: ['new.*'] } }), pass);
    for (const { peer } of rig.versions) {
      peer.script.outcome = () => ({ emitted: ['echo.x', 'new.x'].map((type) => emitted(type)) });
    }

    rig.publish(1);
    await pass(0);
    await settled(staged.swap(), pass);
    rig.publish(1);
    await pass(0);

    expect(heard).toEqual(['work.item', 'echo.x', 'work.item', 'new.x']);
  });

  it('is refused by a version that is not ready, and nothing has changed', async () => {
    const { rig, pass, staged } = await stagedRig();
    rig.version(2).process.exit({ code: 1 });

    await expect(settled(staged.swap(), pass)).rejects.toMatchObject({ code: 'PLUGIN_UNAVAILABLE' });

    const call = rig.call('a');
    await pass(10);
    await call;
    expect(rig.began).toEqual([{ key: 'a', version: 1 }]);
  });

  it.each([
    ['eventDrainMs', { eventDrainMs: -1 }],
    ['drainMs', { drainMs: Number.NaN }],
    ['revertOnCrash', { revertOnCrash: 'yes' as unknown as boolean }],
  ])('throws INVALID_OPTIONS for a bad %s', async (field, options) => {
    const { staged } = await stagedRig();

    await expect(staged.swap(options)).rejects.toMatchObject({ code: 'INVALID_OPTIONS', field });
  });
});

describe('keep', () => {
  it('G-16: ends the old version when its calls have ended, not before', async () => {
    const { rig, pass, staged } = await stagedRig({ callMs: 50 });
    const call = rig.call('slow');
    await pass(0);
    await settled(staged.swap(), pass);
    expect(staged.status()).toMatchObject({ phase: 'draining', previous: { inFlight: 1 } });

    const kept = staged.keep({ drainMs: 1_000 });
    await pass(49);
    const running = rig.version(1).process.running;
    await pass(1);
    await settled(kept, pass);

    expect([running, await call, rig.version(1).process.running]).toEqual([true, {}, false]);
    expect([await staged.ended, rig.plugin.status().state]).toEqual([{ end: 'kept', error: undefined }, 'ready']);
  });

  it('cuts calls of the old version that do not end in time, and says that it was replaced', async () => {
    const { rig, pass, staged } = await stagedRig({ callMs: 60_000 });
    const call = rig.call('slow').catch((error: unknown) => error);
    await pass(0);
    await settled(staged.swap({ drainMs: 10 }), pass);

    const kept = staged.keep({ drainMs: 100 });
    await pass(99);
    const running = rig.version(1).process.running;
    await pass(10);
    await settled(kept, pass);

    expect([running, rig.version(1).process.running]).toEqual([true, false]);
    expect(await settled(call, pass)).toMatchObject({ code: expect.stringMatching(/UNAVAILABLE/) as unknown });
  });

  it('lets another version be staged afterwards, any number of times', async () => {
    const { rig, pass } = await launched();
    for (let round = 0; round < 5; round += 1) {
      const staged = await settled(rig.stage(), pass);
      await settled(staged.swap(), pass);
      await settled(round % 2 === 0 ? staged.keep() : staged.revert(), pass);
    }

    rig.publish(2);
    const call = rig.call('a');
    await pass(10);
    await call;

    expect(rig.began).toEqual([{ key: 'a', version: 6 }]);
    expect(rig.versions.map(({ process }) => process.running)).toEqual([false, false, false, false, false, true]);
    expect(rig.version(6).peer.handled.length).toBe(2);
  });
});

describe('revert', () => {
  it('routes calls and events back to the process that stood by, and ends the new one', async () => {
    const { rig, pass, staged } = await stagedRig();
    await settled(staged.swap(), pass);
    rig.publish(1);
    await pass(0);

    const reverted = staged.revert();
    rig.publish(1);
    await pass(0);
    const call = rig.call('a');
    await pass(10);
    await Promise.all([settled(reverted, pass), call]);

    expect(rig.began).toEqual([{ key: 'a', version: 1 }]);
    expect([rig.version(1).peer.handled.length, rig.version(2).peer.handled.length]).toEqual([1, 1]);
    expect([rig.version(2).process.running, rig.version(1).placement.places]).toEqual([false, 1]);
  });

  it('is possible while the events still move', async () => {
    const { rig, pass, staged } = await stagedRig();
    rig.version(1).peer.script.outcome = () => 'held';
    rig.publish(2);
    await pass(0);
    const swap = staged.swap().catch((error: unknown) => error);
    await pass(10);

    const reverted = staged.revert();
    await pass(10);
    rig.version(1).peer.script.outcome = () => 'handled';
    rig.version(1).peer.proceed();
    rig.publish(1);
    await settled(reverted, pass);
    await pass(0);

    expect(await swap).toMatchObject({ code: 'REPLACEMENT_REFUSED' });
    expect([rig.version(1).peer.handled.length, rig.version(2).peer.received.length]).toEqual([3, 0]);
  });

  it('comes by itself when the new version crashes, if that was asked for', async () => {
    const { rig, pass, staged } = await stagedRig();
    await settled(staged.swap({ revertOnCrash: true }), pass);
    rig.version(2).peer.script.outcome = () => 'held';
    rig.publish(2);
    await pass(0);

    rig.version(2).process.exit({ code: 9 });
    await pass(20);
    const call = rig.call('a');
    await pass(10);
    await call;

    expect(await staged.ended).toMatchObject({ end: 'reverted', error: { code: 'PLUGIN_CRASHED', exitCode: 9 } });
    expect([rig.began, rig.blamed, rig.version(1).peer.handled.length]).toEqual([[{ key: 'a', version: 1 }], [], 2]);
    await expect(staged.keep()).rejects.toMatchObject({ code: 'REPLACEMENT_REFUSED' });
  });

  it('comes by itself when the new version misses 1 health check, if that was asked for, and lets its calls end', async () => {
    const { rig, pass } = await launched({ callMs: 50 });
    const policy = { health: { intervalMs: 100, misses: 3 } };
    const staged = await settled(rig.stage({ policy }), pass);
    await settled(staged.swap({ revertOnCrash: true }), pass);
    await pass(80);
    const call = rig.call('a');
    rig.version(2).placement.script.answers.checkHealth = new Error('not well');

    await pass(45);
    const other = rig.call('b');
    await pass(100);
    await Promise.all([call, other]);

    expect(await staged.ended).toMatchObject({ end: 'reverted', error: { code: 'PLUGIN_UNRESPONSIVE' } });
    expect([rig.began.map(({ version }) => version), rig.version(2).process.running, rig.blamed]).toEqual([
      [2, 1],
      false,
      [],
    ]);
  });

  it('comes by itself when the new version takes events in no form, if that was asked for, and drops none', async () => {
    const { rig, pass, staged } = await stagedRig();
    rig.version(2).peer.script.unimplemented = ['acked', 'stream', 'unary'];
    rig.publish(1);
    await pass(0);

    await settled(staged.swap({ revertOnCrash: true }), pass);
    rig.publish(2);
    await pass(100);

    expect(await staged.ended).toMatchObject({ end: 'reverted', error: { code: 'EVENTS_UNSUPPORTED' } });
    expect(rig.version(1).peer.handled.length).toBe(3);
    expect(rig.bus.subscriptions()[0]?.counters).toMatchObject({ published: 3, delivered: 3 });
  });

  it('does not come by itself when nobody asked: the new version is started again', async () => {
    const { rig, pass, staged } = await stagedRig();
    await settled(staged.swap(), pass);

    rig.version(2).process.exit({ code: 9 });
    await pass(2_000);

    expect([staged.status().phase, rig.version(2).placement.places, rig.blamed]).toEqual([
      'probation',
      2,
      ['PLUGIN_CRASHED'],
    ]);
    await settled(staged.revert(), pass);
    expect(rig.plugin.status()).toMatchObject({ state: 'ready', pid: 1001 });
  });

  it('rejects with STANDBY_LOST when the old version has crashed, and the new one goes on', async () => {
    const { rig, pass, staged } = await stagedRig();
    await settled(staged.swap({ revertOnCrash: true }), pass);

    rig.version(1).process.exit({ code: 1 });
    await pass(0);
    await expect(settled(staged.revert(), pass)).rejects.toMatchObject({ code: 'STANDBY_LOST' });
    const call = rig.call('a');
    await pass(10);
    await call;
    await settled(staged.keep(), pass);

    expect([rig.began, rig.blamed, rig.version(1).placement.places]).toEqual([[{ key: 'a', version: 2 }], [], 1]);
    expect(rig.facts.map(({ type }) => type)).toContain('plugin.standbyLost');
  });

  it.each([
    ['kept', (staged: StagedPlugin) => staged.keep()],
    ['stopped', (_: StagedPlugin, rig: Rig) => rig.plugin.stop()],
  ] as const)(
    'does not come to an old version that is not ready, and the end is told as it was asked for: %s',
    async (end, act) => {
      const policy = { backoff: { initialMs: 60_000, maxMs: 60_000, jitter: 'none' } } as const;
      const { rig, pass, staged } = await stagedRig({ first: { policy } });
      rig.version(1).process.exit({ code: 1 });
      await pass(0);
      await settled(staged.swap({ revertOnCrash: true }), pass);
      rig.version(2).process.exit({ code: 9 });
      await pass(2_000);

      await settled(act(staged, rig), pass);

      expect(await staged.ended).toEqual({ end, error: undefined });
      expect(rig.version(2).placement.places).toBe(2);
    },
  );

  it('rescues a plugin whose new version has ended for good', async () => {
    const { rig, pass } = await launched();
    const staged = await settled(rig.stage({ policy: { restart: 'never' } }), pass);
    await settled(staged.swap(), pass);
    rig.version(2).process.exit({ code: 1 });
    await pass(10);
    const dead = rig.plugin.status().state;

    await settled(staged.revert(), pass);

    expect([dead, rig.plugin.status().state]).toEqual(['dead', 'ready']);
  });
});

describe('an end in the middle', () => {
  const PHASES: readonly [string, (staged: StagedPlugin, pass: Pass) => Promise<unknown>][] = [
    ['staged', async () => {}],
    ['verifying', async (staged, pass) => (void staged.verify().catch(() => {}), pass(0))],
    ['swapping', async (staged, pass) => (void staged.swap().catch(() => {}), pass(0))],
    ['draining', (staged, pass) => inTime(staged.swap({ eventDrainMs: 1 }), pass)],
    ['probation', async (staged, pass) => (await inTime(staged.swap({ drainMs: 1, eventDrainMs: 1 }), pass), pass(1))],
    [
      'keeping',
      async (staged, pass) => {
        await inTime(staged.swap({ eventDrainMs: 1 }), pass);
        void staged.keep({ drainMs: 30_000 }).catch(() => {});
        await pass(0);
      },
    ],
    [
      'reverting',
      async (staged, pass) => {
        void staged.swap().catch(() => {});
        await pass(0);
        void staged.revert().catch(() => {});
        await pass(0);
      },
    ],
  ];

  it.each(PHASES.flatMap(([phase, reach]) => (['stop', 'kill'] as const).map((how) => ({ phase, reach, how }))))(
    'leaves nothing: $how in the phase $phase',
    async ({ phase, reach, how }) => {
      const { rig, pass, environment } = await launched({ callMs: 60_000 });
      const placement = createFakePlacement();
      const staged = await settled(rig.stage({ placement }), pass);
      placement.script.answers.checkHealth = 'hang';
      rig.version(1).peer.script.outcome = () => 'held';
      void rig.call('slow').catch(() => {});
      rig.publish(3);
      await pass(0);
      await reach(staged, pass);
      expect(staged.status().phase).toBe(phase);

      const ended = rig.plugin[how]();
      await pass(60_000);
      await ended;
      await staged.ended;
      await pass(60_000);

      expect([rig.left(), environment.clock.pending]).toEqual([[], 0]);
    },
  );

  it('by force asks neither version to exit', async () => {
    const { rig, pass, staged } = await stagedRig();
    await settled(staged.swap(), pass);

    await settled(rig.plugin.kill(), pass);

    expect(rig.versions.map(({ process }) => process.calls.filter((call) => /kill|Shutdown/.test(call)))).toEqual([
      ['kill'],
      ['kill'],
    ]);
  });

  it('of a restart of the new version in probation is no crash', async () => {
    const { rig, pass, staged } = await stagedRig();
    await settled(staged.swap({ revertOnCrash: true }), pass);

    rig.plugin.restart();
    await pass(100);

    expect([staged.status().phase, rig.version(2).placement.places, rig.plugin.status().state]).toEqual([
      'probation',
      2,
      'ready',
    ]);
  });
});

// Helpers

type Pass = (ms: number) => Promise<void>;

interface Scene {
  readonly rig: Rig;
  readonly pass: Pass;
  readonly environment: ManualEnvironment;
}

async function launched(options: Omit<RigOptions, 'system'> = {}): Promise<Scene> {
  const environment = createManualEnvironment();
  const system = createSystem({ environment });
  onTestFinished(async () => {
    const stopping = system.stop();
    await environment.clock.advanceAsync(120_000, { turns: 8 });
    await stopping;
  });
  const rig = createRig({ system, ...options });
  const pass: Pass = (ms) => environment.clock.advanceAsync(ms, { turns: 8 });
  await pass(0);
  return { rig, pass, environment };
}

async function stagedRig(options: Omit<RigOptions, 'system'> = {}): Promise<Scene & { readonly staged: StagedPlugin }> {
  const scene = await launched(options);
  return { ...scene, staged: await settled(scene.rig.stage(), scene.pass) };
}

/** Lets a stream close that its plugin does not let go of. */
async function inTime<T>(promise: Promise<T>, pass: Pass): Promise<T> {
  await pass(10_000);
  return settled(promise, pass);
}

/** Lets happen what needs no time, until the promise has settled. */
async function settled<T>(promise: Promise<T>, pass: Pass): Promise<T> {
  let isSettled = false;
  void Promise.allSettled([promise]).then(() => (isSettled = true));
  for (let turns = 0; turns < 20 && !isSettled; turns += 1) await pass(0);
  if (!isSettled) throw new Error('it does not settle');
  return promise;
}

function emitted(type: string) {
  return {
    type,
    subject: '',
    contentType: '',
    metadata: {},
    payload: Buffer.from('1'),
    timeUnixNanos: 0n,
    clientId: '',
  };
}
