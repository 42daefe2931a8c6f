// One plugin, one script of events, three forms: the same results, the same runs, the same order.

import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { definePlugin } from '../../src/sdk/index.ts';
import type { DefinedPlugin } from '../../src/sdk/index.ts';
import { createPluginHarness } from '../../src/testing/index.ts';
import type { DeliverOptions } from '../../src/testing/index.ts';

const TIMEOUT_MS = 100;

/** What the handlers of an event do; the second pattern matches every other event. */
const outcome = fc.constantFrom(
  'done',
  'awaits',
  'throws',
  'rejects',
  'returns',
  'returnsLater',
  'nonsense',
  'hangs',
  'emits',
);
type Outcome = 'done' | 'awaits' | 'throws' | 'rejects' | 'returns' | 'returnsLater' | 'nonsense' | 'hangs' | 'emits';

/** Few ids, so that events come again. */
const script = fc.array(
  fc.record({ id: fc.integer({ min: 0, max: 6 }), outcome, twice: fc.boolean(), cut: fc.boolean() }),
  { minLength: 1, maxLength: 12 },
);
type Script = readonly {
  readonly id: number;
  readonly outcome: Outcome;
  readonly twice: boolean;
  readonly cut: boolean;
}[];

describe('the same plugin', () => {
  test.prop([script])('gives equal results in all three forms', async (events) => {
    const [acked, stream, unary] = [
      await play(events, 'acked'),
      await play(events, 'stream'),
      await play(events, 'unary'),
    ];

    expect(acked).toEqual(stream);
    expect(stream).toEqual(unary);
    expect(acked.results).toEqual(expected(events));
    // D2, and vacuity: each id ran exactly once.
    const ids = new Set(events.map(({ id }) => `e${id}`));
    expect(new Set(acked.ran)).toEqual(ids);
    expect(acked.ran).toHaveLength(ids.size);
  });

  test.prop([
    script,
    fc.array(fc.constantFrom('acked' as const, 'stream' as const, 'unary' as const), { minLength: 1 }),
  ])(
    'runs each event once in one process, whatever forms it comes by and however often streams are cut',
    async (events, forms) => {
      const { ran, results } = await play(events, forms);

      expect(ran).toHaveLength(new Set(events.map(({ id }) => id)).size);
      // The same id has the same result each time.
      const byId = new Map<string, string>();
      for (const [id, ...rest] of results) {
        const text = JSON.stringify(rest);
        expect(byId.get(id) ?? text).toBe(text);
        byId.set(id, text);
      }
    },
  );
});

// Helpers

const FAILS: Partial<Record<Outcome, string>> = {
  throws: 'HANDLER_FAILED',
  rejects: 'HANDLER_FAILED',
  nonsense: 'HANDLER_FAILED',
  hangs: 'DEADLINE_EXCEEDED',
};
const RETURNS: Partial<Record<Outcome, number>> = { returns: 2, returnsLater: 1 };

/** The first event of an id decides about all of them; after a deadline no further handler begins. */
function expected(events: Script): Played['results'] {
  return events.map(({ id }) => {
    const first = events.find((each) => each.id === id);
    const does = first?.outcome ?? 'done';
    const second = first?.twice === true && does !== 'hangs' ? 1 : 0;
    return [`e${id}`, FAILS[does], (RETURNS[does] ?? 0) + second] as const;
  });
}

interface Played {
  /** Ids, in the order in which their handlers began. */
  readonly ran: readonly string[];
  readonly results: readonly (readonly [id: string, code: string | undefined, returned: number])[];
  readonly returned: readonly (readonly [type: string, cause: string])[];
}

async function play(
  events: Script,
  forms: DeliverOptions['form'] | readonly DeliverOptions['form'][],
): Promise<Played> {
  const ran: string[] = [];
  const harness = await createPluginHarness(playing(events, ran));
  const formOf = (index: number): DeliverOptions['form'] =>
    Array.isArray(forms) ? (forms[index % forms.length] as DeliverOptions['form']) : (forms as DeliverOptions['form']);
  const results = events.map(({ id, twice }, index) => {
    const type = twice ? 'b.twice' : 'a.once';
    return harness.deliver({ type }, { form: formOf(index), id: `e${id}` });
  });
  if (Array.isArray(forms) && !forms.includes('stream')) {
    for (const { cut } of events) {
      if (!cut) continue;
      await harness.advance(1);
      harness.cutStreams();
    }
  }
  await harness.advance(TIMEOUT_MS * events.length + 1_000);
  const settled = await Promise.all(results);
  const returned = harness.emitted.filter(({ by }) => by === 'result').map(({ type, cause }) => [type, cause] as const);
  harness.close();
  return { ran, results: settled.map(({ id, error, returned: count }) => [id, error?.code, count]), returned };
}

/** The first event of an id says what its handlers do. */
function playing(events: Script, ran: string[]): DefinedPlugin {
  const outcomes = new Map<string, Outcome>();
  for (const { id, outcome: each } of [...events].reverse()) outcomes.set(`e${id}`, each);
  const plugin: DefinedPlugin = definePlugin({
    handlerTimeoutMs: TIMEOUT_MS,
    on: {
      '*': async ({ id }, { emit }) => {
        ran.push(id);
        return act(outcomes.get(id) ?? 'done', id, emit);
      },
      'b.*': ({ id }) => ({ type: `second.of.${id}` }),
    },
  });
  return plugin;
}

function act(what: Outcome, id: string, emit: DefinedPlugin['emit']): never {
  const later = async (value: unknown): Promise<unknown> => {
    await Promise.resolve();
    return value;
  };
  const acts: Record<Outcome, () => unknown> = {
    done: () => undefined,
    awaits: () => later(undefined),
    throws: () => {
      throw new Error('no luck');
    },
    rejects: () => Promise.reject(new Error('no luck')),
    returns: () => [{ type: `of.${id}` }, { type: 'more', payload: { id } }],
    returnsLater: () => later({ type: `of.${id}` }),
    nonsense: () => 7,
    hangs: () => new Promise(() => {}),
    emits: () => emit({ type: 'emitted' }).then(() => undefined),
  };
  return acts[what]() as never;
}
