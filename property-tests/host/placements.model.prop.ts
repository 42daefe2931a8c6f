// One plugin, three placements: whatever is asked of it, in whatever order, the answers are the same everywhere.

import { fc, test } from '@fast-check/vitest';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { RuntimeError } from '../../src/errors/index.ts';
import { ALL_PLACEMENTS, launchSubject } from '../../test/host/placements/support.ts';
import type { SubjectPlugin } from '../../test/host/placements/support.ts';
import { createTestHost } from '../../test/host/support.ts';

/** One call, and what tells its outcome from another one. */
type Call = (plugin: SubjectPlugin) => Promise<unknown>;

const text = fc.string({ unit: 'binary', maxLength: 40 }).map((any) => any.toWellFormed());

const call: fc.Arbitrary<Call> = fc.oneof(
  fc.jsonValue().map(
    (value): Call =>
      (plugin) =>
        plugin.operations().execute('echo', value),
  ),
  fc.constantFrom('count', 'fail', 'refuse', 'absent').map(
    (name): Call =>
      (plugin) =>
        plugin.operations().execute(name),
  ),
  fc.jsonValue().map(
    (value): Call =>
      (plugin) =>
        plugin.validators().validate(value, 'part'),
  ),
  fc.integer().map(
    (input): Call =>
      (plugin) =>
        plugin.steps().execute({ type: 'double', name: 's', input }),
  ),
  fc.constant<Call>((plugin) => plugin.steps().execute({ type: 'absent', name: 's' })),
  text.map(
    (suffix): Call =>
      (plugin) =>
        plugin.dispense('probe').echo({ text: suffix }, { metadata: { 'x-suffix': encodeURIComponent(suffix) } }),
  ),
  fc.nat({ max: 300 }).map(
    (count): Call =>
      (plugin) =>
        all(plugin.dispense('probe').download({ count, text: 'x' })),
  ),
  fc.array(text, { maxLength: 50 }).map(
    (texts): Call =>
      (plugin) =>
        plugin.dispense('probe').upload(texts.map((one) => ({ text: one }))),
  ),
  fc.array(fc.oneof(text, fc.constant('stop')), { maxLength: 20 }).map(
    (texts): Call =>
      (plugin) =>
        all(plugin.dispense('probe').chat(texts.map((one) => ({ text: one })))),
  ),
  fc.constant<Call>((plugin) => plugin.dispense('probe').hang({ busy: false }, { timeoutMs: 1 })),
  fc.constant<Call>((plugin) => plugin.dispense('probe').echo({ text: '' }, { signal: AbortSignal.abort() })),
);

describe('a plugin in 3 placements', () => {
  const host = createTestHost();
  let plugins: readonly SubjectPlugin[] = [];
  beforeAll(async () => {
    plugins = await Promise.all(
      ALL_PLACEMENTS.map((placement) => launchSubject(host, placement, { name: placement, contract: 'troupe' })),
    );
  }, 30_000);
  afterAll(() => host.close());

  test.prop([fc.array(call, { minLength: 1, maxLength: 8 }), fc.boolean()])(
    'gives the same answers and the same failures to any sequence of calls, one by one or at once',
    async (calls, atOnce) => {
      const [inProcess, ...others] = await Promise.all(plugins.map((plugin) => outcomes(plugin, calls, atOnce)));

      for (const other of others) expect(other).toEqual(inProcess);
    },
  );
});

// Helpers

async function outcomes(plugin: SubjectPlugin, calls: readonly Call[], atOnce: boolean): Promise<unknown[]> {
  // Made in one turn, they arrive in the order in which they are made, wherever the plugin runs.
  if (atOnce) return Promise.all(calls.map((one) => outcome(plugin, one)));
  const list: unknown[] = [];
  for (const one of calls) list.push(await outcome(plugin, one));
  return list;
}

async function outcome(plugin: SubjectPlugin, one: Call): Promise<unknown> {
  try {
    return { value: await one(plugin) };
  } catch (reason) {
    const { code, rawMessage } = RuntimeError.from(reason);
    return { code, text: rawMessage.replaceAll(plugin.name, 'NAME') };
  }
}

async function all<T>(messages: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const message of messages) list.push(message);
  return list;
}
