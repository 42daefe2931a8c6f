import { fc, test } from '@fast-check/vitest';
import { afterAll, describe, expect } from 'vitest';
import type { ActorRef } from '../src/actors/index.ts';
import { nextTurn } from '../test/actors/support.ts';
import { boom, createWorld, scripted } from '../test/actors/core/support.ts';
import { testScale } from '../test/setup/size.ts';

const WATCHERS = 3;
const SUBJECTS = 4;

interface Step {
  readonly kind: 'watch' | 'unwatch' | 'stop' | 'finish' | 'fail';
  readonly watcher: number;
  readonly subject: number;
  /** Whether everything is processed before the next step. */
  readonly wait: boolean;
}

const seen = new Set<string>();

afterAll(() => {
  if (testScale().runs >= 100) {
    const wanted = ['of the living', 'of the dead', 'stop', 'finish', 'fail', 'unwatch'];
    expect([...seen]).toEqual(expect.arrayContaining(wanted));
  }
});

describe('C7: a watch', () => {
  test.prop([fc.array(step(true), { maxLength: 40, size: 'max' })])(
    'is answered exactly once unless it was ended before, in every order of watching and ending',
    async (steps) => {
      const { act, counts } = createTree();
      const [expected, open, dead] = [new Map<string, number>(), new Set<string>(), new Set<number>()];
      const answer = (pair: string): void => void expected.set(pair, (expected.get(pair) ?? 0) + 1);

      for (const one of steps) {
        const pair = `${one.watcher} ${one.subject}`;
        if (one.kind === 'watch') seen.add(dead.has(one.subject) ? 'of the dead' : 'of the living');
        else seen.add(one.kind);
        await act(one);
        if (one.kind === 'unwatch') open.delete(pair);
        else if (one.kind !== 'watch') dead.add(one.subject);
        else if (dead.has(one.subject)) answer(pair);
        else open.add(pair);
        for (const each of open) if (dead.has(Number(each.split(' ')[1])) && open.delete(each)) answer(each);
      }

      expect(counts).toEqual(expected);
    },
  );

  test.prop([fc.array(step(false), { maxLength: 40, size: 'max' })])(
    'is answered at least once and at most as often as it was made, when nobody waits between the steps',
    async (steps) => {
      const { act, counts } = createTree();
      const [made, dead] = [new Map<string, number>(), new Set<number>()];

      for (const one of steps) {
        const pair = `${one.watcher} ${one.subject}`;
        const done = act(one);
        // Awaiting anything lets the actors run.
        if (one.wait) await done;
        if (one.kind === 'watch') made.set(pair, (made.get(pair) ?? 0) + 1);
        else dead.add(one.subject);
      }
      await nextTurn(4);

      for (const [pair, times] of made) {
        const count = counts.get(pair) ?? 0;
        expect(count).toBeGreaterThanOrEqual(dead.has(Number(pair.split(' ')[1])) ? 1 : 0);
        expect(count).toBeLessThanOrEqual(times);
      }
    },
  );
});

// Helpers

function step(waits: boolean): fc.Arbitrary<Step> {
  return fc.record({
    kind: waits
      ? fc.constantFrom<Step['kind']>('watch', 'watch', 'unwatch', 'stop', 'finish', 'fail')
      : fc.constantFrom<Step['kind']>('watch', 'watch', 'stop', 'finish', 'fail'),
    watcher: fc.nat(WATCHERS - 1),
    subject: fc.nat(SUBJECTS - 1),
    wait: waits ? fc.constant(true) : fc.boolean(),
  });
}

function createTree() {
  const { system } = createWorld();
  const counts = new Map<string, number>();
  const subjects = Array.from({ length: SUBJECTS }, (_, i) =>
    system.spawn(scripted({ finish: (self) => self.finish(), fail: boom }), { name: `s${i}` }),
  );
  const watchers = Array.from({ length: WATCHERS }, (_, i) =>
    system.spawn(
      scripted({
        watch: (self, { ref }) => self.watch(ref as ActorRef<never>),
        unwatch: (self, { ref }) => self.unwatch(ref as ActorRef<never>),
        'actor.terminated'(_self, { ref }) {
          const pair = `${i} ${subjects.indexOf(ref as never)}`;
          counts.set(pair, (counts.get(pair) ?? 0) + 1);
        },
      }),
      { name: `w${i}` },
    ),
  );
  const act = async ({ kind, watcher, subject, wait }: Step): Promise<void> => {
    const ref = subjects[subject];
    if (ref === undefined) return;
    if (kind === 'watch' || kind === 'unwatch') watchers[watcher]?.tell({ type: kind, ref });
    else if (kind === 'stop') void system.stopActor(ref);
    else ref.tell({ type: kind });
    if (wait) await nextTurn();
  };
  return { act, counts };
}
