import { describe, expect, it } from 'vitest';
import { playScenario } from '../../../src/cli/demo/scenario.ts';
import type { Player, Troop } from '../../../src/cli/demo/troop.ts';
import type { PluginStatus } from '../../../src/host/index.ts';
import { createVirtualClock } from '../../../src/ports/index.ts';

describe('playScenario', () => {
  it('ends well when both plugins come back', async () => {
    const { play, statuses, said } = stage();
    statuses.fragile.restarts = 1;
    statuses.target.restarts = 1;

    await expect(play()).resolves.toBe('ended');
    expect(said).toContain('steady: streams the numbers 1 2 3');
  });

  it('gives up when nobody kills the target within 15,000 ms', async () => {
    const { play, statuses, said } = stage();
    statuses.fragile.restarts = 1;

    await expect(play()).rejects.toMatchObject({
      code: 'DEADLINE_EXCEEDED',
      rawMessage: 'nobody killed "target" within 15000 ms',
    });
    expect(said.at(-1)).toBe('demo: waits up to 15 s for somebody to kill "target": kill -9 3');
  });

  it('gives up when a plugin does not crash within 20,000 ms', async () => {
    await expect(stage().play()).rejects.toMatchObject({
      code: 'DEADLINE_EXCEEDED',
      rawMessage: 'plugin "fragile" did not crash within 20000 ms; it is ready',
    });
  });

  it('gives up when a plugin does not recover within 20,000 ms, and says why', async () => {
    const { play, statuses } = stage();
    Object.assign(statuses.fragile, { state: 'backingOff', failure: { message: 'no memory' } });

    await expect(play()).rejects.toMatchObject({
      rawMessage: 'plugin "fragile" did not recover within 20000 ms; it is backingOff: no memory',
    });
  });

  it('does not wait for a plugin in quarantine', async () => {
    const { play, statuses, clock } = stage();
    Object.assign(statuses.fragile, { state: 'quarantined' });

    await expect(play()).rejects.toMatchObject({ rawMessage: 'plugin "fragile" did not recover; it is quarantined' });
    expect(clock.monotonic()).toBeLessThan(1000);
  });

  it('ends with CANCELLED when it is interrupted', async () => {
    const { play, abort } = stage();
    abort.abort();

    await expect(play()).rejects.toMatchObject({ code: 'CANCELLED' });
  });
});

// Helpers

type Mutable<T> = { -readonly [K in keyof T]: T[K] };
type Name = 'steady' | 'fragile' | 'target';

interface Stage {
  readonly statuses: Record<Name, Mutable<PluginStatus>>;
  readonly clock: ReturnType<typeof createVirtualClock>;
  readonly abort: AbortController;
  readonly said: string[];
  play(): Promise<string>;
}

/** A troop of which nothing runs: the test says what state each plugin is in. */
function stage(): Stage {
  const clock = createVirtualClock();
  const abort = new AbortController();
  const said: string[] = [];
  const statuses = { steady: status('steady', 1), fragile: status('fragile', 2), target: status('target', 3) };
  const player = (name: Name): Player =>
    ({
      role: { name, crashAfter: undefined },
      plugin: { status: () => statuses[name] },
      client: { count: () => [{ number: 1 }, { number: 2 }, { number: 3 }] },
      caller: { pids: new Set([statuses[name].pid]) },
    }) as unknown as Player;
  const troop = { launch: async () => {}, startCalls() {}, player } as unknown as Troop;
  const say = (about: string, text: string): void => void said.push(`${about}: ${text}`);
  const play = async (): Promise<string> => {
    const ended = playScenario({ troop, clock, signal: abort.signal, outsideKill: true, say }).then(() => 'ended');
    // Handled here too: it may reject while the clock still advances.
    ended.catch(() => {});
    let isOver = false;
    void ended.finally(() => (isOver = true)).catch(() => {});
    for (let ms = 0; ms < 60_000 && !isOver; ms += 20) await clock.advanceAsync(20);
    return ended;
  };
  return { statuses, clock, abort, said, play };
}

function status(name: Name, pid: number): Mutable<PluginStatus> {
  return { name, state: 'ready', pid, version: 1, restarts: 0, startMs: 1, inFlight: 0, failure: undefined };
}
