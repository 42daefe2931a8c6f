import { describe, expect, it } from 'vitest';
import { FifoBacklog } from '../../../src/actors/core/mailbox/backlog.ts';
import { giveRingBack, takeRing } from '../../../src/actors/core/mailbox/spare-rings.ts';
import { Ring } from '../../../src/policy/index.ts';

describe('a backlog that was emptied', () => {
  it('gives its ring back, and the next one that fills takes it', () => {
    const first = new FifoBacklog();
    for (let i = 0; i < 100; i++) first.push({ type: `${i}` });
    while (first.take() !== undefined);

    const second = new FifoBacklog();
    second.push({ type: 'x' });
    second.take();

    // The ring of 128 slots is spare again.
    expect(takeRing().slots).toBe(128);
  });

  it('takes and gives further messages in order', () => {
    const backlog = new FifoBacklog();

    const got = [1, 2, 3].map((round) => {
      for (let i = 0; i < 5; i++) backlog.push({ type: `${round}.${i}` });
      return Array.from({ length: 6 }, () => (backlog.take() as { type: string } | undefined)?.type);
    });

    expect(got[2]).toEqual(['3.0', '3.1', '3.2', '3.3', '3.4', undefined]);
    expect([backlog.messages, backlog.size]).toEqual([0, 0]);
  });

  it('stays empty when nothing is put back', () => {
    const backlog = new FifoBacklog();

    backlog.putBack([]);

    expect([backlog.size, backlog.take()]).toEqual([0, undefined]);
  });
});

describe('P2: the spare rings', () => {
  it('together have at most 65,536 slots', () => {
    // Those of the tests before.
    while (takeRing().slots > 0);

    for (let i = 0; i < 5; i++) giveRingBack(ringOf(32_768));

    const slots = Array.from({ length: 5 }, () => takeRing().slots);

    expect(slots.filter((count) => count === 32_768)).toHaveLength(2);
  });
});

// Helpers

/** An empty ring that has held so many items. */
function ringOf(items: number): Ring<number> {
  const ring = new Ring<number>(items);
  for (let i = 0; i < items; i++) ring.push(i);
  ring.clear();
  return ring;
}
