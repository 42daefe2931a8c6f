import { describe, expect, it } from 'vitest';
import { startHarness } from './support.ts';

const NO_JITTER = { backoff: { jitter: 'none', initialMs: 250 } } as const;

/** A stream that was cut twice before it moved anything: single calls go on until the next one is tried. */
async function fallenBack(): Promise<Awaited<ReturnType<typeof startHarness>>> {
  const h = await startHarness({ policy: NO_JITTER });
  h.source.publish(1);
  await h.pass(0);
  for (let cut = 0; cut < 2; cut++) {
    h.peer.cutAll();
    await h.pass(0);
  }
  return h;
}

describe('a stop that comes while no stream is open', () => {
  it('between two streams, while a call is under way, delivers what waits', async () => {
    const h = await fallenBack();
    h.peer.script.outcome = () => 'held';
    h.source.publish(10);
    await h.pass(300);
    expect(h.state).toEqual({ live: 'switching' });

    void h.stream.stop({ drainMs: 60_000 });
    h.peer.script.outcome = () => 'handled';
    h.peer.proceed();
    await h.pass(1000);

    expect([h.source.settled.delivered.length, h.source.waiting, h.state]).toEqual([11, 0, 'closed']);
  });

  it('after a call that did not get through opens the calls again', async () => {
    const h = await fallenBack();
    h.peer.script.unaryFails = 'UNAVAILABLE';
    h.source.publish(10);
    await h.pass(0);
    expect(h.state).toEqual({ live: 'backingOff' });
    h.peer.script.unaryFails = undefined;

    void h.stream.stop({ drainMs: 60_000 });
    await h.pass(1000);

    expect([h.source.settled.delivered.length, h.source.waiting, h.state]).toEqual([11, 0, 'closed']);
  });
});

describe('a plugin that refuses the single call before the next stream', () => {
  it('gets the next stream all the same', async () => {
    const h = await fallenBack();
    h.peer.script.unaryHangs = true;
    h.source.publish(1);
    await h.pass(300);
    expect(h.state).toEqual({ live: 'switching' });

    h.peer.script.unaryFails = 'UNIMPLEMENTED';
    h.peer.script.unaryHangs = false;
    await h.pass(60_000);

    expect([h.source.settled.delivered.length, h.state]).toEqual([2, { live: { streaming: 'acked' } }]);
  });
});
