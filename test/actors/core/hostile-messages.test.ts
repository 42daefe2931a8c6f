import { describe, expect, it } from 'vitest';
import { createMachine } from 'xstate';
import type { ActorOutcome, Message } from '../../../src/actors/index.ts';
import { nextTurn } from '../support.ts';
import { boom, createWorld, scripted } from './support.ts';
import type { World } from './support.ts';

const UNDECODABLE = { accepted: false, reason: 'undecodable' };

const UNREADABLE: readonly [string, () => object][] = [
  ['whose type throws', () => Object.defineProperty({}, 'type', { get: boom })],
  ['that is a proxy which traps', () => new Proxy({}, { get: boom })],
  ['that is a revoked proxy', revoked],
];

describe('a message that cannot be read', () => {
  it.each(UNREADABLE)('%s is refused and a dead letter; neither tell nor offer throws', async (_, create) => {
    const world = createWorld();
    const actor = world.system.spawn(scripted(), { name: 'a' });

    const outcomes = [actor.tell(create() as Message as never), await actor.offer(create() as Message as never)];

    expect(outcomes).toEqual([UNDECODABLE, UNDECODABLE]);
    expect(world.system.deadLetters.counts).toEqual({ undecodable: 2 });
    expect(world.system.deadLetters.recent().map(({ message }) => message.type)).toEqual([
      'actor.unknown',
      'actor.unknown',
    ]);
  });

  it.each(UNREADABLE)('%s is a dead letter of an actor that has ended, too', async (_, create) => {
    const world = createWorld();
    const actor = world.system.spawn(scripted(), { name: 'a' });
    await world.system.stopActor(actor);

    const outcome = actor.tell(create() as Message as never);

    expect([outcome, world.system.deadLetters.counts]).toEqual([
      { accepted: false, reason: 'stopped' },
      { stopped: 1 },
    ]);
  });

  it.each(UNREADABLE)('%s fails the question that it is', async (_, create) => {
    const world = createWorld();
    const actor = world.system.spawn(scripted(), { name: 'a' });

    const answer = world.system.ask(actor, create() as Message as never, { deadlineMs: 10 });

    await expect(answer).rejects.toMatchObject({ code: 'MESSAGE_INVALID' });
  });

  it('does not need options for an offer: null is none', async () => {
    const world = createWorld();
    const actor = world.system.spawn(scripted(), { name: 'a', mailbox: { capacity: 1, overflow: 'block' } });
    actor.tell({ type: '1' });

    const outcome = actor.offer({ type: '2' }, null as never);
    await nextTurn();

    expect(await outcome).toEqual({ accepted: true });
  });
});

describe('a message whose type throws when it is read again', () => {
  const chart = createMachine({ initial: 'a', states: { a: { on: { next: 'b' } }, b: {} } });
  const plain = scripted({}, []);

  it.each(Array.from({ length: 24 }, (_, i) => i + 1))(
    'at the %d. reading, leaves each actor alive and at work, or ended for everybody',
    async (reading) => {
      for (const logic of [chart, plain]) {
        for (const inspect of [false, () => {}] as const) {
          const world = createWorld({ inspect });
          const actor = world.system.spawn(logic, { name: 'a' });
          const outcome = actor.tell(throwingAt(reading) as never);
          actor.tell({ type: 'later' } as never);
          await nextTurn();

          const state = isAlive(world, 'a') ? `${actor.waiting} waiting` : await failureOf(actor);
          expect(['0 waiting', 'failed ACTOR_FAILED']).toContain(state);
          expect(outcome.accepted).toBe(reading > 1);
          expect(await ends(world)).toMatchObject({ forced: 0 });
        }
      }
    },
  );

  it('fails the actor, and its supervision begins it anew', async () => {
    const world = createWorld();
    const logic = scripted({}, []);
    const actor = world.system.spawn(logic, { name: 'a', supervision: { restart: 'transient' } });

    actor.tell(throwingAt(2) as never);
    await world.pass(200);
    actor.tell({ type: 'x' });
    await nextTurn();

    expect([isAlive(world, 'a'), actor.restarts, actor.snapshot()]).toEqual([true, 1, 1]);
    expect(world.system.deadLetters.counts).toEqual({ poison: 1 });
  });
});

// Helpers

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}

/** A message whose type can be read, but not the `reading`th time, nor later. */
function throwingAt(reading: number): object {
  let readings = 0;
  return Object.defineProperty({}, 'type', {
    enumerable: true,
    get: () => (++readings >= reading ? boom() : 'next'),
  });
}

async function failureOf({ ended }: { readonly ended: Promise<ActorOutcome<unknown>> }): Promise<string> {
  const end = await ended;
  return end.kind === 'failed' ? `failed ${end.error.code}` : end.kind;
}

function isAlive({ system }: World, name: string): boolean {
  return system.actor(`/${name}`) !== undefined;
}

async function ends({ system, pass }: World) {
  const report = system.stop({ deadlineMs: 10 });
  await pass(10);
  return report;
}
