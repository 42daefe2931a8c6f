import { describe, expect, it } from 'vitest';
import { createFakeSource, leftOvers, NOTHING_LEFT, startHarness } from './support.ts';

describe('an acknowledged stream', () => {
  it('delivers 1,000 events once each and in order', async () => {
    const { source, peer, pass, stream, steps } = await startHarness();

    const ids = source.publish(1000);
    await pass(0);

    expect([source.settled.delivered, peer.handled]).toEqual([ids, ids]);
    expect([stream.form, steps]).toEqual(['acked', ['opened']]);
    expect(peer.received.map(({ sequence }) => sequence)).toEqual(ids.map((_, i) => i + 1));
  });

  it('stops with nothing left', async () => {
    const harness = await startHarness();
    harness.source.publish(10);

    const outcome = await Promise.all([harness.stream.stop({ drainMs: 1000 }), harness.pass(0)]);

    expect(outcome[0]).toEqual({ kind: 'closed' });
    expect(harness.source.settled.delivered).toHaveLength(10);
    expect(leftOvers(harness)).toEqual(NOTHING_LEFT);
  });

  it('sends what waited before it was started', async () => {
    const source = createFakeSource();
    const ids = source.publish(3);

    const { peer } = await startHarness({ source });

    expect(peer.handled).toEqual(ids);
  });
});
