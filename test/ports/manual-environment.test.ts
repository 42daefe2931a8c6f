import { describe, expect, it } from 'vitest';
import {
  createManualEnvironment,
  createRecordingLogger,
  createSeededRandom,
  createSilentLogger,
} from '../../src/ports/index.ts';

describe('createManualEnvironment', () => {
  it('starts at 0 and moves only when it is advanced', () => {
    const { clock } = createManualEnvironment();

    clock.advance(5);

    expect(clock.now()).toBe(5);
    expect(createManualEnvironment({ startAt: 1000 }).clock.now()).toBe(1000);
  });

  it('numbers things from 1 for each prefix', () => {
    const { ids } = createManualEnvironment();

    expect([ids.next('call'), ids.next('call'), ids.next('actor')]).toEqual(['call-1', 'call-2', 'actor-1']);
  });

  it('draws the same numbers in two environments of one seed', () => {
    expect(drawn(createManualEnvironment({ seed: 7 }).random)).toEqual(drawn(createSeededRandom(7)));
  });

  it('remembers log entries with the virtual time', () => {
    const { clock, log } = createManualEnvironment();
    clock.advance(30);

    log.child({ plugin: 'kv' }).log('warn', 'late', { ms: 5 });

    expect(log.entries).toEqual([{ at: 30, level: 'warn', message: 'late', fields: { plugin: 'kv', ms: 5 } }]);
  });

  it('runs deferred work before yielded work', async () => {
    const { scheduler } = createManualEnvironment();
    const order: string[] = [];

    await new Promise<void>((resolve) => {
      scheduler.yield(() => {
        order.push('yielded');
        resolve();
      });
      scheduler.defer(() => order.push('deferred'));
    });

    expect(order).toEqual(['deferred', 'yielded']);
  });
});

describe('createRecordingLogger', () => {
  it('keeps the last 1,000 of 2,500 entries', () => {
    const logger = createRecordingLogger();

    for (let i = 0; i < 2500; i++) logger.log('info', String(i));

    expect(logger.entries.map(({ message }) => message)).toEqual(Array.from({ length: 1000 }, (_, i) => `${i + 1500}`));
  });

  it('forgets everything when it is cleared', () => {
    const logger = createRecordingLogger({ capacity: 2 });
    logger.log('info', 'old');

    logger.clear();
    logger.child({ a: 1 }).log('info', 'new');

    expect(logger.entries.map(({ message }) => message)).toEqual(['new']);
  });
});

describe('createSilentLogger', () => {
  it('takes entries and children and does nothing', () => {
    const logger = createSilentLogger();

    expect(() => logger.child({ a: 1 }).child({}).log('error', 'x')).not.toThrow();
  });
});

describe('createSeededRandom', () => {
  it('gives the numbers of sfc32 for seed 1, on every machine', () => {
    expect(drawn(createSeededRandom(1), 3)).toMatchInlineSnapshot(`
      [
        0.4684900725260377,
        0.4359325869008899,
        0.39758921484462917,
      ]
    `);
  });

  it('tells seeds apart that differ in the upper half only', () => {
    expect(drawn(createSeededRandom(2 ** 32))).not.toEqual(drawn(createSeededRandom(2 ** 33)));
    expect(drawn(createSeededRandom(0))).not.toEqual(drawn(createSeededRandom(2 ** 32)));
  });

  it('spreads 10,000 numbers evenly over 10 buckets', () => {
    const buckets = new Array<number>(10).fill(0);
    for (const number of drawn(createSeededRandom(3), 10_000)) buckets[Math.floor(number * 10)]! += 1;

    expect(Math.min(...buckets)).toBeGreaterThan(900);
    expect(Math.max(...buckets)).toBeLessThan(1100);
  });

  it.each([-1, 1.5, Number.NaN, 2 ** 53])('refuses the seed %s', (seed) => {
    expect(() => createSeededRandom(seed)).toThrow(expect.objectContaining({ field: 'seed' }));
  });
});

// Helpers

function drawn(random: { next(): number }, count = 5): number[] {
  return Array.from({ length: count }, () => random.next());
}
