import { describe, expect, it } from 'vitest';
import { behavior } from '../../src/actors/index.ts';
import type { ActorRef, Expects, Message } from '../../src/actors/index.ts';
import { defineScenario, exactlyOneTerminated, explore, noLeaks } from '../../src/testing/index.ts';
import type { Verdict } from '../../src/testing/index.ts';
import { raceSize } from './race-size.ts';

type Note = { readonly type: 'note'; readonly number: number };

describe('the actor core', () => {
  it('answers each watch once when it meets the end, an unwatch and a second watch', async () => {
    const told = new Set<number>();
    const scenario = defineScenario({
      name: 'watch x end',
      setup({ system, client }) {
        const subject = system.spawn(sinkLogic([]), { name: 'subject' });
        const watcher = system.spawn(watcherLogic(subject), { name: 'watcher' });
        client('one', ...['watch', 'unwatch', 'watch'].map((type) => () => watcher.tell({ type } as never)));
        client('stopper', () => void system.stopActor(subject));
        return watcher;
      },
      oracles: [exactlyOneTerminated(), noLeaks()],
      check(watcher): Verdict {
        told.add(watcher.snapshot());
        // A watch that was answered, taken back and begun again is two watches.
        return watcher.snapshot() >= 1 && watcher.snapshot() <= 2;
      },
    });

    const result = await explore(scenario, raceSize(1200));

    expect(result.distinct).toBeGreaterThan(30);
    expect([...told].toSorted((a, b) => a - b)).toEqual([1, 2]);
  });

  it('settles each question once when the reply meets the deadline, and counts late replies', async () => {
    const ends = new Set<string>();
    const scenario = defineScenario({
      name: 'ask x deadline x reply',
      setup({ system, client }) {
        const log: string[] = [];
        const echo = system.spawn(echoLogic(), { name: 'echo' });
        const asker = system.spawn(askerLogic(echo, log), { name: 'asker' });
        asker.tell({ type: 'go' });
        client('me', async (me) => {
          const answer = me.ask(echo, { type: 'ask' }, { deadlineMs: 10 });
          await answer.then(
            () => log.push('client replied'),
            () => log.push('client failed'),
          );
        });
        return { log, counts: system.deadLetters.counts };
      },
      oracles: [noLeaks()],
      completes: true,
      check({ log, counts }): Verdict {
        ends.add([...log].toSorted().join());
        if (log.length !== 2) return `${log.length} settlements of 2 questions`;
        const failed = log.filter((line) => line.endsWith('failed')).length;
        return (counts.lateReply ?? 0) === failed || `${counts.lateReply ?? 0} late replies for ${failed} failures`;
      },
    });

    await explore(scenario, raceSize(1200));

    expect(ends.size).toBe(4);
  });

  it('brings what was stashed first, once, in order, when stashes meet restarts', async () => {
    const scenario = defineScenario({
      name: 'stash x restart',
      setup({ system, client }) {
        const done: number[] = [];
        const supervision = { restart: 'permanent', maxRestarts: 5 } as const;
        const ref = system.spawn(stashLogic(done), { name: 'stash', supervision });
        client('sender', ...[1, 2, 3].map((number) => () => ref.tell({ type: 'note', number })));
        client('opener', () => ref.tell({ type: 'open' }));
        return { done, ref, counts: system.deadLetters.counts };
      },
      oracles: [noLeaks()],
      check({ done, ref, counts }): Verdict {
        const lost = counts.poison ?? 0;
        const { waiting } = ref;
        if (new Set(done).size !== done.length) return `processed twice: ${done.join()}`;
        if (done.some((number, i) => i > 0 && number < (done[i - 1] ?? 0))) return `out of order: ${done.join()}`;
        // The one that opens may be the poison itself.
        const all = done.length + waiting + lost;
        return all === 3 || all === 4 || `${done.length} processed, ${waiting} waiting, ${lost} lost`;
      },
    });

    const result = await explore(scenario, { ...raceSize(1200), faults: { crash: 1 } });

    expect(result.distinct).toBeGreaterThan(50);
  });

  it('settles every offer, with an outcome that is true, when offers meet a stop', async () => {
    const scenario = defineScenario({
      name: 'offer x stop',
      setup({ system, client }) {
        const done: number[] = [];
        const outcomes: boolean[] = [];
        const mailbox = { capacity: 1, overflow: 'block', blockMs: 50 } as const;
        const ref = system.spawn(sinkLogic(done), { name: 'sink', mailbox });
        for (const number of [1, 2, 3]) {
          client(`offers ${number}`, async () => {
            outcomes.push((await ref.offer({ type: 'note', number })).accepted);
          });
        }
        client('stopper', () => void system.stopActor(ref));
        return { done, outcomes };
      },
      oracles: [noLeaks()],
      completes: true,
      check({ done, outcomes }): Verdict {
        const accepted = outcomes.filter(Boolean).length;
        if (outcomes.length !== 3) return `${outcomes.length} of 3 offers are settled`;
        return done.length === accepted || `${done.length} processed of ${accepted} accepted`;
      },
    });

    const result = await explore(scenario, raceSize(1200));

    expect(result.distinct).toBeGreaterThan(50);
  });
});

// Helpers

function sinkLogic(done: number[]) {
  return behavior<Note, undefined>({
    initial: undefined,
    receive(state, { number }) {
      done.push(number);
      return state;
    },
  });
}

function watcherLogic(subject: ActorRef<never>) {
  return behavior<{ type: 'watch' | 'unwatch' } | { type: 'actor.terminated' }, number>({
    initial: 0,
    receive(count, { type }, actor) {
      if (type === 'watch') actor.watch(subject);
      else if (type === 'unwatch') actor.unwatch(subject);
      return type === 'actor.terminated' ? count + 1 : count;
    },
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

function askerLogic(echo: ActorRef<{ type: 'ask' }>, log: string[]) {
  return behavior<{ type: 'go' } | { type: 'actor replied' | 'actor failed' }, undefined>({
    initial: undefined,
    receive(state, { type }, actor) {
      if (type !== 'go') log.push(type);
      else {
        const onReply = () => ({ type: 'actor replied' }) as const;
        const onFailure = () => ({ type: 'actor failed' }) as const;
        actor.ask(echo, { type: 'ask' }, { deadlineMs: 10, onReply, onFailure });
      }
      return state;
    },
  });
}

function stashLogic(done: number[]) {
  return behavior<Note | (Message & { readonly type: 'open' }), boolean>({
    initial: false,
    receive(isOpen, message, actor) {
      if (message.type === 'open') {
        actor.unstash();
        return true;
      }
      if (isOpen) done.push(message.number);
      else actor.stash();
      return isOpen;
    },
  });
}
