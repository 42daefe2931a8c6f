import { describe, expect, it } from 'vitest';
import { fromTransition } from 'xstate';
import type { EventObject } from 'xstate';
import { createSystem, DEFAULT_MAILBOX_CAPACITY } from '../../../src/actors/index.ts';
import type { TellOutcome } from '../../../src/actors/index.ts';
import { createManualEnvironment } from '../../../src/ports/index.ts';
import { collector, nextTurn } from '../support.ts';

const FULL: TellOutcome = { accepted: false, reason: 'mailboxFull' };

describe('the mailbox of an actor', () => {
  it('takes 1,024 messages by default and says so of the next', () => {
    const { logic } = collector();
    const actor = newSystem().spawn(logic, { name: 'a' });

    const outcomes = Array.from({ length: 1_026 }, () => actor.tell({ type: 'x' }));

    expect(outcomes.slice(0, 1_024).every(({ accepted }) => accepted)).toBe(true);
    expect(outcomes.slice(1_024)).toEqual([FULL, FULL]);
    expect([actor.waiting, DEFAULT_MAILBOX_CAPACITY]).toEqual([1_024, 1_024]);
  });

  it('loses none that it took and delivers none that it refused', async () => {
    const { logic, got } = collector();
    const actor = newSystem(3).spawn(logic, { name: 'a' });

    for (const type of ['1', '2', '3', '4']) actor.tell({ type });
    await nextTurn();
    const afterwards = actor.tell({ type: '5' });
    await nextTurn();

    expect([got, afterwards, actor.waiting]).toEqual([['1', '2', '3', '5'], { accepted: true }, 0]);
  });

  it('is bounded for each actor as its options say, else as those of the system say', () => {
    const system = newSystem(2);
    const { logic } = collector();
    const own = system.spawn(logic, { name: 'own', mailbox: { capacity: 1 } });
    const common = system.spawn(logic, { name: 'common' });

    const outcomes = [own, common].map((actor) => [1, 2, 3].map(() => actor.tell({ type: 'x' }).accepted));

    expect(outcomes).toEqual([
      [true, false, false],
      [true, true, false],
    ]);
  });

  it.each([0, -1, 1.5, Number.NaN])('refuses the capacity %d', (capacity) => {
    const wrong = expect.objectContaining({ code: 'INVALID_OPTIONS', field: 'mailbox.capacity' });

    expect(() => newSystem(capacity)).toThrow(wrong);
    expect(() => newSystem().spawn(collector().logic, { name: 'a', mailbox: { capacity } })).toThrow(wrong);
  });

  it('C1: keeps the order of each of two senders', async () => {
    const system = newSystem();
    const { logic, got } = collector();
    const receiver = system.spawn(logic, { name: 'receiver' });
    const send = (sender: string) =>
      fromTransition((count: number) => {
        receiver.tell({ type: `${sender}${count}` });
        return count + 1;
      }, 0);
    const senders = ['a', 'b'].map((name) => system.spawn(send(name), { name }));

    for (let i = 0; i < 50; i++) for (const sender of senders) sender.tell({ type: 'go' });
    await nextTurn(5);

    const of = (sender: string): string[] => got.filter((type) => type.startsWith(sender));
    expect(of('a')).toEqual(Array.from({ length: 50 }, (_, i) => `a${i}`));
    expect(of('b')).toEqual(Array.from({ length: 50 }, (_, i) => `b${i}`));
  });

  it('C1: takes what an actor tells itself behind what waits', async () => {
    const got: string[] = [];
    const system = newSystem();
    const logic = fromTransition((_: undefined, { type }: EventObject) => {
      got.push(type);
      if (type === 'a') actor.tell({ type: 'later' });
      return undefined;
    }, undefined);
    const actor = system.spawn(logic, { name: 'a' });

    actor.tell({ type: 'a' });
    actor.tell({ type: 'b' });
    await nextTurn();

    expect(got).toEqual(['a', 'b', 'later']);
  });

  it('C3: says stopped after the end, and delivers nothing more', async () => {
    const system = newSystem();
    const { logic, got } = collector();
    const actor = system.spawn(logic, { name: 'a' });
    await system.stopActor(actor);

    const outcome = actor.tell({ type: 'x' });
    await nextTurn();

    expect([outcome, got, actor.waiting]).toEqual([{ accepted: false, reason: 'stopped' }, [], 0]);
  });
});

// Helpers

function newSystem(capacity?: number): ReturnType<typeof createSystem> {
  return createSystem({
    environment: createManualEnvironment(),
    ...(capacity !== undefined && { mailbox: { capacity } }),
  });
}
