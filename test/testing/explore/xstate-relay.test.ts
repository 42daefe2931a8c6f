import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { createActor, createMachine, fromCallback, fromPromise, raise, sendParent, sendTo } from 'xstate';
import type { AnyActorRef, AnyMachineSnapshot, AnyStateMachine, EventObject } from 'xstate';
import { createVirtualClock, dfs, interceptRelay } from '../../../src/testing/index.ts';
import type { Choice, Delivery } from '../../../src/testing/index.ts';
import { createRecorder } from '../../../src/testing/index.ts';

describe('interceptRelay', () => {
  it('lets dfs see all 6 orders of 2 children with 2 messages each', () => {
    const orders = new Set<string>();
    let schedules = 0;
    const strategy = dfs();
    for (let chooser = strategy.next(0); chooser !== undefined; chooser = strategy.next(++schedules)) {
      const recorder = createRecorder(chooser);
      const { held, log } = start(pairMachine());
      deliverAll(held, (lanes) => recorder.decide(lanes));
      orders.add(log().join());
      strategy.done(recorder.decisions);
    }

    expect([schedules, orders.size]).toEqual([6, 6]);
    expect([...orders].every((order) => /a1.*a2/.test(order) && /b1.*b2/.test(order))).toBe(true);
  });

  it('holds sends between root and child, both ways, with their source', () => {
    const { held, root } = start(pingMachine());

    root.send({ type: 'ping' });
    const lines = drain(held);

    expect(lines).toEqual(['nobody to root: ping', 'root to child: ping', 'child to root: pong']);
  });

  it('holds timers: of after, of a delayed raise and of a delayed send', () => {
    const { held, clock } = start(timerMachine());

    clock.advance(30);

    expect(drain(held)).toEqual(['root to root: xstate.after.10.root', 'root to root: raised', 'root to child: sent']);
  });

  it('holds the outcome of a promise until it is delivered', async () => {
    const { held, root } = start(promiseMachine());
    await vi.waitFor(() => expect(held).toHaveLength(2));

    const before = root.getSnapshot() as AnyMachineSnapshot;
    const lines = drain(held);

    expect(before.value).toBe('loading');
    expect(lines.toSorted()).toEqual([
      'bad to bad: xstate.promise.reject',
      'bad to root: xstate.error.actor.bad',
      'good to good: xstate.promise.resolve',
      'good to root: xstate.done.actor.good',
    ]);
    expect((root.getSnapshot() as AnyMachineSnapshot).value).toBe('loaded');
  });

  it('drops what is not delivered and doubles what is delivered twice', () => {
    const { held, root, log } = start(pairMachine());
    for (const { event, deliver } of held.splice(0)) {
      if (event.type === 'a1') continue;
      deliver();
      if (event.type === 'b1') deliver();
    }

    expect(log()).toEqual(['a2', 'b1', 'b1', 'b2']);
    expect(root.getSnapshot().status).toBe('active');
  });

  it('leaves the system as it was when it is taken out', () => {
    const root = createActor(pairMachine());
    onTestFinished(() => void root.stop());
    const system = root.system as unknown as { _relay: unknown };
    const before = system._relay;
    const held: Delivery[] = [];

    const takeOut = interceptRelay(root, (delivery) => held.push(delivery));
    takeOut();
    root.start();

    expect([system._relay, held]).toEqual([before, []]);
    expect(root.getSnapshot().context.log).toEqual(['a1', 'a2', 'b1', 'b2']);
  });

  it('lets everything pass once it is taken out from under a later hook', () => {
    const root = createActor(pairMachine());
    onTestFinished(() => void root.stop());
    const held: Delivery[] = [];
    const takeOutFirst = interceptRelay(root, (delivery) => held.push(delivery));
    const takeOutSecond = interceptRelay(root, ({ deliver }) => deliver());

    takeOutFirst();
    root.start();
    takeOutSecond();

    expect(held).toEqual([]);
    expect(root.getSnapshot().context.log).toHaveLength(4);
  });
});

describe('an XState that has changed', () => {
  it.each<[string, (actor: AnyActorRef) => void, string]>([
    ['has no relay', (actor) => Reflect.deleteProperty(actor.system, '_relay'), 'system._relay(source, target, event)'],
    [
      'relays with other parameters',
      (actor) => Object.assign(actor.system, { _relay: (_delivery: unknown) => {} }),
      'system._relay(source, target, event)',
    ],
    ['freezes its system', (actor) => Object.freeze(actor.system), 'a writable system._relay'],
  ])('that %s is refused with its version', (_, change, missing) => {
    const root = createActor(pairMachine());
    change(root);

    expect(() => interceptRelay(root, () => {})).toThrow(
      `[XSTATE_CHANGED] xstate 5.33.3 lacks what the race kernel hooks into: ${missing}`,
    );
  });

  it('that sends past its relay is noticed by the trial, before anything is hooked', () => {
    const Real = createActor(pairMachine()).constructor as new (...args: never[]) => AnyActorRef;
    class Changed extends Real {
      override send = (event: EventObject): void =>
        (this as unknown as { _send(event: EventObject): void })._send(event);
    }
    const root = new Changed(...([pairMachine(), {}] as never[]));

    expect(() => interceptRelay(root, () => {})).toThrow(/XSTATE_CHANGED.*nobody to root: from outside/);
  });
});

// Helpers

interface Lane extends Choice {
  readonly deliver: () => void;
}

function start(machine: AnyStateMachine) {
  const clock = createVirtualClock();
  const root = createActor(machine, { id: 'root', clock });
  const held: Delivery[] = [];
  const takeOut = interceptRelay(root, (delivery) => held.push(delivery));
  root.start();
  onTestFinished(() => {
    takeOut();
    root.stop();
  });
  const log = (): readonly string[] => (root.getSnapshot() as AnyMachineSnapshot).context.log;
  return { root, held, clock, log };
}

/** First message of each lane, until there is none. */
function deliverAll(held: Delivery[], decide: (lanes: readonly Lane[]) => Lane): void {
  while (held.length > 0) {
    const lanes = new Map<string, Lane>();
    for (const delivery of held) {
      const key = `${delivery.source?.id}->${delivery.target.id}`;
      if (lanes.has(key)) continue;
      const deliver = (): void => {
        held.splice(held.indexOf(delivery), 1);
        delivery.deliver();
      };
      lanes.set(key, { key, kind: 'message', deliver });
    }
    decide([...lanes.values()]).deliver();
  }
}

/** Delivers in order, also what comes of it. */
function drain(held: Delivery[]): string[] {
  const lines: string[] = [];
  for (let next = held.shift(); next !== undefined; next = held.shift()) {
    lines.push(`${next.source?.id ?? 'nobody'} to ${next.target.id}: ${next.event.type}`);
    next.deliver();
  }
  return lines;
}

function pairMachine() {
  const sender = (name: string) =>
    fromCallback(({ sendBack }) => {
      sendBack({ type: `${name}1` });
      sendBack({ type: `${name}2` });
    });
  return createMachine({
    types: {} as { context: { log: string[] } },
    id: 'root',
    context: { log: [] },
    invoke: [
      { id: 'a', src: sender('a') },
      { id: 'b', src: sender('b') },
    ],
    on: { '*': { actions: ({ context, event }) => void context.log.push(event.type) } },
  });
}

function pingMachine() {
  const child = createMachine({ on: { ping: { actions: sendParent({ type: 'pong' }) } } });
  return createMachine({
    id: 'root',
    invoke: { id: 'child', src: child },
    on: { ping: { actions: sendTo('child', { type: 'ping' }) } },
  });
}

function timerMachine() {
  return createMachine({
    id: 'root',
    invoke: { id: 'child', src: fromCallback(() => {}) },
    after: { 10: { actions: () => {} } },
    entry: [raise({ type: 'raised' }, { delay: 20 }), sendTo('child', { type: 'sent' }, { delay: 30 })],
  });
}

function promiseMachine() {
  return createMachine({
    id: 'root',
    initial: 'loading',
    states: {
      loading: {
        invoke: [
          { id: 'good', src: fromPromise(() => Promise.resolve(1)), onDone: {} },
          { id: 'bad', src: fromPromise(() => Promise.reject(new Error('no'))), onError: 'loaded' },
        ],
      },
      loaded: {},
    },
  });
}
