import { describe, expect, it } from 'vitest';
import { leftOvers, NOTHING_LEFT, startHarness } from './support.ts';

const SMALL = { batch: { events: 2 } };
const MESSAGES = [1, 2, 3, 4, 5, 6];

describe('an acknowledged stream that is cut', () => {
  it.each(MESSAGES)('at message %i, before it is handled, handles each id once and in order', async (message) => {
    const harness = await startHarness({ policy: SMALL, script: { cut: { message, handled: false } } });
    const ids = harness.source.publish(10);
    await harness.pass(0);

    harness.peer.script.cut = undefined;
    await harness.pass(60_000);

    expect([harness.peer.handled, harness.source.settled.delivered]).toEqual([ids, ids]);
    expect(harness.stream.form).toBe('acked');
  });

  it.each(MESSAGES)('at message %i, after it was handled, handles each id once and in order', async (message) => {
    const harness = await startHarness({ policy: SMALL, script: { cut: { message, handled: true } } });
    const ids = harness.source.publish(10);
    await harness.pass(0);

    harness.peer.script.cut = undefined;
    await harness.pass(60_000);

    expect([harness.peer.handled, harness.source.settled.delivered]).toEqual([ids, ids]);
    expect(harness.source.settled.unknown).toEqual([]);
  });

  it('after it has moved something is opened again at once and goes on with the same session', async () => {
    const harness = await startHarness();
    const { source, peer, pass } = harness;
    source.publish(1);
    await pass(0);
    peer.script.outcome = () => 'held';
    const [, second] = source.publish(3);
    await pass(0);

    peer.cutAll();
    await pass(0);
    peer.proceed();
    await pass(0);

    expect(harness.steps).toEqual(['opened', 'cut', 'opened', 'resumed']);
    expect(peer.starts).toEqual([
      { session: 'session-1', nextSequence: 1 },
      { session: 'session-1', nextSequence: 2 },
    ]);
    expect(peer.received.filter(({ id }) => id === second)).toMatchObject([
      { sequence: 3, attempt: 0 },
      { sequence: 3, attempt: 1, isRepeated: true },
    ]);
    expect(source.settled.delivered).toEqual(['e1', 'e2', 'e3', 'e4']);
  });

  it('does not send again what the plugin has settled in the meantime', async () => {
    const { source, peer, pass } = await startHarness();
    source.publish(1);
    await pass(0);
    peer.script.answer = ({ results, sendLimit }) => ({ settled: 1, results, sendLimit });
    source.publish(2);
    await pass(0);

    peer.script.answer = (answer) => answer;
    peer.cutAll();
    await pass(0);

    expect(peer.received.map(({ id }) => id)).toEqual(['e1', 'e2', 'e3']);
    expect(source.settled.delivered).toEqual(['e1', 'e2', 'e3']);
  });

  it('before it has moved anything is followed by single calls, a wait of 250 ms and the next stream', async () => {
    const harness = await startHarness({ script: { outcome: () => 'held' } });
    const { source, peer, pass } = harness;
    source.publish(2);
    await pass(0);
    peer.script.outcome = () => 'handled';
    peer.cutAll();
    await pass(0);
    source.publish(1);
    await pass(249);

    const before = peer.received.map(({ form }) => form);
    await pass(1);
    source.publish(1);
    await pass(0);

    expect(before).toEqual(['acked', 'acked', 'unary', 'unary', 'unary']);
    expect(harness.steps).toEqual(['opened', 'cut', 'fellBack', 'backingOff', 'opened', 'resumed']);
    expect(peer.received.at(-1)).toMatchObject({ form: 'acked', sequence: 4 });
    expect(source.settled.delivered).toEqual(['e1', 'e2', 'e3', 'e4']);
  });

  it('waits longer each time, and starts from the beginning once an event was handled', async () => {
    const { facts, peer, pass, source } = await startHarness();
    for (let i = 0; i < 4; i++) {
      peer.cutAll();
      await pass(250 * 2 ** i);
    }
    source.publish(1);
    await pass(0);
    peer.cutAll();
    await pass(0);
    peer.cutAll();
    await pass(250);

    const waits = facts.flatMap((fact) => (fact.type === 'stream.backingOff' ? [fact.delayMs] : []));
    expect(waits).toEqual([250, 500, 1000, 2000, 250]);
  });

  it('by its end without an error counts as cut', async () => {
    const { facts, peer, pass } = await startHarness();

    peer.cutAll('UNAVAILABLE');
    await pass(0);

    expect(facts).toContainEqual(expect.objectContaining({ type: 'stream.cut', code: 'UNAVAILABLE', generation: 1 }));
  });

  it('ends with nothing left when it is stopped in each of 40 moments', async () => {
    for (let ms = 0; ms < 400; ms += 10) {
      const harness = await startHarness({ script: { outcome: () => 'held', unaryHangs: true } });
      harness.source.publish(5);
      await harness.pass(0);
      harness.peer.cutAll();
      await harness.pass(ms);

      const ended = harness.stream.stop({ drainMs: 100 });
      await harness.pass(2000);

      expect(await ended).toEqual({ kind: 'closed' });
      expect(leftOvers(harness)).toEqual(NOTHING_LEFT);
    }
  });
});
