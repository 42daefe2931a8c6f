import { describe, expect, it } from 'vitest';
import { createMachine, fromCallback, fromPromise } from 'xstate';
import { behavior } from '../../../src/actors/index.ts';
import type { Actor, ActorRef, Expects, Message } from '../../../src/actors/index.ts';
import { explore } from '../../../src/testing/index.ts';
import type { ScheduleContext } from '../../../src/testing/index.ts';

type Note = { readonly type: 'note'; readonly text: string };

describe('mailboxes', () => {
  it('keep the order of each sender, and mix senders in all 6 ways', async () => {
    const seen = await outcomes(({ system, client }) => {
      const sink = system.spawn(noteLogic(), { name: 'sink' });
      for (const name of ['a', 'b']) {
        client(name, (me) => {
          me.tell(sink, { type: 'note', text: `${name}1` });
          me.tell(sink, { type: 'note', text: `${name}2` });
        });
      }
      return () => sink.snapshot();
    });

    expect(seen.size).toBe(6);
    expect([...seen].every((order) => /a1.*a2/.test(order) && /b1.*b2/.test(order))).toBe(true);
  });

  it('bring the end of a watched actor after what it had sent', async () => {
    const seen = await outcomes(({ system }) => {
      const log: string[] = [];
      const watcher = system.spawn(watcherLogic(log), { name: 'watcher' });
      const subject = system.spawn(lastWordsLogic(watcher), { name: 'subject' });
      watcher.tell({ type: 'watch', ref: subject });
      subject.tell({ type: 'end' });
      return () => log.join();
    });

    expect([...seen]).toEqual(['last words,actor.terminated']);
  });

  it('put what was stashed before everything else', async () => {
    const seen = await outcomes(({ system, client }) => {
      const log: string[] = [];
      const ref = system.spawn(stashLogic(log), { name: 'stash' });
      client(
        'a',
        (me) => void [me.tell(ref, { type: 'x' }), me.tell(ref, { type: 'open' }), me.tell(ref, { type: 'y' })],
      );
      return () => log.join();
    });

    expect([...seen]).toEqual(['x,y']);
  });
});

describe('time', () => {
  it('lets timers of one moment come in either order, and none before an earlier one', async () => {
    const seen = await outcomes(({ system }) => {
      const ref = system.spawn(timerLogic({ a: 10, b: 10, c: 20 }), { name: 'timers' });
      return () => ref.snapshot();
    });

    expect([...seen].toSorted()).toEqual(['abc', 'bac']);
  });

  it('runs before the reply or after it, when a question has a deadline', async () => {
    const seen = await outcomes(({ system, client }) => {
      const log: string[] = [];
      const ref = system.spawn(echoLogic(), { name: 'echo' });
      client('me', async (me) => {
        log.push(await me.ask(ref, { type: 'ask' }, { deadlineMs: 10 }).catch((error: Error) => error.name));
      });
      return () => log.join();
    });

    expect([...seen].toSorted()).toEqual(['DeadlineExceededError', 'reply']);
  });

  it('waits for everything else with earlyTimers: 0', async () => {
    const scenario = {
      setup({ system, client }: ScheduleContext) {
        const log: string[] = [];
        const ref = system.spawn(echoLogic(), { name: 'echo' });
        client('me', async (me) => void log.push(await me.ask(ref, { type: 'ask' }, { deadlineMs: 10 })));
        return log;
      },
      check: (log: readonly string[]) => log.join() === 'reply',
    };

    expect(await explore(scenario, { strategy: 'dfs', earlyTimers: 0 })).toMatchObject({ exhausted: true });
  });

  it('stops at the limit when a timer comes again and again', async () => {
    const ref: { current?: Actor<ReturnType<typeof tickLogic>> } = {};
    const result = await explore(
      {
        setup({ system }) {
          ref.current = system.spawn(tickLogic(), { name: 'ticks' });
        },
      },
      { schedules: 1, limitMs: 1000 },
    );

    expect([result.schedules, ref.current?.snapshot()]).toEqual([1, 10]);
  });
});

describe('charts', () => {
  it('get the messages of 2 invoked children with 2 each in all 6 orders', async () => {
    const seen = await outcomes(({ system }) => {
      const actor = system.spawn(pairMachine(), { name: 'pair' });
      return () => actor.snapshot().context.log.join();
    });

    expect(seen.size).toBe(6);
    expect([...seen].every((order) => /a1.*a2/.test(order) && /b1.*b2/.test(order))).toBe(true);
  });

  it('get the results of 2 promises in both orders', async () => {
    const seen = await outcomes(({ system }) => {
      const actor = system.spawn(promisesMachine(), { name: 'promises' });
      return () => actor.snapshot().context.log.join();
    });

    expect([...seen].toSorted()).toEqual(['a,b', 'b,a']);
  });

  it('never get the result of a promise that was left before', async () => {
    const seen = await outcomes(({ system, client }) => {
      const actor = system.spawn(leavingMachine(), { name: 'leaving' });
      client('me', (me) => me.tell(actor, { type: 'leave' }));
      return () => JSON.stringify(actor.snapshot().value);
    });

    expect([...seen].toSorted()).toEqual(['"left"', '"leftAfterLoading"']);
  });
});

describe('ports', () => {
  it('settle in every order, whatever the implementation does', async () => {
    const seen = await outcomes(({ port, client }) => {
      const log: string[] = [];
      const store = port('store', { load: async (key: string) => key });
      for (const key of ['a', 'b', 'c']) client(key, async () => void log.push(await store.load(key)));
      return () => log.join('');
    });

    expect(seen.size).toBe(6);
  });

  it('hold promises that are properties, and pass on what is no promise', async () => {
    const seen = await outcomes(({ port, client }) => {
      const log: string[] = [];
      const wrapped = port('thing', new Thing());
      client('a', async () => void log.push(await wrapped.ended));
      client('b', () => void log.push(wrapped.name()));
      return () => log.join();
    });

    expect([...seen].toSorted()).toEqual(['ended,thing', 'thing,ended']);
  });
});

// Helpers

/** What a scenario comes to, over all its schedules. */
async function outcomes(setup_: (context: ScheduleContext) => () => string): Promise<ReadonlySet<string>> {
  const seen = new Set<string>();
  const scenario = { setup: setup_, check: (result: () => string) => void seen.add(result()) };
  const { exhausted } = await explore(scenario, { strategy: 'dfs' });
  expect(exhausted).toBe(true);
  return seen;
}

function noteLogic() {
  return behavior<Note, string>({ initial: '', receive: (all, { text }) => all + text });
}

function watcherLogic(log: string[]) {
  return behavior<
    { type: 'watch'; ref: ActorRef<never> } | { type: 'last words' } | { type: 'actor.terminated' },
    undefined
  >({
    initial: undefined,
    receive(state, message, actor) {
      if (message.type === 'watch') actor.watch(message.ref);
      else log.push(message.type);
      return state;
    },
  });
}

function lastWordsLogic(to: ActorRef<{ type: 'last words' }>) {
  return behavior<{ type: 'end' }, undefined>({
    initial: undefined,
    receive(state, _, actor) {
      actor.tell(to, { type: 'last words' });
      actor.finish();
      return state;
    },
  });
}

function stashLogic(log: string[]) {
  return behavior<Message, boolean>({
    initial: false,
    receive(isOpen, message, actor) {
      if (message.type === 'open') {
        actor.unstash();
        return true;
      }
      if (isOpen) log.push(message.type);
      else actor.stash();
      return isOpen;
    },
  });
}

function timerLogic(timers: Readonly<Record<string, number>>) {
  return behavior<Note, string>({
    initial(_, actor) {
      for (const [text, afterMs] of Object.entries(timers)) actor.startTimer(text, { afterMs }, { type: 'note', text });
      return '';
    },
    receive: (all, { text }) => all + text,
  });
}

function echoLogic() {
  return behavior<{ type: 'ask' } & Expects<string>, undefined>({
    initial: undefined,
    receive(state, _, actor) {
      actor.reply('reply');
      return state;
    },
  });
}

function tickLogic() {
  return behavior<{ type: 'tick' }, number>({
    initial(_, actor) {
      actor.startTimer('tick', { afterMs: 100, repeat: 'fixedRate' }, { type: 'tick' });
      return 0;
    },
    receive: (count) => count + 1,
  });
}

function pairMachine() {
  const child = (name: string) =>
    fromCallback(({ sendBack }) => {
      sendBack({ type: 'note', text: `${name}1` });
      sendBack({ type: 'note', text: `${name}2` });
    });
  return createMachine({
    types: {} as { context: { log: string[] }; events: Note },
    context: { log: [] },
    invoke: [
      { src: child('a'), id: 'a' },
      { src: child('b'), id: 'b' },
    ],
    on: { note: { actions: ({ context, event }) => void context.log.push(event.text) } },
  });
}

function promisesMachine() {
  const logger = ({ context, event }: { context: { log: string[] }; event: { output: string } }): void =>
    void context.log.push(event.output);
  return createMachine({
    types: {} as { context: { log: string[] } },
    context: () => ({ log: [] }),
    invoke: [
      { src: fromPromise(async () => 'a'), onDone: { actions: logger } },
      { src: fromPromise(async () => 'b'), onDone: { actions: logger } },
    ],
  });
}

function leavingMachine() {
  return createMachine({
    initial: 'loading',
    states: {
      loading: { invoke: { src: fromPromise(async () => 1), onDone: 'loaded' }, on: { leave: 'left' } },
      loaded: { on: { leave: 'leftAfterLoading' } },
      left: {},
      leftAfterLoading: {},
    },
  });
}

class Thing {
  readonly #name = 'thing';
  readonly ended = Promise.resolve('ended');

  name(): string {
    return this.#name;
  }
}
