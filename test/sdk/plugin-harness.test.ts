import { describe, expect, it, onTestFinished } from 'vitest';
import { RuntimeError } from '../../src/errors/index.ts';
import { definePlugin } from '../../src/sdk/index.ts';
import type { DefinedPlugin, DomainEvent, EventContext } from '../../src/sdk/index.ts';
import { createPluginHarness } from '../../src/testing/index.ts';
import type { PluginHarness, PluginHarnessOptions } from '../../src/testing/index.ts';

const FORMS = ['acked', 'stream', 'unary'] as const;

describe.each(FORMS)('a plugin that gets its events by the form "%s"', (form) => {
  it('56, 58: handles an event with all its fields', async () => {
    const seen: DomainEvent[] = [];
    const harness = await run(definePlugin({ on: { 'order.*': (event) => void seen.push(event) } }));

    const draft = { type: 'order.paid', payload: { amount: 3 }, subject: 's', metadata: { a: 'b' }, time: 1.5 };
    const result = await harness.deliver(draft, { form, id: 'e1', depth: 1, causationId: 'e0', source: 'shop' });

    expect(result).toEqual({ id: 'e1', error: undefined, returned: 0 });
    expect(seen).toEqual([
      { ...draft, id: 'e1', source: 'shop', contentType: 'application/json', depth: 1, causationId: 'e0' },
    ]);
  });

  it('57: settles an event that no pattern matches without a handler', async () => {
    const harness = await run(definePlugin({ on: { 'order.*': () => ({ type: 'never' }) } }));

    const result = await harness.deliver({ type: 'other' }, { form });

    expect([result.error, result.returned]).toEqual([undefined, 0]);
  });

  it('61: runs one handler at a time, in the order of the events', async () => {
    const steps: string[] = [];
    const harness = await run(
      definePlugin({
        on: {
          '*': async ({ id }) => {
            steps.push(`${id} begins`);
            await Promise.resolve();
            steps.push(`${id} ends`);
          },
        },
      }),
    );

    await Promise.all(['a', 'b', 'c'].map((id) => harness.deliver({ type: 't' }, { form, id })));

    expect(steps).toEqual(['a', 'b', 'c'].flatMap((id) => [`${id} begins`, `${id} ends`]));
  });

  it.each<[string, () => unknown]>([
    ['throws', () => fail('no luck')],
    ['rejects', () => Promise.reject(new RuntimeError('NOT_FOUND', 'no luck'))],
    ['returns what is no event', () => 7],
  ])('27: reports HANDLER_FAILED when a handler %s, and goes on', async (_, handler) => {
    const harness = await run(definePlugin({ on: { bad: handler as () => undefined, good: () => ({ type: 'x' }) } }));

    const results = await Promise.all(['bad', 'good'].map((type) => harness.deliver({ type }, { form })));

    expect(results.map(({ error, returned }) => [error?.code, returned])).toEqual([
      ['HANDLER_FAILED', 0],
      [undefined, 1],
    ]);
  });

  it('ends a handler after 5,000 ms with DEADLINE_EXCEEDED and an aborted signal', async () => {
    const signals: AbortSignal[] = [];
    const hang = (_: DomainEvent, { signal }: EventContext): Promise<undefined> => {
      signals.push(signal);
      return new Promise(() => {});
    };
    const harness = await run(definePlugin({ on: { hang, next: () => undefined } }));

    const results = Promise.all([
      harness.deliver({ type: 'hang' }, { form }),
      harness.deliver({ type: 'next' }, { form }),
    ]);
    await harness.advance(4_999);
    expect(signals.map(({ aborted }) => aborted)).toEqual([false]);
    await harness.advance(1);

    expect((await results).map(({ error }) => error?.code)).toEqual(['DEADLINE_EXCEEDED', undefined]);
    expect(signals.map(({ aborted }) => aborted)).toEqual([true]);
    expect(harness.environment.clock.pending).toBe(0);
  });

  it('runs all patterns that match, in the order of the definition, as one result', async () => {
    const harness = await run(
      definePlugin({
        on: {
          '**': () => ({ type: 'first' }),
          'a.*': () => fail('second'),
          'a.b': async () => [{ type: 'third' }, { type: 'fourth' }],
          b: () => ({ type: 'never' }),
        },
      }),
    );

    const { error, returned } = await harness.deliver({ type: 'a.b' }, { form });

    expect([error?.code, returned]).toEqual(['HANDLER_FAILED', 3]);
    expect(harness.emitted.map(({ type, by }) => [type, by])).toEqual(
      ['first', 'third', 'fourth'].map((type) => [type, 'result']),
    );
  });

  it('emits from a handler, after an await and in a timer, with the handled event as cause', async () => {
    const plugin: DefinedPlugin = definePlugin({
      on: {
        '*': async (_, context) => {
          await context.emit({ type: 'by.context' });
          await plugin.emit({ type: 'by.plugin' });
          setImmediate(() => {
            void plugin.emit({ type: 'by.timer' });
            plugin.root(() => void plugin.emit({ type: 'by.root' }));
          });
        },
      },
    });
    const harness = await run(plugin);

    await harness.deliver({ type: 't' }, { form, id: 'e1' });
    await harness.advance(10);

    expect(harness.emitted.map(({ type, cause }) => [type, cause])).toEqual([
      ['by.context', 'e1'],
      ['by.plugin', 'e1'],
      ['by.timer', 'e1'],
      ['by.root', 'root'],
    ]);
  });
});

describe('an event that comes twice', () => {
  it.each(FORMS.flatMap((first) => FORMS.map((second) => [first, second] as const)))(
    'runs its handler once and has one result: first by %s, then by %s',
    async (first, second) => {
      let runs = 0;
      const harness = await run(
        definePlugin({
          on: {
            '*': async () => {
              runs += 1;
              await Promise.resolve();
              return { type: 'x' };
            },
          },
        }),
      );

      const twice = [harness.deliver({ type: 't' }, { form: first, id: 'e' })];
      twice.push(harness.deliver({ type: 't' }, { form: second, id: 'e' }));

      expect((await Promise.all(twice)).map(({ returned }) => returned)).toEqual([1, 1]);
      expect(runs).toBe(1);
    },
  );

  it('is handled again by the next process, marked as redelivered', async () => {
    const seen: [number, boolean][] = [];
    const plugin = definePlugin({
      on: {
        '*': (_, { attempt, redelivered }) => {
          seen.push([attempt, redelivered]);
          return attempt === 0 ? new Promise<undefined>(() => {}) : undefined;
        },
      },
    });
    const harness = await run(plugin);

    const result = harness.deliver({ type: 't' });
    await harness.advance(1);
    await harness.crash();

    expect((await result).error).toBeUndefined();
    expect(seen).toEqual([
      [0, false],
      [1, true],
    ]);
  });

  it('waits for the first handler when the stream was cut meanwhile', async () => {
    const ran: string[] = [];
    let release = (): void => {};
    const harness = await run(
      definePlugin({
        on: {
          '*': async ({ id }) => {
            ran.push(id);
            if (id === 'a') await new Promise<void>((resolve) => (release = resolve));
            return { type: `from.${id}` };
          },
        },
      }),
    );

    const results = Promise.all(['a', 'b', 'c'].map((id) => harness.deliver({ type: 't' }, { id })));
    await harness.advance(1);
    harness.cutStreams();
    await harness.advance(1);
    release();

    expect((await results).map(({ id, returned }) => [id, returned])).toEqual([
      ['a', 1],
      ['b', 1],
      ['c', 1],
    ]);
    expect(ran).toEqual(['a', 'b', 'c']);
  });
});

describe('emits', () => {
  it('51: reach the host from onInit, and from onShutdown before it is answered', async () => {
    const plugin = definePlugin({
      onInit: async (_, { emit }) => void (await emit({ type: 'init' })),
      onShutdown: (_, { emit }) => void emit({ type: 'shutdown' }),
    });
    const harness = await run(plugin);

    await harness.stop();

    expect(harness.emitted.map(({ type, cause }) => [type, cause])).toEqual([
      ['init', 'root'],
      ['shutdown', 'root'],
    ]);
    await expect(plugin.emit({ type: 'late' })).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  });

  it('64: reject with the code of the refusal, and give the id of the host otherwise', async () => {
    const plugin = definePlugin({});
    const harness = await run(plugin);

    harness.refuse('EMIT_DENIED');
    await expect(plugin.emit({ type: 'a' })).rejects.toMatchObject({ code: 'EMIT_DENIED' });
    harness.refuse(undefined);

    const receipt = await plugin.emit({ type: 'b' });

    expect(receipt).toEqual({ id: harness.emitted[0]?.id });
    expect(harness.emitted.map(({ type }) => type)).toEqual(['b']);
  });

  it('64: harm nobody when they are refused and nobody waits for them', async () => {
    const plugin: DefinedPlugin = definePlugin({
      on: { '*': (_, { emit }) => (void emit({ type: 'a' }), void plugin.emit({ type: 'b' })) },
    });
    const harness = await run(plugin);
    harness.refuse('EMIT_DENIED');

    const { error } = await harness.deliver({ type: 't' });
    await harness.advance(1);

    expect([error, harness.emitted]).toEqual([undefined, []]);
  });

  it('64: reject what is no event before anything is sent', async () => {
    const plugin = definePlugin({});
    const harness = await run(plugin);

    await expect(plugin.emit({ type: '' })).rejects.toMatchObject({ code: 'EVENT_TYPE_INVALID' });
    await expect(plugin.emit({ type: 'a', payload: 1n })).rejects.toMatchObject({ code: 'PAYLOAD_INVALID' });
    await expect(plugin.emit(7 as never)).rejects.toMatchObject({ code: 'EVENT_INVALID' });
    expect(harness.emitted).toEqual([]);
  });

  it('50: wait for a host that is gone, and arrive once and in order when it is back', async () => {
    const plugin = definePlugin({});
    const harness = await run(plugin);
    await plugin.emit({ type: 'e0' });

    harness.cutHostChannel({ reachable: false });
    const receipts = Promise.all([1, 2, 3].map((each) => plugin.emit({ type: `e${each}` })));
    await harness.advance(6_000);
    expect(harness.emitted).toHaveLength(1);
    harness.restoreHostChannel();
    await harness.advance(10_000);

    expect((await receipts).map(({ id }) => id)).toEqual(harness.emitted.slice(1).map(({ id }) => id));
    expect(harness.emitted.map(({ type }) => type)).toEqual(['e0', 'e1', 'e2', 'e3']);
  });

  it('are refused with RESOURCE_EXHAUSTED when 256 wait, and end with UNAVAILABLE', async () => {
    const plugin = definePlugin({ on: {} });
    const harness = await run(plugin);
    harness.cutHostChannel({ reachable: false });

    const emits = Array.from({ length: 257 }, () => plugin.emit({ type: 't' }).catch(codeOf));
    await harness.advance(100);
    harness.close();

    const codes = await Promise.all(emits);
    expect(codes.filter((code) => code === 'RESOURCE_EXHAUSTED')).toHaveLength(1);
    expect(codes.filter((code) => code === 'UNAVAILABLE')).toHaveLength(256);
    await harness.advance(0);
    expect(harness.environment.clock.pending).toBe(0);
  });

  it('end with DEADLINE_EXCEEDED after 30,000 ms without a host', async () => {
    const plugin = definePlugin({});
    const harness = await run(plugin);
    harness.cutHostChannel({ reachable: false });

    const code = plugin.emit({ type: 't' }).catch(codeOf);
    await harness.advance(30_000);

    expect(await code).toBe('DEADLINE_EXCEEDED');
  });
});

describe('a plugin without handlers', () => {
  it('59: answers every form with UNIMPLEMENTED', async () => {
    const harness = await run(definePlugin({ name: 'plain' }));

    const codes = await Promise.all(FORMS.map((form) => harness.deliver({ type: 't' }, { form }).catch(codeOf)));

    expect(codes).toEqual(['UNIMPLEMENTED', 'UNIMPLEMENTED', 'UNIMPLEMENTED']);
  });

  it('59: offers the forms that it was told to', async () => {
    const harness = await run(definePlugin({ on: { '*': () => undefined }, forms: ['unary'] }));

    const codes = await Promise.all(FORMS.map((form) => harness.deliver({ type: 't' }, { form }).catch(codeOf)));

    expect(codes).toEqual(['UNIMPLEMENTED', 'UNIMPLEMENTED', { id: 'event-3', error: undefined, returned: 0 }]);
  });
});

// Helpers

async function run(plugin: DefinedPlugin, options?: PluginHarnessOptions): Promise<PluginHarness> {
  const harness = await createPluginHarness(plugin, options);
  onTestFinished(() => harness.close());
  return harness;
}

function fail(text: string): never {
  throw new Error(text);
}

function codeOf(error: unknown): unknown {
  return RuntimeError.from(error).code;
}
