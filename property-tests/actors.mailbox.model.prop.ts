import { fc, test } from '@fast-check/vitest';
import { afterAll, describe, expect } from 'vitest';
import { fromTransition } from 'xstate';
import type { EventObject } from 'xstate';
import { createSystem } from '../src/actors/index.ts';
import type { ActorRef } from '../src/actors/index.ts';
import { createManualEnvironment } from '../src/ports/index.ts';
import { nextTurn } from '../test/actors/support.ts';
import { testScale } from '../test/setup/size.ts';

/** Some messages from one actor to another; `from` 0 is outside all actors. */
interface Burst {
  readonly from: number;
  readonly to: number;
  readonly count: number;
  /** Whether what was sent so far is processed before the next burst. */
  readonly wait: boolean;
}

interface Message extends EventObject {
  readonly from: number;
  readonly number: number;
  /** What the receiver sends in turn. */
  readonly send?: Omit<Burst, 'wait'>;
}

const ACTORS = 4;
const seen = new Set<string>();

afterAll(() => {
  if (testScale().runs >= 100)
    expect([...seen]).toEqual(expect.arrayContaining(['accepted', 'refused', 'to itself', 'from an actor']));
});

describe('mailboxes', () => {
  test.prop([fc.integer({ min: 1, max: 30 }), fc.array(burst(), { minLength: 5, maxLength: 40, size: 'max' })])(
    'C1: deliver what they took, once and in the order of each sender, and refuse exactly what is too much',
    async (capacity, bursts) => {
      const world = createWorld(capacity);

      for (const { wait, ...send } of bursts) {
        if (send.from === 0) world.burst(send);
        else world.tell(0, send.from, send);
        if (wait) await nextTurn(1);
      }
      // A turn takes 64 messages, and no more than 40 bursts of 40 are sent.
      for (let turn = 0; turn < 40 && world.waiting() > 0; turn++) await nextTurn(1);

      expect(world.delivered).toEqual(world.accepted);
      expect(world.wrongOutcomes).toEqual([]);
    },
  );
});

// Helpers

function burst(): fc.Arbitrary<Burst> {
  return fc.record({
    from: fc.nat(ACTORS),
    to: fc.integer({ min: 1, max: ACTORS }),
    count: fc.integer({ min: 1, max: 40 }),
    wait: fc.boolean(),
  });
}

function createWorld(capacity: number) {
  const system = createSystem({ environment: createManualEnvironment(), mailbox: { capacity } });
  const accepted: Record<string, number[]> = {};
  const delivered: Record<string, number[]> = {};
  const wrongOutcomes: unknown[] = [];
  let number = 0;

  const tell = (from: number, to: number, send?: Message['send']): void => {
    const actor = actors[to - 1] as ActorRef<Message> & { readonly waiting: number };
    const isFree = actor.waiting < capacity;
    const outcome = actor.tell({ type: 'message', from, number: ++number, ...(send && { send }) });
    if (outcome.accepted !== isFree) wrongOutcomes.push({ outcome, isFree });
    if (outcome.accepted) (accepted[`${from} to ${to}`] ??= []).push(number);
    seen.add(outcome.accepted ? 'accepted' : 'refused');
    if (from > 0) seen.add(from === to ? 'to itself' : 'from an actor');
  };
  const burst = ({ from, to, count }: Omit<Burst, 'wait'>): void => {
    for (let i = 0; i < count; i++) tell(from, to);
  };
  const actors = Array.from({ length: ACTORS }, (_, index) => {
    const own = index + 1;
    const logic = fromTransition((_state: undefined, { from, number: got, send }: Message) => {
      (delivered[`${from} to ${own}`] ??= []).push(got);
      if (send !== undefined) burst(send);
      return undefined;
    }, undefined);
    return system.spawn(logic, { name: `actor-${own}` });
  });
  const waiting = (): number => actors.reduce((sum, actor) => sum + actor.waiting, 0);
  return { tell, burst, waiting, accepted, delivered, wrongOutcomes };
}
