import { fc, test } from '@fast-check/vitest';
import { afterAll, describe, expect } from 'vitest';
import type { ReplyAddress } from '../src/actors/index.ts';
import type { SystemCore } from '../src/actors/core/system-core.ts';
import { boom, createWorld, scripted } from '../test/actors/core/support.ts';
import { testScale } from '../test/setup/size.ts';

const HOWS = ['reply', 'twice', 'silent', 'keep', 'answerKept', 'fail', 'finish', 'stash', 'unstash'] as const;

interface Question {
  readonly how: (typeof HOWS)[number];
  readonly to: number;
  readonly deadlineMs: number;
  /** When its signal fires, in milliseconds from then; undefined for none. */
  readonly abortMs: number | undefined;
  /** Time that passes before the next one. */
  readonly passMs: number;
}

const seen = new Set<string>();

afterAll(() => {
  if (testScale().runs >= 100) {
    const wanted = [
      'replied',
      'DEADLINE_EXCEEDED',
      'CANCELLED',
      'ACTOR_FAILED',
      'ACTOR_STOPPED',
      'MAILBOX_FULL',
      'late',
    ];
    expect([...seen]).toEqual(expect.arrayContaining([...wanted, 'SYSTEM_STOPPED']));
  }
});

describe('questions', () => {
  test.prop([fc.array(question(), { minLength: 1, maxLength: 30, size: 'max' })])(
    'Q1 to Q3: each settles exactly once, every reply beyond that is a dead letter, and no timer is left',
    async (questions) => {
      const { world, actors, replies } = createActors();
      const settled = questions.map(() => 0);
      let accepted = 0;

      for (const [i, { how, to, deadlineMs, abortMs, passMs }] of questions.entries()) {
        const actor = actors[to];
        if (actor === undefined) continue;
        const control = new AbortController();
        if (abortMs !== undefined) world.environment.clock.setTimeout(() => control.abort(), abortMs);
        const sink = {
          replied() {
            settled[i] = (settled[i] ?? 0) + 1;
            accepted++;
            seen.add('replied');
          },
          failed({ code }: { readonly code: string }) {
            settled[i] = (settled[i] ?? 0) + 1;
            seen.add(code);
          },
        };
        const make = (replyTo: ReplyAddress<unknown>) => ({ type: how, replyTo });
        const message = how === 'keep' ? (make as never) : { type: how };
        (world.system as unknown as SystemCore).startAsk(actor, message, { deadlineMs, signal: control.signal }, sink);
        if (passMs > 0) await world.pass(passMs);
      }
      const stopping = world.system.stop({ deadlineMs: 5 });
      await world.pass(5);
      await stopping;
      await world.pass(100);

      expect(settled).toEqual(questions.map(() => 1));
      const late = world.system.deadLetters.counts.lateReply ?? 0;
      if (late > 0) seen.add('late');
      expect(accepted + late).toBe(replies());
      expect(world.environment.clock.pending).toBe(0);
    },
  );
});

// Helpers

function question(): fc.Arbitrary<Question> {
  return fc.record({
    how: fc.constantFrom(...HOWS),
    to: fc.nat(2),
    deadlineMs: fc.integer({ min: 1, max: 60 }),
    abortMs: fc.option(fc.integer({ min: 0, max: 30 }), { nil: undefined, freq: 3 }),
    passMs: fc.constantFrom(0, 0, 0, 1, 10, 30),
  });
}

function createActors() {
  const world = createWorld({ mailbox: { capacity: 3 } });
  const kept: ReplyAddress<unknown>[] = [];
  let count = 0;
  let isReady = false;
  const logic = scripted({
    reply(self) {
      // An answer that nobody asked for, to a message that was put back, is none.
      count++;
      self.reply(1);
    },
    twice(self) {
      count += 2;
      self.reply(1);
      self.reply(2);
    },
    keep: (_, { replyTo }) => void kept.push(replyTo as ReplyAddress<unknown>),
    answerKept() {
      for (const address of kept.splice(0)) {
        count++;
        address.tell('late perhaps');
      }
    },
    fail: boom,
    finish: (self) => self.finish(),
    stash(self) {
      if (!isReady) self.stash();
    },
    unstash(self) {
      isReady = true;
      self.unstash();
    },
  });
  const actors = [0, 1, 2].map((i) =>
    world.system.spawn(logic, { name: `a${i}`, ...(i > 0 && { supervision: { restart: 'transient' as const } }) }),
  );
  return { world, actors, replies: () => count };
}
