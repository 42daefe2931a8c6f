import { describe, expect, it } from 'vitest';
import { createMemoryCrashBudget } from '../../src/host/memory-crash-budget.ts';
import { createVirtualClock } from '../../src/ports/index.ts';
import type { CrashPort, VirtualClock } from '../../src/ports/index.ts';

describe('createMemoryCrashBudget', () => {
  it('says quarantine to the 5th crash within 10 minutes', async () => {
    const clock = createVirtualClock();
    const budget = createMemoryCrashBudget(clock);

    expect(await crashes(budget, clock, 5, 149_999)).toEqual([...Array(4).fill('restart'), 'quarantine']);
  });

  it('says restart for ever to crashes that are 150 s apart', async () => {
    const clock = createVirtualClock();
    const budget = createMemoryCrashBudget(clock);

    expect(new Set(await crashes(budget, clock, 50, 150_000))).toEqual(new Set(['restart']));
  });

  it('counts each plugin for itself', async () => {
    const clock = createVirtualClock();
    const budget = createMemoryCrashBudget(clock, { limit: 2 });

    const verdicts = [];
    for (const plugin of ['a', 'b', 'a', 'b']) verdicts.push(await crash(budget, plugin));

    expect(verdicts).toEqual(['restart', 'restart', 'quarantine', 'quarantine']);
  });

  it('forgets the crashes of a plugin that is reset, and of no other', async () => {
    const budget = createMemoryCrashBudget(createVirtualClock(), { limit: 2 });
    for (const plugin of ['a', 'b']) await crash(budget, plugin);

    await budget.reset('a');
    await budget.reset('never seen');

    expect([await crash(budget, 'a'), await crash(budget, 'b')]).toEqual(['restart', 'quarantine']);
  });

  it('does not notice that the wall clock is set back', async () => {
    const clock = createVirtualClock({ startAt: 1_000_000 });
    const budget = createMemoryCrashBudget(clock, { limit: 2, windowMs: 1_000 });
    await crash(budget, 'a');

    clock.advance(1_000);
    clock.jumpWallClock(-1_000);

    expect(await crash(budget, 'a')).toBe('restart');
  });

  it('refuses options that cannot be used', () => {
    expect(() => createMemoryCrashBudget(createVirtualClock(), { limit: 0 })).toThrow(
      expect.objectContaining({ code: 'INVALID_OPTIONS', field: 'crashBudget.limit' }),
    );
  });
});

// Helpers

function crash(budget: CrashPort, plugin: string): Promise<'restart' | 'quarantine'> {
  return budget.report({ plugin, code: 'PLUGIN_CRASHED', message: 'exited with code 1' });
}

async function crashes(budget: CrashPort, clock: VirtualClock, count: number, apartMs: number): Promise<string[]> {
  const verdicts: string[] = [];
  for (let i = 0; i < count; i++) {
    verdicts.push(await crash(budget, 'a'));
    clock.advance(apartMs);
  }
  return verdicts;
}
