import { describe, expect, it } from 'vitest';
import type { DeadLetter } from '../../../src/actors/index.ts';
import { nextTurn } from '../support.ts';
import { boom, createWorld, scripted } from './support.ts';
import type { AnyMessage } from './support.ts';

describe('L1: a message that reaches nobody', () => {
  it('is counted once with its reason, and kept with receiver, sender and time', async () => {
    const world = createWorld();
    const actor = await ended(world);
    const sender = world.system.spawn(scripted({ go: (self) => self.tell(actor, { type: 'x' }) }), { name: 'sender' });
    await world.pass(7);

    sender.tell({ type: 'go' });
    actor.tell({ type: 'y' });
    await nextTurn();

    expect([world.system.deadLetters.counts, world.system.deadLetters.recent()]).toEqual([
      { stopped: 2 },
      [
        { reason: 'stopped', message: { type: 'y' }, receiver: '/a', sender: undefined, at: 7 },
        { reason: 'stopped', message: { type: 'x' }, receiver: '/a', sender: '/sender', at: 7 },
      ],
    ]);
  });

  it('is kept as long as it is one of the last 1,000, oldest first; the counts have all', async () => {
    const world = createWorld();
    const actor = await ended(world);

    for (let i = 0; i < 1_500; i++) actor.tell({ type: `${i}` });

    const recent = world.system.deadLetters.recent();
    expect([recent.length, recent[0]?.message.type, recent.at(-1)?.message.type]).toEqual([1_000, '500', '1499']);
    expect(world.system.deadLetters.counts).toEqual({ stopped: 1_500 });
  });

  it('shows in the inspection', async () => {
    const seen: unknown[] = [];
    const world = createWorld({
      inspect: (event) => void (event.type === 'deadLetter.added' && seen.push(event.letter)),
    });
    const actor = await ended(world);

    actor.tell({ type: 'x' });

    expect(seen).toEqual(world.system.deadLetters.recent());
  });
});

describe('L2: a listener for dead letters', () => {
  it('is called in a turn of its own, until it unsubscribes', async () => {
    const world = createWorld();
    const actor = await ended(world);
    const letters: DeadLetter[] = [];
    const stop = world.system.deadLetters.subscribe((letter) => letters.push(letter));

    actor.tell({ type: 'x' });
    const during = letters.length;
    await nextTurn();
    stop();
    actor.tell({ type: 'y' });
    await nextTurn();

    expect([during, letters.map(({ message }) => message.type)]).toEqual([0, ['x']]);
  });

  it('that sends to the dead actor again neither overflows the stack nor stops the event loop', async () => {
    const world = createWorld();
    const actor = await ended(world);
    let calls = 0;
    const stop = world.system.deadLetters.subscribe(({ message }) => {
      calls++;
      actor.tell(message as AnyMessage);
      actor.tell(message as AnyMessage);
    });

    actor.tell({ type: 'x' });
    await nextTurn(20);
    stop();

    // Twice as many with each turn, up to the 1,000 that wait for listeners.
    expect(calls).toBeGreaterThan(1_000);
    expect(calls).toBeLessThan(30_000);
  });

  it('that throws or rejects is logged and costs the others nothing', async () => {
    const world = createWorld();
    const actor = await ended(world);
    const letters: DeadLetter[] = [];
    world.system.deadLetters.subscribe(boom);
    world.system.deadLetters.subscribe((async () => boom()) as never);
    world.system.deadLetters.subscribe((letter) => letters.push(letter));

    actor.tell({ type: 'x' });
    await nextTurn();

    expect(letters).toHaveLength(1);
    expect(world.logged('error')).toEqual(Array.from({ length: 2 }, () => 'a listener for dead letters threw'));
  });

  it('that subscribes anew while it is called hears of each letter once, and one that is removed meanwhile of none', async () => {
    const world = createWorld();
    const actor = await ended(world);
    const heard: string[] = [];
    let stop: () => void;
    const again = (): void => {
      if (heard.push('again') > 100) throw new Error('called for ever');
      stop();
      stopOther();
      stop = world.system.deadLetters.subscribe(again);
    };
    stop = world.system.deadLetters.subscribe(again);
    const stopOther = world.system.deadLetters.subscribe(() => heard.push('other'));

    actor.tell({ type: 'x' });
    await nextTurn();
    actor.tell({ type: 'y' });
    await nextTurn();

    expect(heard).toEqual(['again', 'again']);
  });

  it('counts as two when it subscribes twice', async () => {
    const world = createWorld();
    const actor = await ended(world);
    let calls = 0;
    const listener = (): void => void calls++;
    const stops = [1, 2].map(() => world.system.deadLetters.subscribe(listener));

    stops[0]?.();
    actor.tell({ type: 'x' });
    await nextTurn();

    expect(calls).toBe(1);
  });
});

describe('L3: the log of dead letters', () => {
  it('has 10 entries within 10 s, and the next one says how many were left out', async () => {
    const world = createWorld();
    const actor = await ended(world);
    const entries = () => world.environment.log.entries.filter(({ fields }) => fields['reason'] === 'stopped');

    for (let i = 0; i < 25; i++) actor.tell({ type: 'x' });
    const before = entries().length;
    await world.pass(10_000);
    actor.tell({ type: 'y' });

    expect([before, entries().length]).toEqual([10, 11]);
    expect(entries().at(-1)).toMatchObject({
      level: 'debug',
      message: 'a message to "/a" reached nobody: stopped',
      fields: { actor: '/a', message: 'y', leftOut: 15 },
    });
  });
});

// Helpers

async function ended({ system }: ReturnType<typeof createWorld>) {
  const actor = system.spawn(scripted(), { name: 'a' });
  await system.stopActor(actor);
  return actor;
}
