import { describe, expect, it } from 'vitest';
import { createMachine, emit, fromCallback, fromPromise, fromTransition, setup } from 'xstate';
import type { AnyActorLogic } from 'xstate';
import { behavior, createSystem, spawn } from '../../../src/actors/index.ts';
import type { ActorSystem, Message } from '../../../src/actors/index.ts';
import { createManualEnvironment } from '../../../src/ports/index.ts';
import type { ManualEnvironment } from '../../../src/ports/index.ts';
import { collector, nextTurn, witness } from '../support.ts';

// Whatever reaches `process` as an uncaught error or an unhandled rejection fails the run, so no test asks for that.
const boom = (): never => {
  throw new Error('boom');
};

const aboutBoom: unknown = expect.stringContaining('boom');

const FAILING: [string, AnyActorLogic][] = [
  ['whose context cannot be made', createMachine({ context: boom })],
  ['whose entry action throws', createMachine({ entry: boom })],
  ['whose action throws', createMachine({ on: { go: { actions: boom } } })],
  [
    'whose guard throws',
    createMachine({ initial: 'a', states: { a: { on: { go: { guard: boom, target: 'b' } } }, b: {} } }),
  ],
  [
    'whose delay throws',
    setup({ delays: { never: boom } }).createMachine({ initial: 'a', states: { a: { after: { never: 'b' } }, b: {} } }),
  ],
  [
    'that is a function which throws',
    fromTransition((_: unknown, { type }) => (type === 'go' ? boom() : undefined), undefined),
  ],
  ['that is a callback which throws', fromCallback(boom)],
  ['that is a promise which rejects', fromPromise(async () => boom())],
  ['whose invoked promise rejects unheard', createMachine({ invoke: { src: fromPromise(async () => boom()) } })],
];

describe('C2: an actor', () => {
  it.each(FAILING)('%s fails alone, with the error as its outcome and in the log', async (_, logic) => {
    const { system, environment } = start();
    const { logic: peerLogic, got } = collector();
    const peer = system.spawn(peerLogic, { name: 'peer' });

    const actor = system.spawn(logic, { name: 'broken' });
    actor.tell({ type: 'go' });
    const outcome = await actor.ended;
    peer.tell({ type: 'still here' });
    await nextTurn();

    expect(outcome).toMatchObject({ kind: 'failed', error: { code: 'ACTOR_FAILED', rawMessage: aboutBoom } });
    expect([got, system.actors(), actor.tell({ type: 'go' })]).toEqual([
      ['still here'],
      [peer],
      { accepted: false, reason: 'stopped' },
    ]);
    expect(environment.log.entries.filter(({ level }) => level === 'error')).toMatchObject([
      { message: 'actor "/broken" failed', fields: { actor: '/broken', error: { rawMessage: aboutBoom } } },
    ]);
  });

  it('that failed at its start frees its name', async () => {
    const { system } = start();
    await system.spawn(createMachine({ context: boom }), { name: 'a' }).ended;

    expect(() => system.spawn(collector().logic, { name: 'a' })).not.toThrow();
  });

  it.each([
    ['an object without a prototype', Object.create(null), 'object'],
    ['a string', 'boom', 'boom'],
    ['nothing', undefined, 'undefined'],
  ])('fails as well on %s that is thrown', async (_, thrown: unknown, text) => {
    const { system } = start();
    const logic = createMachine({
      on: {
        go: {
          actions: () => {
            throw thrown;
          },
        },
      },
    });
    const actor = system.spawn(logic, { name: 'a' });

    actor.tell({ type: 'go' });

    expect(await actor.ended).toMatchObject({
      error: { code: 'ACTOR_FAILED', rawMessage: `a value that is no error was thrown: ${text}` },
    });
  });

  it('that fails while others listen is nobody else’s error', async () => {
    const { system } = start();
    const actor = system.spawn(createMachine({ on: { go: { actions: boom } } }), { name: 'a' });
    actor.subscribe(() => {});
    actor.onFact(() => {});

    actor.tell({ type: 'go' });
    await actor.ended;
    actor.subscribe(() => {})();
    actor.onFact(() => {})();
    await nextTurn();

    expect(actor.snapshot()).toMatchObject({ status: 'error' });
  });

  it('that fails ends what it spawned, then what it invoked', async () => {
    const { system } = start();
    const notes: string[] = [];
    const chart = setup({
      actors: { invoked: witness('invoked', notes), over: fromPromise(async () => {}) },
      actions: { boom, raise: spawn('child', witness('child', notes)) },
    }).createMachine({
      entry: 'raise',
      invoke: [{ src: 'invoked' }, { src: 'over' }],
      on: { go: { actions: 'boom' } },
    });
    const actor = system.spawn(chart, { name: 'a' });
    await nextTurn();

    actor.tell({ type: 'go' });
    await actor.ended;

    expect(notes).toEqual(['invoked begins', 'child begins', 'child ends', 'invoked ends']);
  });

  it('leaves its parent alone when it fails', async () => {
    const { system } = start();
    const chart = setup({ actions: { raise: spawn('child', createMachine({ entry: boom })) } }).createMachine({
      on: { go: { actions: 'raise' } },
    });
    const parent = system.spawn(chart, { name: 'parent' });

    parent.tell({ type: 'go' });
    await nextTurn();

    expect(system.actors()).toEqual([parent]);
  });
});

describe('a listener that throws', () => {
  const talker = setup({ actions: { say: emit({ type: 'said' }) } }).createMachine({
    initial: 'a',
    states: { a: { on: { go: { target: 'b', actions: 'say' } } }, b: { on: { go: { target: 'a', actions: 'say' } } } },
  });

  it.each(['subscribe', 'onFact'] as const)(
    'is logged and stops neither the actor nor other listeners of %s',
    async (method) => {
      const { system, environment } = start();
      const actor = system.spawn(talker, { name: 'a' });
      let heard = 0;
      actor[method](boom);
      actor[method](() => heard++);

      actor.tell({ type: 'go' });
      actor.tell({ type: 'go' });
      await nextTurn();

      expect([heard, actor.snapshot().status]).toEqual([2, 'active']);
      expect(environment.log.entries.map(({ message }) => message)).toEqual([
        'actor "/a": a listener threw',
        'actor "/a": a listener threw',
      ]);
    },
  );
});

describe('a listener that subscribes anew while it is called', () => {
  it.each(['subscribe', 'onFact'] as const)('is called once for each, and costs %s no turn', async (method) => {
    const { system } = start();
    const logic = behavior<Message, object>({
      initial: () => ({}),
      receive(_, message, actor) {
        actor.emit(message);
        return {};
      },
    });
    const actor = system.spawn(logic, { name: 'a' });
    const heard: string[] = [];
    let stop: () => void;
    const again = (): void => {
      if (heard.push('again') > 100) throw new Error('called for ever');
      stop();
      stopOther();
      stop = actor[method](again);
    };
    stop = actor[method](again);
    const stopOther = actor[method](() => heard.push('other'));

    actor.tell({ type: 'x' });
    await nextTurn();
    actor.tell({ type: 'y' });
    await nextTurn();

    expect(heard).toEqual(['again', 'again']);
  });
});

// Helpers

function start(): { system: ActorSystem; environment: ManualEnvironment } {
  const environment = createManualEnvironment();
  return { system: createSystem({ environment }), environment };
}
