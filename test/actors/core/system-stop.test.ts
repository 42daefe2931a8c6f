import { describe, expect, it } from 'vitest';
import { behavior } from '../../../src/actors/index.ts';
import type { Message } from '../../../src/actors/index.ts';
import { nextTurn } from '../support.ts';
import { createWorld, scripted } from './support.ts';
import type { AnyMessage } from './support.ts';

describe('the stop of a system, from its beginning on', () => {
  it('refuses what comes from outside, also at the actors whose turn to stop has not come', async () => {
    const { system } = createWorld();
    const got: string[] = [];
    const older = system.spawn(scripted({}, got), { name: 'older' });
    const finish = spawnSlow(system, 'younger');

    const stopping = system.stop();
    await nextTurn();
    const outcomes = [older.tell({ type: 'told' }), await older.offer({ type: 'offered' })];
    const asked = system.ask(older, { type: 'asked' }, { deadlineMs: 10 });
    finish();

    await expect(asked).rejects.toMatchObject({ code: 'ACTOR_STOPPED' });
    expect(outcomes).toEqual([STOPPED, STOPPED]);
    expect([await stopping, got]).toMatchObject([{ stopped: 2, accepted: 0 }, []]);
    expect(system.deadLetters.counts).toEqual({ stopped: 3 });
  });

  it('lets actors tell each other until they stop themselves, also from a clean-up', async () => {
    const { system } = createWorld();
    const got: string[] = [];
    const sink = system.spawn(scripted({}, got), { name: 'sink' });
    const relay = system.spawn(scripted({ x: (self) => self.tell(sink, { type: 'worked' }) }), { name: 'relay' });
    const logic = behavior<AnyMessage, null>({
      initial: null,
      receive: () => null,
      stopped: () => void sink.tell({ type: 'cleaned up' }),
    });
    system.spawn(logic, { name: 'cleaner' });
    relay.tell({ type: 'x' });

    const report = await system.stop();

    expect(got.sort()).toEqual(['cleaned up', 'worked']);
    expect(report).toMatchObject({ stopped: 3, forced: 0, accepted: 2, dropped: 0 });
  });

  it('leaves time for the others when one clean-up takes all that it may, with the defaults', async () => {
    const world = createWorld();
    spawnSlow(world.system, 'older');
    spawnSlow(world.system, 'younger');
    world.system.spawn(scripted(), { name: 'youngest' });

    const stopping = world.system.stop();
    await world.pass(5_000);
    const { length } = world.system.actors();
    await world.pass(5_000);

    expect([length, (await stopping).stopped]).toEqual([1, 2]);
  });
});

// Helpers

const STOPPED = { accepted: false, reason: 'stopped' };

/** An actor whose clean-up waits for the call of the function that is returned. */
function spawnSlow(system: ReturnType<typeof createWorld>['system'], name: string): () => void {
  let finish = (): void => {};
  const stopped = (): Promise<void> => new Promise((resolve) => (finish = resolve));
  system.spawn(behavior<Message, null>({ initial: null, receive: () => null, stopped }), { name });
  return () => finish();
}
