import { describe, expect, it } from 'vitest';
import { hostHealth, sharedHealth } from '../../../src/host/admin/index.ts';
import { createVirtualClock } from '../../../src/ports/index.ts';
import { rowOf } from './support.ts';

describe('sharedHealth', () => {
  it('looks once for 1,000 who ask within a second, and again after it', async () => {
    const clock = createVirtualClock();
    let looks = 0;
    const health = sharedHealth({ clock, lifecycle: { rows: async () => (++looks, []) } });

    await Promise.all(Array.from({ length: 1000 }, () => health()));
    await clock.advanceAsync(999);
    await health();
    const within = looks;
    await clock.advanceAsync(1);
    await health();

    expect([within, looks]).toEqual([1, 2]);
  });

  it('is not ready while the host is being started or stopped, whatever was answered a moment before', async () => {
    let problem: string | undefined = 'the host is being started';
    const lifecycle = { rows: async () => [{ row: rowOf(), process: undefined }] };
    const health = sharedHealth({ clock: createVirtualClock(), lifecycle, notReady: () => problem });

    const starting = await health();
    problem = undefined;
    const started = await health();
    problem = 'the host is being stopped';
    const stopping = await health();

    expect([starting, started, stopping].map(({ isReady, problems }) => [isReady, ...problems])).toEqual([
      [false, 'the host is being started'],
      [true],
      [false, 'the host is being stopped'],
    ]);
  });

  it('waits for 1 look that takes longer than a second', async () => {
    const clock = createVirtualClock();
    let looks = 0;
    const { promise, resolve } = Promise.withResolvers<[]>();
    const health = sharedHealth({ clock, lifecycle: { rows: () => (++looks, promise) } });

    const first = health();
    await clock.advanceAsync(5000);
    const second = health();
    resolve([]);

    expect(await first).toBe(await second);
    expect(looks).toBe(1);
  });
});

describe('hostHealth', () => {
  it('counts 2 rows by their states without asking for a version', async () => {
    const rows = async () => [
      { row: rowOf(), process: undefined },
      { row: rowOf({ slug: 'b', state: 'inactive' }), process: undefined },
    ];

    expect(await hostHealth({ rows })).toMatchObject({
      isReady: true,
      states: [
        { state: 'active', count: 1 },
        { state: 'inactive', count: 1 },
      ],
    });
  });
});
