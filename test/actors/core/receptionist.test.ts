import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { serviceKey } from '../../../src/actors/index.ts';
import type { ActorRef, ListingMessage } from '../../../src/actors/index.ts';
import { nextTurn } from '../support.ts';
import { boom, createWorld, scripted } from './support.ts';
import type { AnyMessage } from './support.ts';

const KEY = serviceKey<AnyMessage>('store');

describe('the receptionist', () => {
  it('finds the actors under a key in the order of their registration, each once', () => {
    const { system, spawn } = open();
    const [a, b] = [spawn('a'), spawn('b')];

    for (const actor of [b, a, b]) system.receptionist.register(KEY, actor);

    expect(system.receptionist.find(serviceKey('store'))).toEqual([b, a]);
    expect(system.receptionist.find(serviceKey('other'))).toEqual([]);
  });

  it('R1: forgets an actor that has ended, and one that was taken out', async () => {
    const { system, spawn } = open();
    const [a, b, c] = [spawn('a'), spawn('b'), spawn('c')];
    for (const actor of [a, b, c]) system.receptionist.register(KEY, actor);

    await system.stopActor(a);
    system.receptionist.unregister(KEY, b);
    system.receptionist.unregister(KEY, b);

    expect(system.receptionist.find(KEY)).toEqual([c]);
  });

  it('R1: keeps an actor through its restarts', async () => {
    const { system, world } = open();
    const actor = world.system.spawn(scripted({ fail: boom }), { name: 'a', supervision: { restart: 'transient' } });
    system.receptionist.register(KEY, actor);

    actor.tell({ type: 'fail' });
    await world.pass(200);

    expect([actor.restarts, system.receptionist.find(KEY)]).toEqual([1, [actor]]);
  });

  it('refuses an actor that has ended, and one of another system', async () => {
    const { system, spawn } = open();
    const ended = spawn('a');
    await system.stopActor(ended);
    const missing = expect.objectContaining({ code: 'NOT_FOUND' });

    for (const actor of [ended, open().spawn('a')])
      expect(() => system.receptionist.register(KEY, actor)).toThrow(missing);
  });

  it('R2: tells a subscriber who is there, and each change after that', async () => {
    const { system, spawn } = open();
    const heard: string[] = [];
    const [a, b] = [spawn('a'), spawn('b')];
    system.receptionist.register(KEY, a);
    const stop = system.receptionist.subscribe(KEY, (refs) => heard.push(names(refs)));

    system.receptionist.register(KEY, b);
    system.receptionist.register(KEY, b);
    await system.stopActor(a);
    stop();
    await system.stopActor(b);

    expect(heard).toEqual(['a', 'a b', 'b']);
  });

  it('R2: keeps the order for all subscribers when one of them makes a change', () => {
    const { system, spawn } = open();
    const [a, b] = [spawn('a'), spawn('b')];
    const heard: string[] = [];
    system.receptionist.subscribe(KEY, (refs) => {
      if (names(refs) === 'a') system.receptionist.register(KEY, b);
    });
    system.receptionist.subscribe(KEY, (refs) => heard.push(names(refs)));

    system.receptionist.register(KEY, a);

    expect(heard).toEqual(['', 'a', 'a b']);
  });

  it('calls a subscriber no more that has left meanwhile, and survives one that throws', () => {
    const { system, spawn, world } = open();
    const heard: string[] = [];
    let stop: () => void = () => {};
    system.receptionist.subscribe(KEY, (refs) => {
      if (refs.length === 0) return;
      stop();
      boom();
    });
    stop = system.receptionist.subscribe(KEY, (refs) => heard.push(names(refs)));

    system.receptionist.register(KEY, spawn('a'));

    expect([heard, world.logged('error')]).toEqual([[''], ['a subscriber of the receptionist threw']]);
  });

  it('tells an actor that subscribes by messages, until that has ended', async () => {
    const { system, spawn, world } = open();
    const listings: string[] = [];
    const logic = scripted({
      'actor.listing': (_, message) => {
        const { key, refs } = message as unknown as ListingMessage;
        listings.push(`${key}: ${names(refs)}`);
      },
    });
    const watcher = world.system.spawn(logic, { name: 'watcher', mailbox: { capacity: 1 } });
    system.receptionist.subscribe(KEY, watcher as unknown as ActorRef<ListingMessage>);

    for (const name of ['a', 'b']) system.receptionist.register(KEY, spawn(name));
    await nextTurn();
    await system.stopActor(watcher);
    system.receptionist.register(KEY, spawn('c'));
    await nextTurn();

    expect(listings).toEqual(['store: ', 'store: a', 'store: a b']);
  });

  it('R3: looks at the keys of the actor that ends alone, so that 1,000 ends take out 1,000 keys', async () => {
    const { system, spawn } = open();
    for (let i = 0; i < 1_000; i++) {
      const actor = spawn(`a${i}`);
      system.receptionist.register(serviceKey(`key-${i}`), actor);
      system.receptionist.subscribe(serviceKey(`key-${i}`), actor as unknown as ActorRef<ListingMessage>);
    }
    const deleted = vi.spyOn(Set.prototype, 'delete');
    onTestFinished(() => deleted.mockRestore());

    await system.stop({ deadlineMs: 60_000 });

    expect(system.receptionist.find(serviceKey('key-7'))).toEqual([]);
    expect(deleted.mock.calls.length).toBeLessThan(20_000);
  });

  it('forgets the keys and the subscription of an actor that has taken both back', async () => {
    const { system, spawn } = open();
    const actor = spawn('a');
    const stop = system.receptionist.subscribe(KEY, actor as unknown as ActorRef<ListingMessage>);
    system.receptionist.register(KEY, actor);

    stop();
    system.receptionist.unregister(KEY, actor);
    system.receptionist.register(KEY, actor);
    await system.stopActor(actor);

    expect(system.receptionist.find(KEY)).toEqual([]);
  });
});

// Helpers

function open() {
  const world = createWorld();
  return { world, system: world.system, spawn: (name: string) => world.system.spawn(scripted(), { name }) };
}

function names(refs: readonly ActorRef<never>[]): string {
  return refs.map(({ name }) => name).join(' ');
}
