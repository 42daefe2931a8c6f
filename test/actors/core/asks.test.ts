import { describe, expect, it } from 'vitest';
import { ask, behavior, reply, stash, unstash } from '../../../src/actors/index.ts';
import type { ReplyAddress } from '../../../src/actors/index.ts';
import { setup } from 'xstate';
import { nextTurn } from '../support.ts';
import { boom, createWorld, scripted } from './support.ts';
import type { World } from './support.ts';

const LATER = 2 ** 31 + 5;

describe('Q1: a question settles once', () => {
  it('by its reply', async () => {
    const { system, actor } = answering();

    expect(await system.ask(actor, { type: 'double', n: 21 }, { deadlineMs: 10 })).toBe(42);
  });

  it('by its reply through the address in the message, from whoever has that', async () => {
    const world = createWorld();
    const worker = world.system.spawn(
      scripted({ work: (_, { replyTo }) => (replyTo as ReplyAddress<string>).tell('done') }),
      { name: 'worker' },
    );
    const front = world.system.spawn(
      scripted({
        go: (self, { replyTo }) => {
          self.tell(worker, { type: 'work', replyTo });
          self.finish();
        },
      }),
      { name: 'front' },
    );

    const answer = world.system.ask(front, (replyTo: ReplyAddress<string>) => ({ type: 'go', replyTo }), {
      deadlineMs: 10,
    });

    expect(await answer).toBe('done');
  });

  it('by its deadline of 10 ms, not before', async () => {
    const { world, system, actor } = answering();
    const settled = watched(system.ask(actor, { type: 'silent' }, { deadlineMs: 10 }));

    await world.pass(9);
    const before = settled.result;
    await world.pass(1);

    expect([before, settled.result]).toEqual([undefined, expect.objectContaining({ code: 'DEADLINE_EXCEEDED' })]);
  });

  it('by a deadline of more than 2^31 - 1 ms, not before', async () => {
    const { world, system, actor } = answering();
    const settled = watched(system.ask(actor, { type: 'silent' }, { deadlineMs: LATER }));

    await world.pass(LATER - 1);
    const before = settled.result;
    await world.pass(1);

    expect([before, settled.result]).toEqual([undefined, expect.objectContaining({ code: 'DEADLINE_EXCEEDED' })]);
  });

  it('by its signal, with the reason as cause; one that has fired before sends nothing', async () => {
    const { system, actor, got } = answering();
    const control = new AbortController();
    const settled = watched(system.ask(actor, { type: 'silent' }, { deadlineMs: 10, signal: control.signal }));

    control.abort('no time');
    await nextTurn();
    const second = watched(system.ask(actor, { type: 'silent' }, { deadlineMs: 10, signal: control.signal }));
    await nextTurn();

    const cancelled = expect.objectContaining({ code: 'CANCELLED', cause: 'no time' });
    expect([settled.result, second.result, got]).toEqual([cancelled, cancelled, ['silent']]);
  });

  it.each([
    ['has ended', 'ACTOR_STOPPED', { type: 'silent' }],
    ['has a full mailbox', 'MAILBOX_FULL', { type: 'silent' }],
    ['fails on it', 'ACTOR_FAILED', { type: 'fail' }],
    ['ends on it', 'ACTOR_STOPPED', { type: 'finish' }],
    ['is sent what only the system sends', 'MESSAGE_RESERVED', { type: 'actor.x' }],
    ['is sent what is no message', 'MESSAGE_INVALID', {} as { type: string }],
  ])('when the receiver %s: %s', async (what, code, question) => {
    const { system, actor } = answering(what === 'has a full mailbox' ? 1 : 200);
    if (what === 'has ended') await system.stopActor(actor);
    if (what === 'has a full mailbox') actor.tell({ type: 'silent' });

    const settled = watched(system.ask(actor, question, { deadlineMs: 10 }));
    await nextTurn();

    expect(settled.result).toMatchObject({ code });
  });

  it('when the receiver is stopped while it is stashed', async () => {
    const { system, actor } = answering();
    const settled = watched(system.ask(actor, { type: 'stash' }, { deadlineMs: 10 }));
    await nextTurn();

    await system.stopActor(actor);
    await nextTurn();

    expect(settled.result).toMatchObject({ code: 'ACTOR_STOPPED' });
  });

  it('by its reply when the receiver is told to stop while it waits', async () => {
    const { system, actor } = answering();
    const settled = watched(system.ask(actor, { type: 'double', n: 1 }, { deadlineMs: 10 }));

    await system.stopActor(actor);
    await nextTurn();

    expect(settled.result).toBe(2);
  });

  it('when the system ends before the reply', async () => {
    const { world, system, actor } = answering();
    const settled = watched(system.ask(actor, { type: 'silent' }, { deadlineMs: 1_000 }));
    await nextTurn();

    await system.stop();
    await nextTurn();

    expect([settled.result, world.environment.clock.pending]).toEqual([
      expect.objectContaining({ code: 'SYSTEM_STOPPED' }),
      0,
    ]);
  });

  it.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY])('is refused for the deadline %d', async (deadlineMs) => {
    const { system, actor } = answering();

    await expect(system.ask(actor, { type: 'silent' }, { deadlineMs })).rejects.toMatchObject({
      code: 'INVALID_OPTIONS',
      field: 'deadlineMs',
    });
  });

  it('with the error of the function that makes the message', async () => {
    const { system, actor } = answering();

    await expect(system.ask(actor, () => boom(), { deadlineMs: 10 })).rejects.toMatchObject({ rawMessage: 'boom' });
  });
});

describe('Q2: what comes after the end of a question', () => {
  it('is a dead letter with the value: a second reply', async () => {
    const { system, actor } = answering();

    const answer = await system.ask(actor, { type: 'twice' }, { deadlineMs: 10 });

    expect(answer).toBe('first');
    expect(system.deadLetters.recent()).toMatchObject([
      { reason: 'lateReply', message: { type: 'actor.reply', value: 'second' }, sender: '/a' },
    ]);
  });

  it('is a dead letter with the value: a reply after the deadline, null included', async () => {
    const world = createWorld();
    const addresses: ReplyAddress<null>[] = [];
    const logic = scripted({ go: (_, { replyTo }) => void addresses.push(replyTo as ReplyAddress<null>) });
    const actor = world.system.spawn(logic, { name: 'a' });
    const settled = watched(
      world.system.ask(actor, (replyTo: ReplyAddress<null>) => ({ type: 'go', replyTo }), { deadlineMs: 10 }),
    );
    await world.pass(10);

    addresses[0]?.tell(null);

    expect(settled.result).toMatchObject({ code: 'DEADLINE_EXCEEDED' });
    expect(world.system.deadLetters.recent()).toMatchObject([
      { reason: 'lateReply', message: { type: 'actor.reply', value: null } },
    ]);
  });

  it('cannot be mistaken for the answer to another question: 100 at a time get their own', async () => {
    const { system, actor } = answering();
    const numbers = Array.from({ length: 100 }, (_, n) => n);

    const answers = await Promise.all(numbers.map((n) => system.ask(actor, { type: 'double', n }, { deadlineMs: 10 })));

    expect(answers).toEqual(numbers.map((n) => 2 * n));
  });
});

describe('Q3: a settled question', () => {
  it('holds no timer, however it was settled', async () => {
    const { world, system, actor } = answering();
    const control = new AbortController();

    await system.ask(actor, { type: 'double', n: 1 }, { deadlineMs: 10_000 });
    const given = watched(system.ask(actor, { type: 'silent' }, { deadlineMs: 10_000, signal: control.signal }));
    const failed = watched(system.ask(actor, { type: 'fail' }, { deadlineMs: 10_000 }));
    control.abort();
    await nextTurn();

    expect([given.result, failed.result]).toMatchObject([{ code: 'CANCELLED' }, { code: 'ACTOR_FAILED' }]);
    expect(world.environment.clock.pending).toBe(0);
  });

  it('holds no listener of its signal', async () => {
    const { system, actor } = answering();
    let listeners = 0;
    const signal = {
      aborted: false,
      addEventListener: () => listeners++,
      removeEventListener: () => listeners--,
    } as unknown as AbortSignal;

    await system.ask(actor, { type: 'double', n: 1 }, { deadlineMs: 10, signal });

    expect(listeners).toBe(0);
  });
});

describe('reply to a message that was told', () => {
  it('is logged and does nothing else', async () => {
    const { world, actor } = answering();

    actor.tell({ type: 'double', n: 1 });
    await nextTurn();

    expect(world.logged('warn')).toEqual(['nothing was asked, so that the reply reaches nobody']);
  });
});

describe('a behaviour that asks', () => {
  it.each([
    ['double', 'answer 42'],
    ['fail', 'ACTOR_FAILED'],
    ['silent', 'DEADLINE_EXCEEDED'],
  ])('"%s" hears %s once', async (type, expected) => {
    const { world, actor } = answering();
    const { asker, heard } = createAsker(world);

    asker.tell({ type: 'go', to: actor, question: { type, n: 21 } });
    await world.pass(10);

    expect(heard).toEqual([expected]);
  });

  it('itself gets the answer', async () => {
    const world = createWorld();
    const { asker, heard } = createAsker(world);

    asker.tell({ type: 'go', to: asker, question: { type: 'double', n: 21 } });
    await world.pass(0);

    expect(heard).toEqual(['answer 42']);
  });

  it('a child that it does not have hears NOT_FOUND, and the question is a dead letter', async () => {
    const world = createWorld();
    const { asker, heard } = createAsker(world);

    asker.tell({ type: 'go', to: 'nobody', question: { type: 'double' } });
    await nextTurn();

    expect([heard, world.system.deadLetters.counts]).toEqual([['NOT_FOUND'], { unknown: 1 }]);
  });

  it('with a deadline that cannot be hears INVALID_OPTIONS and goes on', async () => {
    const { world, actor } = answering();
    const { asker, heard } = createAsker(world);

    asker.tell({ type: 'go', to: actor, question: { type: 'double', n: 1 }, deadlineMs: -1 });
    await nextTurn();

    expect([heard, asker.restarts]).toEqual([['INVALID_OPTIONS'], 0]);
  });

  it('and is restarted hears nothing of it, also when the answer waits in its mailbox already', async () => {
    const { world, actor } = answering();
    const { asker, heard } = createAsker(world);

    asker.tell({ type: 'go', to: actor, question: { type: 'double', n: 21 } });
    // Processed after the question was sent and before the answer, which comes as a signal behind it.
    asker.tell({ type: 'fail' });
    await world.pass(200);

    expect([heard, asker.restarts]).toEqual([[], 1]);
  });

  it('and whose onReply throws fails', async () => {
    const { world, actor } = answering();
    const logic = scripted({
      go: (self) => self.ask(actor, { type: 'double', n: 1 }, { deadlineMs: 10, onReply: boom, onFailure: boom }),
    });
    const asker = world.system.spawn(logic, { name: 'asker' });

    asker.tell({ type: 'go' });

    expect(await asker.ended).toMatchObject({ kind: 'failed', error: { rawMessage: 'boom' } });
  });
});

describe('a chart that asks, answers and stashes a question', () => {
  it('gets the answer as an event, once the other has what it needs', async () => {
    const world = createWorld();
    const slow = setup({ actions: { wait: stash(), go: unstash(), answer: reply({ size: 3 }) } }).createMachine({
      initial: 'loading',
      states: {
        loading: { on: { size: { actions: 'wait' }, loaded: { target: 'ready', actions: 'go' } } },
        ready: { on: { size: { actions: 'answer' } } },
      },
    });
    const answerer = world.system.spawn(slow, { name: 'slow' });
    const asking = setup({
      actions: {
        question: ask(
          () => answerer,
          { type: 'size' },
          {
            deadlineMs: 100,
            onReply: (value) => ({ type: 'known', value }),
            onFailure: ({ code }) => ({ type: 'unknown', code }),
          },
        ),
      },
    }).createMachine({
      initial: 'a',
      states: { a: { entry: 'question', on: { known: 'b', unknown: 'c' } }, b: {}, c: {} },
    });
    const asker = world.system.spawn(asking, { name: 'asker' });
    await nextTurn();
    const before = asker.snapshot().value;

    answerer.tell({ type: 'loaded' });
    await nextTurn();

    expect([before, asker.snapshot().value, world.environment.clock.pending]).toEqual(['a', 'b', 0]);
  });
});

// Helpers

function answering(capacity = 200) {
  const world = createWorld();
  const got: string[] = [];
  const logic = scripted(
    {
      double: (self, { n }) => self.reply(2 * (n as number)),
      twice: (self) => {
        self.reply('first');
        self.reply('second');
      },
      fail: boom,
      finish: (self) => self.finish(),
      stash: (self) => self.stash(),
    },
    got,
  );
  const actor = world.system.spawn(logic, { name: 'a', mailbox: { capacity } });
  return { world, system: world.system, actor, got };
}

function watched(promise: Promise<unknown>): { result: unknown } {
  const holder: { result: unknown } = { result: undefined };
  promise.then(
    (value) => (holder.result = value),
    (error: unknown) => (holder.result = error),
  );
  return holder;
}

interface Question {
  readonly type: string;
  readonly [key: string]: unknown;
}

/** Asks on `go`, and notes what it hears. */
function createAsker(world: World) {
  const heard: string[] = [];
  const logic = behavior<Question, null>({
    initial: null,
    receive(_, { type, to, question, deadlineMs = 10, text, n }, actor) {
      if (type === 'fail') boom();
      if (type === 'double') actor.reply(2 * (n as number));
      if (type === 'heard') heard.push(text as string);
      if (type === 'go') {
        actor.ask(to as string, question as Question, {
          deadlineMs: deadlineMs as number,
          onReply: (value) => ({ type: 'heard', text: `answer ${String(value)}` }),
          onFailure: ({ code }) => ({ type: 'heard', text: code }),
        });
      }
      return null;
    },
  });
  const asker = world.system.spawn(logic, { name: 'asker', supervision: { restart: 'transient' } });
  return { asker, heard };
}
