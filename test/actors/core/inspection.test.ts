import { describe, expect, it } from 'vitest';
import { behavior } from '../../../src/actors/index.ts';
import type { ActorContext, InspectionEvent, Message } from '../../../src/actors/index.ts';
import { nextTurn } from '../support.ts';
import { boom, createWorld, scripted } from './support.ts';
import type { AnyMessage } from './support.ts';

const BROKEN = behavior<Message, null>({ initial: boom, receive: () => null });

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

describe('an inspector that causes what it is told of', () => {
  it('hears of 100 events within one at most; the rest is counted, and the log says so once', async () => {
    const world = createWorld();
    const actor = world.system.spawn(scripted(), { name: 'a' });
    let heard = 0;
    world.system.inspect(({ type }) => {
      if (type !== 'deadLetter.added') return;
      heard++;
      actor.tell({ type: 'actor.reserved' });
    });

    actor.tell({ type: 'actor.reserved' });
    const first = heard;
    actor.tell({ type: 'actor.reserved' });

    expect([first, heard, world.system.deadLetters.counts]).toEqual([101, 202, { rejected: 204 }]);
    expect(world.logged('error')).toEqual(['an inspector threw', 'an inspector threw']);
    expect(world.environment.log.entries.at(-1)?.fields['error']).toMatchObject({ code: 'RESOURCE_EXHAUSTED' });
  });

  it('hears of the actor that it starts', () => {
    const { world, lines } = inspected();
    world.system.inspect((event) => {
      if (event.type === 'actor.spawned' && event.ref.name === 'a') world.system.spawn(scripted(), { name: 'b' });
    });

    world.system.spawn(scripted(), { name: 'a' });

    expect(lines).toEqual(['actor.spawned /a', 'actor.spawned /b']);
  });
});

describe('a propagation', () => {
  it.each([
    ['twice', (process: () => unknown) => [process(), process()]],
    ['at once and later', (process: () => unknown) => [process(), queueMicrotask(() => void process())]],
    ['only later', (process: () => unknown) => [queueMicrotask(() => void process())]],
  ])('that calls process %s processes the message once', async (_, call) => {
    const world = createWorld({
      propagation: { capture() {}, run: (_trace, _delivery, process) => void call(process) },
    });
    const actor = world.system.spawn(scripted(), { name: 'a' });

    actor.tell({ type: 'x' });
    await nextTurn();

    expect(actor.snapshot()).toBe(1);
  });

  it('is told the failure of the actor that had the message, again at each call, and of no other', async () => {
    const failures: unknown[] = [];
    const world = createWorld({
      propagation: {
        capture() {},
        run(_, { ref, message }, process) {
          for (const error of [process(), process()]) failures.push([ref.path, message.type, error?.message]);
        },
      },
    });
    const replier = world.system.spawn(scripted({ q: (self) => self.reply(1) }), { name: 'replier' });
    const fail = { q: () => boom(), parent: (self: ActorContext<AnyMessage>) => void self.spawn('child', BROKEN) };
    const asker = scripted({
      ...fail,
      go: (self) => self.ask(replier, { type: 'q' }, { deadlineMs: 9, onReply: boom, onFailure: boom }),
    });
    world.system.spawn(asker, { name: 'asker' }).tell({ type: 'go' });
    const supervised = world.system.spawn(asker, { name: 'b', supervision: { restart: 'transient' } });
    for (const type of ['parent', 'q']) supervised.tell({ type });
    await nextTurn();

    const told = (path: string, type: string, error?: string) => Array.from({ length: 2 }, () => [path, type, error]);
    const own = expect.stringContaining('boom') as string;
    expect(failures).toHaveLength(8);
    for (const one of [...told('/asker', 'go'), ...told('/replier', 'q'), ...told('/b', 'parent')]) {
      expect(failures).toContainEqual(one);
    }
    expect(failures.slice(-4)).toContainEqual(told('/b', 'q', own)[0]);
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
