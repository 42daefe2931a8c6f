import { describe, expect, it } from 'vitest';
import { createSample, EVENT_TYPE } from '../../bench/events/sample.ts';
import { STAGES } from '../../bench/events/stages.ts';
import { paceAtHalf, timeSingles } from '../../bench/events/work.ts';
import { Event } from '../../src/gen/troupe/events/v1/events.ts';

describe('an event of the events benchmark', () => {
  it.each([200, 4_096])('has %i bytes, whatever its index', (bytes) => {
    const { next } = createSample(bytes);

    const sizes = [0, 1, 999_999].map((index) => Event.encode(next(index)).finish().length);

    expect(sizes).toEqual([bytes, bytes, bytes]);
  });

  it('is a fresh object with an id of its own', () => {
    const { next } = createSample(200);

    expect(next(1)).toMatchObject({ type: EVENT_TYPE, metadata: { tenant: 'acme-eu' } });
    expect(next(1)).not.toBe(next(1));
    expect(next(1).id).not.toBe(next(2).id);
  });
});

describe('the rows of the events benchmark', () => {
  it('name variants of their own stage', () => {
    const unknown = STAGES.flatMap(({ metrics, variants }) =>
      metrics.flatMap(({ own, peer }) => [own, peer].filter((name) => !(name in variants))),
    );

    expect(unknown).toEqual([]);
  });
});

describe('timing of single events', () => {
  it('times one at least', async () => {
    const outcome = await timeSingles(() => Promise.resolve(), 0);

    expect(outcome).toMatchObject({ count: 1 });
    expect(outcome.p99Us).toBeGreaterThanOrEqual(outcome.p50Us ?? Number.NaN);
  });

  it('waits for every event that was sent at half of the rate', async () => {
    let listener: (() => void) | undefined;
    let sent = 0;
    let acknowledged = 0;
    const send = (): void => {
      sent += 1;
      setImmediate(() => {
        acknowledged += 1;
        listener?.();
      });
    };

    const outcome = await paceAtHalf({
      until: performance.now() + 30,
      send,
      onAcknowledged: (next) => {
        listener = next;
      },
    });

    expect(acknowledged).toBe(sent);
    expect(outcome.count).toBeGreaterThan(0);
    expect(outcome.count).toBeLessThanOrEqual(sent);
  });
});
