import { describe, expect, it } from 'vitest';
import { startHarness } from './support.ts';

describe('a plugin that takes nothing', () => {
  it('stalls after 5, 10 and 15 s, and the third time-out ends the stream', async () => {
    const { source, peer, pass, facts } = await startHarness({ script: { credits: 2, outcome: () => 'held' } });
    const stalls = (): unknown[] => facts.flatMap((fact) => (fact.type === 'stream.stalled' ? [fact.timeouts] : []));
    source.publish(3);

    await pass(4999);
    const early = stalls();
    await pass(1);
    const first = stalls();
    await pass(9999);
    const second = stalls();
    peer.script.outcome = () => 'handled';
    await pass(1);

    expect([early, first, second, stalls()]).toEqual([[], [1], [1, 2], [1, 2, 3]]);
    expect(facts).toContainEqual({
      type: 'stream.cut',
      generation: 1,
      code: 'EVENT_STREAM_STALLED',
      message: 'plugin "kv" took no event within 3 times 5000 ms',
    });
    await pass(0);
    expect(source.settled.delivered).toEqual(['e1', 'e2', 'e3']);
  });

  it('starts to count anew when anything moves', async () => {
    const { source, peer, pass, facts, stream } = await startHarness({
      script: { credits: 2, outcome: () => 'held' },
    });
    source.publish(6);
    for (let i = 0; i < 3; i++) {
      await pass(12_000);
      peer.proceed(1);
    }
    await pass(0);

    expect(facts.filter(({ type }) => type === 'stream.cut')).toEqual([]);
    expect([stream.form, source.settled.delivered.length]).toEqual(['acked', 3]);
  });

  it('does not stall while nothing waits to be sent, whatever its handlers take', async () => {
    const { source, pass, steps, facts } = await startHarness({ script: { outcome: () => 'held' } });

    source.publish(100);
    await pass(600_000);

    expect([steps, facts.length]).toEqual([['opened'], 1]);
  });

  it.each(['isDeaf', 'isSilent'] as const)('is given up after 5 s when its stream is %s', async (key) => {
    const { source, pass, facts, peer } = await startHarness({ script: { [key]: true } });
    source.publish(2);

    await pass(5000);

    expect(facts.map(({ type }) => type)).toEqual(['stream.cut', 'stream.fellBack', 'stream.backingOff']);
    expect(facts[0]).toMatchObject({ code: 'DEADLINE_EXCEEDED' });
    expect([peer.handled, source.settled.delivered]).toEqual([
      ['e1', 'e2'],
      ['e1', 'e2'],
    ]);
  });

  it('is sent no more than 4 messages without an acknowledgement', async () => {
    const { source, pass, peer } = await startHarness({
      script: { outcome: () => 'held' },
      policy: { batch: { events: 3 } },
    });

    source.publish(100);
    await pass(0);

    expect([peer.received.length, source.waiting]).toEqual([12, 88]);
  });

  it('is sent no more events than it gives credits for, nor than the window holds', async () => {
    const few = await startHarness({ script: { outcome: () => 'held', credits: 5 } });
    const small = await startHarness({ script: { outcome: () => 'held' }, policy: { window: { events: 7 } } });

    for (const { source, pass } of [few, small]) {
      source.publish(20);
      await pass(0);
    }

    expect([few.peer.received.length, small.peer.received.length]).toEqual([5, 7]);
  });
});

describe('a plain stream that stalls', () => {
  it('is cut by the third time-out, and what it had is unknown 5 s later', async () => {
    const { source, pass, facts } = await startHarness({
      script: { unimplemented: ['acked'], isDeaf: true },
    });
    source.publish(100);
    await pass(15_000);
    const sent = 100 - source.settled.delivered.length;
    await pass(4999);
    const before = source.settled.unknown.length;
    await pass(1);

    expect(facts).toContainEqual(expect.objectContaining({ type: 'stream.cut', code: 'EVENT_STREAM_STALLED' }));
    expect([before, source.settled.unknown.length]).toEqual([0, sent]);
    expect(sent).toBeGreaterThan(0);
    expect(source.isBalanced).toBe(true);
  });
});
