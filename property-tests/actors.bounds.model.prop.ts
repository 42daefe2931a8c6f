import { fc, test } from '@fast-check/vitest';
import { afterAll, describe, expect } from 'vitest';
import { FifoBacklog } from '../src/actors/core/mailbox/backlog.ts';
import { Envelope, MessageSignal, messageOf } from '../src/actors/core/index.ts';
import type { Queued } from '../src/actors/core/index.ts';
import { Mailbox } from '../src/actors/core/mailbox/mailbox.ts';
import { resolveMailbox } from '../src/policy/index.ts';
import type { OverflowPolicy } from '../src/policy/index.ts';
import { testScale } from '../test/setup/size.ts';

type Step =
  | { readonly kind: 'push'; readonly bytes: number }
  | { readonly kind: 'signal' | 'take' | 'stash' | 'unstash' };

/** What a mailbox must do, with arrays. A negative number is a signal. */
class Model {
  waiting: number[] = [];
  stashed: number[] = [];
  readonly lost: number[] = [];
  readonly #sizes = new Map<number, number>();
  readonly #limits: { capacity: number; maxBytes: number; overflow: OverflowPolicy };

  constructor(limits: { capacity: number; maxBytes: number; overflow: OverflowPolicy }) {
    this.#limits = limits;
  }

  get messages(): number[] {
    return [...this.waiting, ...this.stashed].filter((n) => n > 0);
  }

  fits(bytes: number): boolean {
    const used = this.messages.reduce((sum, n) => sum + (this.#sizes.get(n) ?? 0), 0);
    return this.messages.length < this.#limits.capacity && used + bytes <= this.#limits.maxBytes;
  }

  push(n: number, bytes: number): boolean {
    this.#sizes.set(n, bytes);
    const { maxBytes, overflow } = this.#limits;
    while (overflow === 'dropOldest' && bytes <= maxBytes && !this.fits(bytes) && this.waiting.some((one) => one > 0)) {
      this.lost.push(
        ...this.waiting.splice(
          this.waiting.findIndex((one) => one > 0),
          1,
        ),
      );
    }
    if (this.fits(bytes)) return this.waiting.push(n) > 0;
    if (overflow.startsWith('drop')) this.lost.push(n);
    return false;
  }
}

/** The signal came after the stashed message, and a message behind both is evicted before that is put back. */
const SIGNAL_BEHIND_STASH: [OverflowPolicy, number, number, readonly Step[]] = [
  'dropOldest',
  1,
  7,
  [
    { kind: 'push', bytes: 0 },
    { kind: 'signal' },
    { kind: 'take' },
    { kind: 'push', bytes: 1 },
    { kind: 'push', bytes: 8 },
    { kind: 'stash' },
    { kind: 'unstash' },
    { kind: 'take' },
  ],
];

const seen = new Set<string>();

afterAll(() => {
  if (testScale().runs < 100) return;
  for (const overflow of ['reject', 'dropNewest', 'dropOldest', 'block']) {
    const wanted = ['accepted', 'refused', 'stashed', 'signal'].map((what) => `${overflow} ${what}`);
    expect([...seen]).toEqual(expect.arrayContaining(wanted));
  }
});

describe('the bounds of a mailbox', () => {
  test.prop(
    [fc.constantFrom<OverflowPolicy>('reject', 'dropNewest', 'dropOldest', 'block'), fc.nat(5), fc.nat(15), steps()],
    { examples: [SIGNAL_BEHIND_STASH] },
  )(
    'M1 to M3: under each policy it takes, evicts, keeps and gives back what a list would',
    (overflow, capacityLess1, maxBytesLess1, given) => {
      const limits = { capacity: capacityLess1 + 1, maxBytes: maxBytesLess1 + 1, overflow };
      const [model, lost] = [new Model(limits), [] as number[]];
      const mailbox = createMailbox(limits, lost);
      let current: Queued | undefined;

      for (const [i, step] of given.entries()) {
        const n = i + 1;
        if (step.kind === 'push') {
          const accepted = mailbox.push(envelope(n, step.bytes), undefined);
          expect(accepted).toBe(model.push(n, step.bytes));
          seen.add(`${overflow} ${accepted ? 'accepted' : 'refused'}`);
        } else if (step.kind === 'signal') {
          mailbox.pushSignal(new MessageSignal('x', { type: `${-n}` }));
          model.waiting.push(-n);
        } else if (step.kind === 'take') {
          const item = mailbox.take();
          const number = numberOf(item);
          expect(number).toBe(model.waiting.shift());
          if (number !== undefined && number < 0) seen.add(`${overflow} signal`);
          current = item instanceof Envelope ? item : undefined;
        } else if (step.kind === 'stash' && current !== undefined) {
          mailbox.stash(current);
          model.stashed.push(numberOf(current) ?? 0);
          seen.add(`${overflow} stashed`);
          current = undefined;
        } else if (step.kind === 'unstash') {
          mailbox.unstash();
          // Signals that came after a stashed message stay behind it.
          model.waiting = [...model.stashed, ...model.waiting];
          model.stashed = [];
        }
        expect([mailbox.waiting + mailbox.stashed, lost]).toEqual([model.messages.length, model.lost]);
        // The one that was put aside last may be too many.
        expect(model.messages.length).toBeLessThanOrEqual(limits.capacity + 1);
      }

      expect(mailbox.drain().map(numberOf)).toEqual([...model.stashed, ...model.waiting.filter((n) => n > 0)]);
    },
  );
});

// Helpers

function steps(): fc.Arbitrary<readonly Step[]> {
  const push = fc.record({ kind: fc.constant('push' as const), bytes: fc.nat(8) });
  const other = fc.record({
    kind: fc.constantFrom('signal' as const, 'take' as const, 'stash' as const, 'unstash' as const),
  });
  return fc.array(fc.oneof({ weight: 3, arbitrary: push }, { weight: 4, arbitrary: other }), {
    maxLength: 60,
    size: 'max',
  });
}

function createMailbox(limits: { capacity: number; maxBytes: number; overflow: OverflowPolicy }, lost: number[]) {
  const note = (item: Queued): void => void lost.push(numberOf(item) ?? 0);
  const policy = { mailbox: resolveMailbox({ ...limits, sizeOf: () => 0 }) };
  return new Mailbox(new FifoBacklog(), { policy, evicted: note, droppedNewest: note, waterChanged: () => {} });
}

function envelope(n: number, bytes: number): Envelope {
  return new Envelope({ type: `${n}` }, undefined, undefined, undefined, bytes);
}

function numberOf(item: Queued | MessageSignal | { readonly message?: unknown } | undefined): number | undefined {
  if (item === undefined) return undefined;
  return Number(item instanceof MessageSignal ? item.message.type : messageOf(item as Queued).type);
}
