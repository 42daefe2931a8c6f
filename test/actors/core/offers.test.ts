import { describe, expect, it } from 'vitest';
import type { Actor, MailboxOptions, TellOutcome } from '../../../src/actors/index.ts';
import { nextTurn } from '../support.ts';
import { createWorld, scripted } from './support.ts';
import type { AnyMessage, Script, World } from './support.ts';

const FULL = { accepted: false, reason: 'mailboxFull' };
const STOPPED = { accepted: false, reason: 'stopped' };
const ACCEPTED = { accepted: true };

describe('offer', () => {
  it('is settled at once while there is room, and under every other policy than "block"', async () => {
    const world = createWorld();
    const { actor } = open(world, { capacity: 1 });
    const other = world.system.spawn(scripted(), { name: 'b', mailbox: { capacity: 1, overflow: 'reject' } });

    const outcomes = [actor.offer({ type: '1' }), other.offer({ type: '1' }), other.offer({ type: '2' })];

    expect(await Promise.all(outcomes)).toEqual([ACCEPTED, ACCEPTED, FULL]);
  });

  it('waits for room, and offers are taken in their order', async () => {
    const { actor, got } = open(createWorld(), { capacity: 1 });
    const outcomes: Promise<TellOutcome>[] = [];

    for (const type of ['1', '2']) outcomes.push(actor.offer({ type }));
    const early = await Promise.race([outcomes[1], Promise.resolve('waits')]);

    expect([early, await Promise.all(outcomes)]).toEqual(['waits', [ACCEPTED, ACCEPTED]]);
    await nextTurn();
    expect(got).toEqual(['1', '2']);
  });

  it('is refused after 1,000 ms by default, or after the blockMs of the mailbox', async () => {
    for (const [blockMs, limit] of [
      [undefined, 1_000],
      [50, 50],
    ] as const) {
      const world = createWorld();
      const { outcomes } = await blocked(world, { capacity: 1, ...(blockMs !== undefined && { blockMs }) }, ['late']);

      await world.pass(limit - 1);
      const before = outcomes['late'];
      await world.pass(1);

      expect([before, outcomes['late'], world.environment.clock.pending]).toEqual([undefined, FULL, 0]);
    }
  });

  it('is refused when its signal fires, or has fired before, and then leaves no listener and no timer', async () => {
    const world = createWorld();
    const { actor } = await blocked(world, { capacity: 1 }, []);
    const control = new AbortController();

    const waiting = actor.offer({ type: 'x' }, { signal: control.signal });
    control.abort();

    expect(await waiting).toEqual(FULL);
    expect(await actor.offer({ type: 'x' }, { signal: control.signal })).toEqual(FULL);
    expect(world.environment.clock.pending).toBe(0);
  });

  it('is refused when as many wait as the mailbox holds; those that gave up do not count', async () => {
    const world = createWorld();
    const { actor, release } = await blocked(world, { capacity: 2 }, []);
    const control = new AbortController();
    const given = [1, 2].map(() => actor.offer({ type: 'x' }, { signal: control.signal }));
    const refused = await actor.offer({ type: 'x' });
    control.abort();
    await Promise.all(given);

    const outcome = await Promise.race([actor.offer({ type: 'x' }), nextTurn(0).then(() => 'waits')]);

    expect([refused, outcome]).toEqual([FULL, 'waits']);
    release();
  });

  it('M4: no tell overtakes an offer, also when it is smaller', async () => {
    const world = createWorld();
    const sizeOf = (message: AnyMessage): number => (message['bytes'] as number | undefined) ?? 1;
    const { actor, outcomes, release, got } = await blocked(world, { maxBytes: 10, sizeOf }, []);
    actor.tell({ type: 'first', bytes: 6 });
    void actor.offer({ type: 'large', bytes: 8 }).then((outcome) => (outcomes['large'] = outcome));

    const small = actor.tell({ type: 'small', bytes: 1 });
    release();
    await nextTurn(4);

    expect([small, outcomes['large'], got.slice(1)]).toEqual([FULL, ACCEPTED, ['first', 'large']]);
  });

  it('goes to the next when the one before it gives up', async () => {
    const world = createWorld();
    const sizeOf = (message: AnyMessage): number => (message['bytes'] as number | undefined) ?? 1;
    const { actor, outcomes } = await blocked(world, { maxBytes: 10, sizeOf, blockMs: 50 }, []);
    actor.tell({ type: 'first', bytes: 6 });
    const control = new AbortController();
    void actor.offer({ type: 'large', bytes: 8 }, { signal: control.signal });
    void actor.offer({ type: 'small', bytes: 1 }).then((outcome) => (outcomes['small'] = outcome));

    control.abort();
    await Promise.resolve();

    expect(outcomes['small']).toEqual(ACCEPTED);
  });

  it('never takes what is larger than the whole mailbox', async () => {
    const { actor } = open(createWorld(), { maxBytes: 10, sizeOf: () => 11 });

    expect(await actor.offer({ type: 'x' })).toEqual(FULL);
  });

  it.each([
    ['a stop', (world: World, actor: Actor) => void world.system.stopActor(actor)],
    ['the end of the system', (world: World) => void world.system.stop({ deadlineMs: 0 })],
  ])('is refused as stopped by %s, and a dead letter', async (_, act) => {
    const world = createWorld();
    const { actor, outcomes } = await blocked(world, { capacity: 1 }, ['waits']);

    act(world, actor as unknown as Actor);
    await world.pass(0);

    expect(outcomes['waits']).toEqual(STOPPED);
    expect(world.system.deadLetters.recent()[0]).toMatchObject({ reason: 'stopped', message: { type: 'waits' } });
    expect(world.environment.clock.pending).toBe(0);
  });

  it('waits on while the actor is restarted', async () => {
    const world = createWorld();
    const got: string[] = [];
    const logic = scripted(
      {
        fail: () => {
          throw new Error('boom');
        },
      },
      got,
    );
    const mailbox: MailboxOptions = { capacity: 1, overflow: 'block' };
    const actor = world.system.spawn(logic, { name: 'a', mailbox, supervision: { restart: 'transient' } });
    actor.tell({ type: 'fail' });
    await nextTurn();
    actor.tell({ type: '1' });
    const waiting = actor.offer({ type: '2' });

    await world.pass(200);

    expect([await waiting, got]).toEqual([ACCEPTED, ['fail', '1', '2']]);
  });

  it('is refused at once after the end, and for what is no message', async () => {
    const world = createWorld();
    const { actor } = open(world, { capacity: 1 });
    const wrong = await actor.offer({} as never);
    await world.system.stopActor(actor);

    expect([wrong, await actor.offer({ type: 'x' })]).toEqual([{ accepted: false, reason: 'undecodable' }, STOPPED]);
  });
});

// Helpers

function open(world: World, mailbox: MailboxOptions, script: Script = {}) {
  const got: string[] = [];
  const actor = world.system.spawn(scripted(script, got), { name: 'a', mailbox: { overflow: 'block', ...mailbox } });
  return { actor, got };
}

/** An actor whose mailbox is full, because its system takes no turn until `release`, and some offers that wait. */
async function blocked(world: World, mailbox: MailboxOptions, types: readonly string[]) {
  const held: (() => void)[] = [];
  const scheduler = world.environment.scheduler as { defer: (callback: () => void) => void };
  const { defer } = scheduler;
  (world.system.environment.scheduler as typeof scheduler).defer = (callback) => void held.push(callback);
  const { actor, got } = open(world, mailbox);
  for (let i = 0; i < (mailbox.capacity ?? 1); i++) actor.tell({ type: `held-${i}` });
  const outcomes: Record<string, TellOutcome> = {};
  for (const type of types) void actor.offer({ type }).then((outcome) => (outcomes[type] = outcome));
  await nextTurn(1);
  const release = (): void => {
    scheduler.defer = defer;
    for (const callback of held.splice(0)) callback();
  };
  return { actor, got, outcomes, release };
}
