import { describe, expect, it } from 'vitest';
import type { Actor, MailboxOptions } from '../../../src/actors/index.ts';
import { nextTurn } from '../support.ts';
import { boom, createWorld, scripted } from './support.ts';
import type { AnyMessage, Script, World } from './support.ts';

const FULL = { accepted: false, reason: 'mailboxFull' };
const ACCEPTED = { accepted: true };

describe('a mailbox for 2 messages that gets 3', () => {
  it.each([
    ['reject', [ACCEPTED, ACCEPTED, FULL], ['1', '2'], {}],
    ['dropNewest', [ACCEPTED, ACCEPTED, FULL], ['1', '2'], { overflow: 1 }],
    ['dropOldest', [ACCEPTED, ACCEPTED, ACCEPTED], ['2', '3'], { overflow: 1 }],
    ['block', [ACCEPTED, ACCEPTED, FULL], ['1', '2'], {}],
  ] as const)(
    'under "%s" says what happened to each, and counts what is lost',
    async (overflow, outcomes, rest, counts) => {
      const world = createWorld();
      const { actor, got } = open(world, { capacity: 2, overflow });

      const said = ['1', '2', '3'].map((type) => actor.tell({ type }));
      await nextTurn();

      expect([said, got, world.system.deadLetters.counts]).toEqual([outcomes, rest, counts]);
    },
  );

  it.each(['reject', 'block'] as const)(
    'under "%s" makes a dead letter of what an actor has sent',
    async (overflow) => {
      const world = createWorld();
      const { actor } = open(world, { capacity: 2, overflow });
      const sender = world.system.spawn(
        scripted({
          go: (self) => {
            for (const type of ['1', '2', '3']) self.tell(actor, { type });
          },
        }),
        { name: 'sender' },
      );

      sender.tell({ type: 'go' });
      await nextTurn();

      expect(world.system.deadLetters.recent()).toMatchObject([
        { reason: 'overflow', receiver: '/a', sender: '/sender', message: { type: '3' } },
      ]);
    },
  );
});

describe('M1: a mailbox for 10 bytes', () => {
  const sized = { maxBytes: 10, sizeOf: (message: AnyMessage) => message['bytes'] as number };

  it('takes 4 + 6 bytes, refuses 1 more, and takes it when the first is processed', async () => {
    const { actor, got } = open(createWorld(), sized);

    const before = [4, 6, 1].map((bytes) => actor.tell({ type: `${bytes}`, bytes }).accepted);
    await nextTurn();
    const after = actor.tell({ type: 'again', bytes: 10 }).accepted;
    await nextTurn();

    expect([before, after, got]).toEqual([[true, true, false], true, ['4', '6', 'again']]);
  });

  it('evicts as many of the oldest as the newest needs, and never for one that is larger than all', async () => {
    const world = createWorld();
    const { actor, got } = open(world, { ...sized, overflow: 'dropOldest' });

    for (const bytes of [3, 3, 3]) actor.tell({ type: `${bytes}`, bytes });
    const large = actor.tell({ type: 'large', bytes: 11 });
    const fitting = actor.tell({ type: 'fitting', bytes: 7 });
    await nextTurn();

    expect([large, fitting, got, world.system.deadLetters.counts]).toEqual([
      FULL,
      ACCEPTED,
      ['3', 'fitting'],
      { overflow: 3 },
    ]);
  });

  it.each<[string, () => number]>([
    ['throws', boom],
    ['gives NaN', () => Number.NaN],
    ['gives less than 0', () => -1],
  ])('refuses a message whose size %s as undecodable, without an error for the sender', (_, sizeOf) => {
    const world = createWorld();
    const { actor } = open(world, { maxBytes: 10, sizeOf });

    const outcome = actor.tell({ type: 'x' });

    expect([outcome, world.system.deadLetters.counts]).toEqual([
      { accepted: false, reason: 'undecodable' },
      { undecodable: 1 },
    ]);
  });
});

describe('the level of a mailbox for 10', () => {
  it('is reported as high at 8 and as low at 5, once each, however often it is passed', async () => {
    const levels: unknown[] = [];
    const world = createWorld({
      inspect: (event) => {
        if (event.type === 'mailbox.high' || event.type === 'mailbox.low') levels.push([event.type, event.waiting]);
      },
    });
    const { actor } = open(world, { capacity: 10 });

    for (let i = 0; i < 10; i++) actor.tell({ type: 'x' });
    await nextTurn();
    for (let i = 0; i < 7; i++) actor.tell({ type: 'x' });
    await nextTurn();

    expect(levels).toEqual([
      ['mailbox.high', 8],
      ['mailbox.low', 5],
    ]);
  });

  it('counts what comes back from the stash', async () => {
    const levels: string[] = [];
    const note = (type: string): void => void (type.startsWith('mailbox.') && levels.push(type));
    const world = createWorld({ inspect: ({ type }) => note(type) });
    let isReady = false as boolean;
    const script: Script = {
      wait: (self) => (isReady ? undefined : self.stash()),
      ready: (self) => {
        isReady = true;
        self.unstash();
      },
    };
    const { actor } = open(world, { capacity: 10 }, script);
    for (let i = 0; i < 8; i++) {
      actor.tell({ type: 'wait' });
      await nextTurn();
    }
    const before = [...levels];

    actor.tell({ type: 'ready' });
    await nextTurn();

    expect([before, levels, actor.waiting]).toEqual([[], ['mailbox.high', 'mailbox.low'], 0]);
  });
});

describe('M2: signals', () => {
  it('come to an actor whose mailbox is full, behind what was sent before them and before what was sent after', async () => {
    for (const overflow of ['reject', 'dropNewest', 'dropOldest', 'block'] as const) {
      const world = createWorld();
      const { actor, got } = open(world, { capacity: 2, overflow }, { begin: (self) => self.watch(subject) });
      const subject = world.system.spawn(scripted(), { name: 'subject' });
      actor.tell({ type: 'begin' });
      await nextTurn();

      for (const type of ['1', '2']) actor.tell({ type });
      await world.system.stopActor(subject);
      await nextTurn();

      expect([overflow, got]).toEqual([overflow, ['begin', '1', '2', 'actor.terminated']]);
    }
  });

  it('survive 1,000 messages that evict each other', async () => {
    const world = createWorld();
    const subjects = Array.from({ length: 20 }, (_, i) => world.system.spawn(scripted(), { name: `s${i}` }));
    const watchAll: Script = {
      begin: (self) => {
        for (const subject of subjects) self.watch(subject);
      },
    };
    const { actor, got } = open(world, { capacity: 2, overflow: 'dropOldest' }, watchAll);
    actor.tell({ type: 'begin' });
    await nextTurn();

    await Promise.all(subjects.map((subject) => world.system.stopActor(subject)));
    for (let i = 0; i < 1_000; i++) actor.tell({ type: 'x' });
    await nextTurn(4);

    expect(got.filter((type) => type === 'actor.terminated')).toHaveLength(20);
  });
});

describe('a message whose type is the system’s', () => {
  it.each(['actor.terminated', 'actor.x', 'xstate.stop', 'xstate.init'])(
    '"%s" is refused and a dead letter',
    (type) => {
      const world = createWorld();
      const { actor } = open(world, {});

      const outcome = actor.tell({ type });

      expect([outcome, world.system.deadLetters.counts]).toEqual([
        { accepted: false, reason: 'reserved' },
        { rejected: 1 },
      ]);
    },
  );

  it.each(['actors', 'actor', 'xstate', 'a', 'x'])('"%s" is not', (type) => {
    expect(open(createWorld(), {}).actor.tell({ type })).toEqual(ACCEPTED);
  });

  it.each([undefined, null, 7, 'text', {}, { type: 7 }, []])('nor is %j a message; tell does not throw', (value) => {
    const world = createWorld();
    const { actor } = open(world, {});

    const outcome = actor.tell(value as never);

    expect(outcome).toEqual({ accepted: false, reason: 'undecodable' });
    expect(world.system.deadLetters.recent()).toMatchObject([
      { reason: 'undecodable', message: { type: 'actor.unknown', value } },
    ]);
  });
});

describe('a size that is none', () => {
  it.each([
    ['infinity', Number.POSITIVE_INFINITY],
    ['no number', Number.NaN],
    ['negative', -1],
    ['a string', '5'],
    ['a big integer', 5n],
    ['a promise', Promise.resolve(5)],
  ])('(%s) refuses the message, and leaves the mailbox as it was', async (_, size) => {
    for (const maxBytes of [undefined, 10]) {
      const sizeOf = (message: AnyMessage): number => (message.type === 'bad' ? (size as number) : 10);
      const { actor, got } = open(createWorld(), { sizeOf, ...(maxBytes !== undefined && { maxBytes }) });

      const outcomes = [actor.tell({ type: 'bad' }), await actor.offer({ type: 'bad' }), actor.tell({ type: 'good' })];
      await nextTurn();
      const later = actor.tell({ type: 'good' });
      await nextTurn();

      const refused = { accepted: false, reason: 'undecodable' };
      expect([...outcomes, later]).toEqual([refused, refused, ACCEPTED, ACCEPTED]);
      expect(got).toEqual(['good', 'good']);
    }
  });
});

describe('options of a mailbox', () => {
  it.each([
    ['mailbox.overflow', { overflow: 'other' as never }],
    ['mailbox.blockMs', { blockMs: 0 }],
    ['mailbox.maxBytes', { maxBytes: 0, sizeOf: () => 1 }],
    ['mailbox.sizeOf', { maxBytes: 1 }],
    ['mailbox.highWater', { highWater: 1.1 }],
    ['mailbox.lowWater', { highWater: 0.5, lowWater: 0.6 }],
  ])('refuse a bad %s by name', (field, mailbox) => {
    const wrong = expect.objectContaining({ code: 'INVALID_OPTIONS', field });

    expect(() => open(createWorld(), mailbox)).toThrow(wrong);
  });
});

// Helpers

function open(world: World, mailbox: MailboxOptions, script: Script = {}) {
  const got: string[] = [];
  const logic = scripted(script, got);
  const actor: Actor<typeof logic> = world.system.spawn(logic, { name: 'a', mailbox });
  return { actor, got };
}
