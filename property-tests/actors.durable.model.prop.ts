import { fc, test } from '@fast-check/vitest';
import { afterAll, describe, expect } from 'vitest';
import { assign, setup } from 'xstate';
import { behavior, tell } from '../src/actors/index.ts';
import type { Actor, ActorRef, AnyLogic, Message } from '../src/actors/index.ts';
import { crashable, newStore, persistIn, recordIn, settled, startNode } from '../test/actors/durable/support.ts';
import type { Node } from '../test/actors/durable/support.ts';
import { testScale } from '../test/setup/size.ts';

/** What is done to a durable actor. The last three are left out of the run that everything is compared with. */
type Step =
  | { readonly do: 'add'; readonly n: number }
  | { readonly do: 'arm' }
  | { readonly do: 'pass'; readonly ms: number }
  | { readonly do: 'crash'; readonly when: 'idle' | 'before' | 'after' }
  | { readonly do: 'loseAnswer' };

interface Order extends Message {
  readonly type: 'add' | 'arm';
  readonly id: number;
  readonly n: number;
}

/** What both kinds of logic hold. `last` makes an order that comes twice count once. */
interface Books {
  readonly last: number;
  readonly sum: number;
  readonly rings: number;
}

const seen = new Set<string>();

afterAll(() => {
  if (testScale().runs >= 100) {
    expect([...seen]).toEqual(
      expect.arrayContaining(['rang', 'crash idle', 'crash before', 'crash after', 'repeated', 'effect lost']),
    );
  }
});

describe.each([
  ['a chart', chart],
  ['a behaviour', plain],
])('%s that is stored', (_, make) => {
  test.prop([fc.array(step(), { maxLength: 14 })])(
    'comes to the same with crashes anywhere as without, and no effect leaves twice or unstored',
    async (steps) => {
      const disturbed = await run(make, steps);
      const quiet = await run(
        make,
        steps.filter((one) => one.do !== 'crash' && one.do !== 'loseAnswer'),
      );

      expect(disturbed.record).toEqual(quiet.record);
      expect(disturbed.told).toEqual(quiet.told.filter((text) => disturbed.told.includes(text)));
      if (disturbed.told.length < quiet.told.length) seen.add('effect lost');
    },
  );
});

// Helpers

function step(): fc.Arbitrary<Step> {
  return fc.oneof(
    { weight: 4, arbitrary: fc.record({ do: fc.constant('add' as const), n: fc.integer({ min: 1, max: 9 }) }) },
    { weight: 2, arbitrary: fc.constant({ do: 'arm' as const }) },
    { weight: 3, arbitrary: fc.record({ do: fc.constant('pass' as const), ms: fc.integer({ min: 1, max: 150 }) }) },
    {
      weight: 3,
      arbitrary: fc.record({
        do: fc.constant('crash' as const),
        when: fc.constantFrom('idle' as const, 'before' as const, 'after' as const),
      }),
    },
    { weight: 1, arbitrary: fc.constant({ do: 'loseAnswer' as const }) },
  );
}

/** Does the steps as a sender that repeats what was not stored, and says what is stored in the end and what was told. */
async function run(make: (sink: ActorRef) => AnyLogic, steps: readonly Step[]) {
  const store = newStore();
  const told: string[] = [];
  let life = await begin(make, store, 0);
  let armedCrash: 'before' | 'after' | undefined;
  let id = 0;

  const again = async (): Promise<void> => {
    told.push(...life.node.told);
    life = await begin(make, store, life.node.environment.clock.now());
  };

  const send = async (order: Order): Promise<void> => {
    if (armedCrash === 'before') store.failNext({ how: 'silent', operation: 'save' });
    if (armedCrash === 'after') life.wire.crashInSave();
    const isCrash = armedCrash !== undefined;
    if (isCrash) seen.add(`crash ${armedCrash}`);
    armedCrash = undefined;
    life.actor.tell(order as never);
    await settled();
    if (isCrash) {
      life.wire.crash();
      await again();
    }
    if (booksOf(life.actor.snapshot()).last >= order.id) return;
    seen.add('repeated');
    await send(order);
  };

  for (const one of steps) {
    if (one.do === 'pass') await life.node.environment.clock.advanceAsync(one.ms);
    else if (one.do === 'loseAnswer') store.failNext({ how: 'after', operation: 'save' });
    else if (one.do === 'crash' && one.when === 'idle') {
      seen.add('crash idle');
      life.wire.crash();
      await again();
    } else if (one.do === 'crash') armedCrash = one.when === 'before' ? 'before' : 'after';
    else await send({ type: one.do, id: ++id, n: one.do === 'add' ? one.n : 0 });
    await settled();
  }
  told.push(...life.node.told);
  if (booksOf(life.actor.snapshot()).rings > 0) seen.add('rang');
  const { state, timers } = recordIn(store, 'counter');
  return { record: { state, timers }, told };
}

async function begin(make: (sink: ActorRef) => AnyLogic, store: ReturnType<typeof newStore>, at: number) {
  const node: Node = startNode(at);
  const wire = crashable(store);
  const persist = persistIn(wire.store);
  const actor = node.system.spawn(make(node.sink), { name: 'counter', persist }) as unknown as Actor;
  await settled();
  return { node, wire, actor };
}

function booksOf(snapshot: unknown): Books {
  const { context } = snapshot as { readonly context?: Books };
  return context ?? (snapshot as Books);
}

function chart(sink: ActorRef): AnyLogic {
  return setup({
    types: { context: {} as Books, events: {} as Order },
    guards: { isNew: ({ context, event }) => event.id > context.last },
    actions: {
      note: assign({ last: ({ event }) => event.id, sum: ({ context, event }) => context.sum + event.n }),
      ring: assign({ rings: ({ context }) => context.rings + 1 }),
      report: tell(sink, ({ event }) => ({ type: `order ${event.id}` })),
    },
  }).createMachine({
    id: 'books',
    context: { last: 0, sum: 0, rings: 0 },
    initial: 'idle',
    on: { add: { guard: 'isNew', actions: ['note', 'report'] } },
    states: {
      idle: { on: { arm: { guard: 'isNew', target: 'armed', actions: ['note', 'report'] } } },
      armed: {
        on: { arm: { guard: 'isNew', target: 'armed', reenter: true, actions: ['note', 'report'] } },
        after: { 100: { target: 'idle', actions: 'ring' } },
      },
    },
  });
}

function plain(sink: ActorRef): AnyLogic {
  return behavior<Order | { readonly type: 'ring' }, Books>({
    initial: { last: 0, sum: 0, rings: 0 },
    receive: (books, message, actor) => {
      if (message.type === 'ring') return { ...books, rings: books.rings + 1 };
      if (message.id <= books.last) return books;
      if (message.type === 'arm') actor.startTimer('bell', { afterMs: 100 }, { type: 'ring' });
      actor.tell(sink, { type: `order ${message.id}` });
      return { ...books, last: message.id, sum: books.sum + message.n };
    },
  });
}
