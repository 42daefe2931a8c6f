import { describe, expect, it } from 'vitest';
import { behavior } from '../../../src/actors/index.ts';
import type { InspectionEvent, Message } from '../../../src/actors/index.ts';
import { nextTurn } from '../support.ts';
import { boom, createWorld, scripted } from './support.ts';

describe('the inspection of a system', () => {
  it('tells of the start, of each message and change, and of the end, in order', async () => {
    const { world, lines } = inspected();
    const actor = world.system.spawn(scripted(), { name: 'a' });

    actor.tell({ type: 'x' });
    await nextTurn();
    await world.system.stopActor(actor);

    expect(lines).toEqual(['actor.spawned /a', 'snapshot.changed /a', 'message.delivered /a x', 'actor.ended /a']);
  });

  it('says who sent a message, how many wait behind it, and how long it took', async () => {
    const { world, events } = inspected();
    const receiver = world.system.spawn(scripted(), { name: 'receiver' });
    const script = {
      go: (self: Parameters<NonNullable<Parameters<typeof scripted>[0]>[string]>[0]) => {
        for (const type of ['1', '2']) self.tell(receiver, { type });
      },
    };
    const sender = world.system.spawn(scripted(script), { name: 'sender' });

    sender.tell({ type: 'go' });
    await nextTurn();

    expect(events.filter(({ type }) => type === 'message.delivered')).toMatchObject([
      { ref: sender, sender: undefined, waiting: 0, tookMs: 0 },
      { ref: receiver, sender, message: { type: '1' }, waiting: 1, tookMs: 0 },
      { ref: receiver, sender, message: { type: '2' }, waiting: 0, tookMs: 0 },
    ]);
  });

  it('I1: tells of an actor before its children, its failure and its end, also when that comes with the start', () => {
    const { world, lines } = inspected();
    const broken = behavior<Message, null>({ initial: boom, receive: () => null });
    const parent = behavior<Message, null>({
      initial(_, actor) {
        actor.spawn('child', broken);
        return null;
      },
      receive: () => null,
    });

    world.system.spawn(parent, { name: 'parent' });

    expect(lines).toEqual([
      'actor.spawned /parent',
      'actor.spawned /parent/child',
      'actor.failed /parent/child',
      'actor.ended /parent/child',
    ]);
  });

  it('says of a failure whether it leads to a restart, and tells of that', async () => {
    const { world, events } = inspected();
    const options = { name: 'a', supervision: { restart: 'transient', maxRestarts: 1 } } as const;
    const actor = world.system.spawn(scripted({ fail: boom }), options);

    for (let i = 0; i < 2; i++) {
      actor.tell({ type: 'fail' });
      await world.pass(1_000);
    }

    const about = events.filter((event) => 'ref' in event && event.ref === actor);
    expect(about.map((event) => [event.type, 'restarts' in event ? event.restarts : undefined])).toEqual([
      ['actor.spawned', undefined],
      ['actor.failed', true],
      ['message.delivered', undefined],
      ['actor.restarted', undefined],
      ['actor.failed', true],
      ['message.delivered', undefined],
      ['actor.ended', undefined],
    ]);
  });

  it('begins and ends whenever somebody wants it', async () => {
    const world = createWorld();
    const lines: string[] = [];
    const actor = world.system.spawn(scripted(), { name: 'a' });
    const stop = world.system.inspect(({ type }) => lines.push(type));

    actor.tell({ type: 'x' });
    await nextTurn();
    stop();
    actor.tell({ type: 'y' });
    await nextTurn();

    expect(lines).toEqual(['snapshot.changed', 'message.delivered']);
  });

  it('is refused for a system that was made without it', () => {
    const { system } = createWorld({ inspect: false });

    expect(() => system.inspect(() => {})).toThrow(expect.objectContaining({ code: 'FAILED_PRECONDITION' }));
  });

  it('that throws is logged, and reaches neither the sender nor the actor', async () => {
    const world = createWorld({ inspect: boom });
    const actor = world.system.spawn(scripted(), { name: 'a' });

    const outcome = actor.tell({ type: 'x' });
    await nextTurn();

    expect([outcome, actor.snapshot()]).toEqual([{ accepted: true }, 1]);
    expect(new Set(world.logged('error'))).toEqual(new Set(['an inspector threw']));
  });
});

describe('a propagation that throws', () => {
  it('is logged, and costs neither the sender nor the message', async () => {
    const world = createWorld({ propagation: { capture: boom, run: boom } });
    const actor = world.system.spawn(scripted(), { name: 'a' });

    const outcome = actor.tell({ type: 'x' });
    await nextTurn();

    expect([outcome, actor.snapshot()]).toEqual([{ accepted: true }, 1]);
    expect(world.logged('error')).toEqual(['the propagation could not capture its context', 'the propagation failed']);
  });
});

// Helpers

function inspected() {
  const events: InspectionEvent[] = [];
  const lines: string[] = [];
  const world = createWorld({
    inspect(event) {
      events.push(event);
      const message = event.type === 'message.delivered' ? ` ${event.message.type}` : '';
      if ('ref' in event) lines.push(`${event.type} ${event.ref.path}${message}`);
    },
  });
  return { world, events, lines };
}
