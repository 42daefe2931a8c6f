import { describe, expect, expectTypeOf, it } from 'vitest';
import { z } from 'zod';
import { definePlugin, operation, step } from '../../src/sdk/index.ts';
import type { DomainEvent, EmitReceipt, EventMatching, EventPattern } from '../../src/sdk/index.ts';

type Shop = {
  'order.paid': { amount: number };
  'order.sent': { to: string };
  'user.data.changed': string[];
};
type Out = { 'mail.queued': { to: string } };

describe('the types of definePlugin', () => {
  it('give a handler the payload of its type, and the union of what a pattern matches', () => {
    const plugin = definePlugin<Shop, Out>({
      on: {
        'order.paid': (event) => {
          expectTypeOf(event).toEqualTypeOf<DomainEvent<'order.paid', { amount: number }>>();
        },
        'order.*': async (event) => {
          expectTypeOf(event.type).toEqualTypeOf<'order.paid' | 'order.sent'>();
          if (event.type === 'order.sent') expectTypeOf(event.payload).toEqualTypeOf<{ to: string }>();
          return { type: 'mail.queued', payload: { to: 'you' } };
        },
        '*.data.**': (event, { emit, signal, attempt }) => {
          expectTypeOf(event.payload).toEqualTypeOf<string[]>();
          expectTypeOf(emit({ type: 'mail.queued' })).toEqualTypeOf<Promise<EmitReceipt>>();
          expectTypeOf([signal, attempt] as const).toEqualTypeOf<readonly [AbortSignal, number]>();
          // @ts-expect-error: not among what is emitted
          void emit({ type: 'order.paid' }).catch(() => {});
        },
        '*': (event) => {
          expectTypeOf(event.type).toEqualTypeOf<keyof Shop>();
        },
      },
    });

    expectTypeOf(plugin.emit).parameter(0).toHaveProperty('type').toEqualTypeOf<'mail.queued'>();
    expect(plugin.name).toBeUndefined();
  });

  it('refuse patterns that match nothing, and results that are not emitted', () => {
    // @ts-expect-error: matches no event of the map
    definePlugin<Shop>({ on: { 'user.*': () => undefined } });
    // @ts-expect-error: is no event of the map
    definePlugin<Shop>({ on: { 'order.paid': () => ({ type: 'other' }) } });

    expectTypeOf<'order.**'>().toExtend<EventPattern<Shop>>();
    expectTypeOf<EventMatching<Shop, 'user.**'>>().toEqualTypeOf<DomainEvent<'user.data.changed', string[]>>();
    expect(true).toBe(true);
  });

  it('let everything through without a map', () => {
    const plugin = definePlugin({
      on: { 'a.b': (event, { emit }) => void emit({ type: event.type, payload: event.payload }) },
    });

    expectTypeOf(plugin.emit).parameter(0).toHaveProperty('type').toBeString();
    expect(plugin).toBeDefined();
  });

  it('type an operation and a step by their schemas', () => {
    const add = operation({
      input: z.object({ a: z.number() }),
      output: z.number(),
      execute: ({ a }) => {
        expectTypeOf(a).toBeNumber();
        return a + 1;
      },
    });
    const wait = step({
      config: z.object({ ms: z.number() }),
      execute: ({ config }) => {
        expectTypeOf(config.ms).toBeNumber();
      },
    });

    expect(definePlugin({ operations: { add }, steps: { wait } })).toBeDefined();
  });
});
