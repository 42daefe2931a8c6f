// Random runs of real plugin processes that are killed, cut off, restarted and stopped, recounted from what they wrote
// down. The guarantees are those of docs/events.md, one for each form.

import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import type { SubscriptionCounters } from '../../../src/bus/index.ts';
import type { Plugin } from '../../../src/host/index.ts';
import type { RuntimeError } from '../../../src/errors/index.ts';
import { goEventPeers } from '../../peers/go/event-peers.ts';
import { describeWithPeer } from '../../peers/peers.ts';
import { testScale } from '../../setup/size.ts';
import type { Deed } from '../fixtures/journal-plugin.ts';
import { waitFor } from '../support.ts';
import { BLOCK, eventScene, firstOnes, imbalance, publish, viewOf } from './support.ts';
import type { EventScene, HandledLine } from './support.ts';

const { seed, factor } = testScale();
/** Random runs of each form. */
const RUNS = 5 * factor;
const LIMIT_MS = 60_000 * factor;

type Form = 'acked' | 'stream' | 'unary';
/** Deeds that end a process. */
const DEADLY: readonly Deed[] = ['die', 'perish', 'drop'];
const FORMS: readonly Form[] = ['acked', 'stream', 'unary'];

/** One step of a run. */
type Step =
  /** Lets the event loop turn after so many events each. */
  | { readonly do: 'publish'; readonly deeds: readonly Deed[]; readonly pace: number }
  /** Waits until no more than a share of what is pending is. */
  | { readonly do: 'wait'; readonly share: number }
  /** SIGKILL, from outside; `restart` is the host's. */
  | { readonly do: 'kill' }
  | { readonly do: 'restart' };

/** A whole run, and how it ends. */
interface Run {
  readonly steps: readonly Step[];
  /** Of the plugin's queue. */
  readonly capacity: number;
  /** A `calm` stop comes when all is settled, a `stop` in the middle of anything. */
  readonly end: 'calm' | 'stop' | 'kill';
}

/** What is known when a run is over. */
interface Outcome {
  /** Ids of what was published for the plugin, in order. */
  readonly ids: readonly string[];
  readonly deeds: ReadonlyMap<string, Deed>;
  readonly lines: readonly HandledLine[];
  /** How far both had got whenever nothing was under way. */
  readonly settled: readonly { readonly ids: number; readonly lines: number }[];
  readonly counters: SubscriptionCounters;
  /** Whether a process of it may have been killed. */
  readonly dies: boolean;
  /** Whether another process of it may have got again what one had handled. */
  readonly repeats: boolean;
}

describe.each(FORMS)(`${RUNS} random lives of a plugin in the form %s`, (form) => {
  it('keep I1 to I6, I8, I11 and I12, and the guarantee of the form (I3)', { timeout: LIMIT_MS }, async () => {
    const scene = eventScene();
    await scene.journalPlugin('calm', { isCalm: true });
    const all: string[] = [];
    const reached = new Set<string>();

    let next = 0;
    await check(randomRun(), async (run) => {
      const name = `${form}-${++next}`;
      const plugin = await scene.journalPlugin(name, { forms: [form] }, { events: { capacity: run.capacity } });
      const outcome = await live(scene, name, plugin, run);
      all.push(...outcome.ids);
      requireBooks(outcome, run);
      requireOrder(outcome);
      requireEchoes(scene, name, outcome, run);
      if (form === 'stream') requireAtMostOnce(outcome);
      else requireAtLeastOnce(form, outcome, run);
      note(reached, outcome, run);
    });

    // I7. Whatever became of the others, the calm one has got everything, once and in order.
    await waitFor('the calm plugin has all', () => scene.journalOf('calm').length >= all.length);
    expectSame(
      scene.journalOf('calm').map(({ id }) => id),
      all,
    );
    expect(scene.echoes.filter(({ type }) => type.startsWith('secret'))).toEqual([]); // I6
    expect([...reached]).toEqual(expect.arrayContaining(form === 'stream' ? ['unknown'] : ['redelivered']));
    await requireNothingLeft(scene, ['calm']);
  });
});

describe('a plugin that does the same in all three forms', () => {
  const DEEDS: readonly Deed[] = ['nothing', 'return', 'emit', 'fail', 'overreach', 'slow', 'return', 'fail', 'emit'];

  it('has equal counters, echoes and failures for 90 events', async () => {
    const scene = eventScene();
    await Promise.all(FORMS.map((form) => scene.journalPlugin(form, { forms: [form] })));
    const ids: string[] = [];
    for (let index = 0; index < 90; index += 1) {
      ids.push(await publish(scene.bus, 'work.n', DEEDS[index % DEEDS.length] ?? 'nothing'));
    }

    await waitFor('all is settled', () => FORMS.every((form) => viewOf(scene.bus, form).counters.pending === 0));
    await waitFor('the echoes', () => scene.echoes.length >= 3 * 40);
    const results = FORMS.map((form) => ({
      counters: viewOf(scene.bus, form).counters,
      ids: scene.journalOf(form).map(({ id }) => id),
      returned: echoesOf(scene, form, 'echo.returned'),
      emitted: echoesOf(scene, form, 'echo.emitted'),
      failures: failuresOf(scene, form),
    }));

    expect(results[0]).toMatchObject({ ids, counters: { delivered: 70, failed: 20, emitted: 20, refused: 10 } });
    expect(results[0]?.failures).toEqual(['HANDLER_FAILED']);
    expect(results[1]).toEqual(results[0]);
    expect(results[2]).toEqual(results[0]);
  });
});

describeWithPeer('go', 'the Go plugin', () => {
  let program: string;
  // The first build compiles Go's standard library too.
  beforeAll(async () => {
    program = (await goEventPeers()).events;
  }, 300_000);

  it.each(FORMS)(
    `keeps the guarantee of the form %s over ${RUNS} random lives`,
    { timeout: LIMIT_MS },
    async (form) => {
      const scene = eventScene();
      const flag = { acked: 'deliver', stream: 'stream', unary: 'unary' }[form];

      let next = 0;
      await check(randomRun(['nothing']), async (run) => {
        const name = `${form}-${++next}`;
        const plugin = await scene.test.host.launch({
          name,
          command: program,
          args: [`-forms=${flag}`, '-answer=echo.returned', '-delay=500us'],
          env: { JOURNAL: scene.pathOf(name) },
          backoff: { initialMs: 20, jitter: 'none' },
          stop: { drainMs: 20_000 },
          events: { subscribe: ['work.*'], emit: ['echo.*'], ...BLOCK, capacity: run.capacity },
        });
        const outcome = await live(scene, name, plugin, run);
        requireBooks(outcome, run);
        const ids = outcome.lines.map(({ id }) => id);
        expectSame(
          firstOnes(ids),
          outcome.ids.filter((id) => ids.includes(id)),
        );
        if (form === 'stream') expectSame(ids, firstOnes(ids));
        else if (run.end === 'calm' && outcome.counters.unknown === 0) expectSame(firstOnes(ids), outcome.ids);
        expect(form === 'acked' && run.end === 'calm' ? outcome.counters.unknown : 0).toBe(0);
        if (!outcome.repeats) expectSame(ids, firstOnes(ids));
        requireEchoes(scene, name, { ...outcome, deeds: new Map(outcome.ids.map((id) => [id, 'return'])) }, run);
      });

      expect(next).toBe(RUNS);
      await requireNothingLeft(scene, []);
    },
  );
});

// Helpers

function check(runs: fc.Arbitrary<Run>, hold: (run: Run) => Promise<void>): Promise<void> {
  // Each try takes real processes: a counterexample is told as it is.
  return fc.assert(fc.asyncProperty(runs, hold), { seed, numRuns: RUNS, endOnFailure: true, examples: [[KNOWN]] });
}

/** A life in which everything happens, so that a run that meets nothing cannot pass for one that holds. */
const KNOWN: Run = {
  steps: [
    { do: 'publish', deeds: ['return', 'emit', 'cut', 'nothing', 'fail', 'overreach', 'slow'], pace: 1 },
    { do: 'wait', share: 0 },
    { do: 'publish', deeds: ['nothing', 'return', 'slow', 'slow', 'perish', 'emit', 'return'], pace: 2 },
    { do: 'wait', share: 0 },
    { do: 'publish', deeds: ['slow', 'slow', 'drop', 'slow', 'return'], pace: 2 },
    { do: 'wait', share: 0 },
    { do: 'restart' },
    { do: 'publish', deeds: ['nothing', 'emit', 'return'], pace: 1 },
  ],
  capacity: 64,
  end: 'calm',
};

function randomRun(deeds?: readonly Deed[]): fc.Arbitrary<Run> {
  const deed = fc.oneof(
    { weight: 90, arbitrary: fc.constantFrom<Deed>(...(deeds ?? (['nothing', 'slow', 'return', 'emit'] as const))) },
    ...(deeds === undefined
      ? [
          { weight: 10, arbitrary: fc.constantFrom<Deed>('fail', 'overreach') },
          { weight: 1, arbitrary: fc.constantFrom<Deed>('die', 'perish', 'cut', 'cut', 'cut', 'drop') },
        ]
      : []),
  );
  const burst = fc.array(deed, { minLength: 1, maxLength: 120, size: 'max' });
  const step = fc.oneof(
    {
      weight: 5,
      arbitrary: fc.record({
        do: fc.constant('publish' as const),
        deeds: burst,
        pace: fc.integer({ min: 1, max: 40 }),
      }),
    },
    { weight: 3, arbitrary: fc.record({ do: fc.constant('wait' as const), share: fc.constantFrom(0, 0.2, 0.5, 0.9) }) },
    { weight: 2, arbitrary: fc.constantFrom<Step>({ do: 'kill' }, { do: 'restart' }) },
  );
  return fc.record({
    steps: fc.array(step, { minLength: 3, maxLength: 10, size: 'max' }),
    capacity: fc.constantFrom(8, 64, 256),
    end: fc.constantFrom('calm', 'calm', 'stop', 'kill'),
  });
}

/** Runs the steps and the end. The books are looked at after each publish, and in each turn of the event loop besides. */
async function live(scene: EventScene, name: string, plugin: Plugin, run: Run): Promise<Outcome> {
  const { bus, journalOf } = scene;
  const view = viewOf(bus, name);
  const balance = watch(() => expect([name, imbalance(view)]).toEqual([name, 0]));
  const ids: string[] = [];
  const deeds = new Map<string, Deed>();
  const settled: { ids: number; lines: number }[] = [];
  const wait = async (share: number): Promise<void> => {
    const most = Math.floor(view.counters.pending * share);
    await waitFor(`${name} has settled all but ${most}`, () => view.counters.pending <= most).catch(
      (cause: unknown) => {
        throw new Error(`${JSON.stringify(view.counters)}, ${plugin.status().state}; ${lastWords(scene, name)}`, {
          cause,
        });
      },
    );
    if (most === 0) settled.push({ ids: ids.length, lines: journalOf(name).length });
  };
  for (const step of run.steps) {
    if (step.do === 'publish') {
      for (const deed of step.deeds) {
        const id = await publish(bus, 'work.n', deed);
        ids.push(id);
        deeds.set(id, deed);
        balance.look();
        if (ids.length % step.pace === 0) await new Promise((resolve) => setImmediate(resolve));
      }
    } else if (step.do === 'kill') kill(plugin);
    else if (step.do === 'restart') plugin.restart();
    else await wait(step.share);
  }
  if (run.end === 'calm') await wait(0);
  await (run.end === 'kill' ? plugin.kill() : plugin.stop());
  balance.end();
  const done = new Set(deeds.values());
  const dies = [...DEADLY].some((deed) => done.has(deed)) || run.steps.some((step) => step.do === 'kill');
  // A call that was cut just before a restart is made again by the next process.
  const repeats = dies || (done.has('cut') && run.steps.some((step) => step.do === 'restart'));
  return { ids, deeds, lines: journalOf(name), settled, counters: view.counters, dies, repeats };
}

/** What was logged last about the streams and the process of a plugin, for those who have to find out why it hangs. */
function lastWords({ test }: EventScene, name: string): string {
  const own = test.log.entries.filter(({ fields }) => fields?.['plugin'] === name);
  const steps = own.filter(({ message, level }) => /^(?:stream|plugin)\./.test(message) || level !== 'debug');
  return steps
    .slice(-12)
    .map(({ message, fields }) => [message, fields?.['form'], fields?.['code'], fields?.['generation']].join(' '))
    .join('; ');
}

function watch(look: () => void): { readonly look: () => void; readonly end: () => void } {
  let failure: Error | undefined;
  let isOver = false;
  const guarded = (): void => {
    try {
      look();
    } catch (error) {
      failure ??= error as Error;
    }
  };
  const again = (): void => {
    if (isOver) return;
    guarded();
    setImmediate(again);
  };
  again();
  return {
    look: guarded,
    end() {
      isOver = true;
      guarded();
      if (failure !== undefined) throw failure;
    },
  };
}

function kill(plugin: Plugin): void {
  const { pid } = plugin.status();
  try {
    if (pid !== undefined) process.kill(pid, 'SIGKILL');
  } catch {
    // It is gone already.
  }
}

/** I2, I4. What was counted agrees with what was published and with what was written down. */
function requireBooks({ ids, lines, counters }: Outcome, { end }: Run): void {
  expect(counters).toMatchObject({ published: ids.length, pending: 0, settledTwice: 0 });
  const handled = new Set(lines.map(({ id }) => id)).size;
  expect(handled).toBeLessThanOrEqual(ids.length);
  expect(counters.delivered + counters.failed).toBeLessThanOrEqual(handled);
  expect(end === 'calm' ? counters.dropped : 0).toBe(0);
  expect(ids.length - handled).toBeLessThanOrEqual(counters.dropped + counters.unknown);
}

/** I1. The order of publishing within each process, and among the first times that events were handled. */
function requireOrder({ ids, lines }: Outcome): void {
  const place = new Map(ids.map((id, index) => [id, index]));
  for (const pid of new Set(lines.map((line) => line.pid))) {
    const places = lines.filter((line) => line.pid === pid).map(({ id }) => place.get(id) ?? -1);
    expectSame(
      places,
      places.toSorted((a, b) => a - b),
    );
  }
  const handled = new Set(lines.map(({ id }) => id));
  expectSame(
    firstOnes(lines.map(({ id }) => id)),
    ids.filter((id) => handled.has(id)),
  );
}

/** I3, `acked` and `unary`: all are handled, once by each process, and again only what was not settled. */
function requireAtLeastOnce(form: Form, { ids, lines, settled, counters, dies, repeats }: Outcome, { end }: Run): void {
  if (end === 'calm' && counters.unknown === 0) expectSame(firstOnes(lines.map(({ id }) => id)), ids);
  // Of a plugin with single calls only, what a process had got by a stream that it does not know, and was killed before it
  // could say so, is unknown.
  expect(end === 'calm' && (form === 'acked' || !dies) ? counters.unknown : 0).toBe(0);
  const byProcess = lines.map(({ id, pid }) => `${id} ${pid}`);
  expectSame(byProcess, firstOnes(byProcess));
  const seen = new Set<string>();
  const repeated = lines.filter(({ id }) => seen.has(id) || !seen.add(id));
  for (const line of repeated) expect(line).toMatchObject({ redelivered: true });
  expect(repeats ? [] : repeated).toEqual([]);
  expect(repeated.length).toBeLessThanOrEqual(counters.redelivered);
  // What was settled at some instant is never handled after it.
  for (const at of settled) {
    const old = new Set(ids.slice(0, at.ids));
    expect(lines.slice(at.lines).filter(({ id }) => old.has(id))).toEqual([]);
  }
}

/** I3, `stream`: none is handled twice. */
function requireAtMostOnce({ lines }: Outcome): void {
  const handled = lines.map(({ id }) => id);
  expectSame(handled, firstOnes(handled));
}

/** I5, I12. What was emitted has the plugin as its source, its cause as cause, and is one deeper than that. */
function requireEchoes(scene: EventScene, name: string, { ids, deeds, lines, counters }: Outcome, { end }: Run): void {
  const echoes = scene.echoes.filter(({ source }) => source === name);
  const own = new Set(ids);
  for (const { subject, causationId, depth } of echoes) {
    expect([causationId, depth, own.has(subject ?? '')]).toEqual([subject, 1, true]);
  }
  // What handlers return is published once, with the result.
  const returned = echoes.filter(({ type }) => type === 'echo.returned').map(({ subject }) => subject ?? '');
  expectSame(returned, firstOnes(returned));
  const expected = ids.filter((id) => deeds.get(id) === 'return');
  if (end === 'calm' && counters.unknown === 0) expectSame(returned, expected);
  // What they emit comes once for each time that they ran.
  const emitted = echoes.filter(({ type }) => type === 'echo.emitted').map(({ subject }) => subject);
  const ran = lines.filter(({ id }) => deeds.get(id) === 'emit').length;
  expect(emitted.length).toBeLessThanOrEqual(ran);
}

/** As `toEqual`, of long lists: tells the first place where they differ. */
function expectSame<T>(actual: readonly T[], expected: readonly T[]): void {
  const at = expected.findIndex((item, index) => item !== actual[index]);
  const [got, wanted] = [actual[at], expected[at]];
  const difference = { at, got, wanted, known: expected.indexOf(got as T), length: actual.length };
  expect(difference).toMatchObject({ at: -1, length: expected.length });
}

/** What runs must have reached, or they show nothing. */
function note(reached: Set<string>, { counters, lines }: Outcome, { end }: Run): void {
  reached.add(end);
  if (counters.unknown > 0) reached.add('unknown');
  if (lines.some(({ redelivered }) => redelivered)) reached.add('redelivered');
}

/** I8. */
async function requireNothingLeft({ test, bus }: EventScene, stillThere: readonly string[]): Promise<void> {
  expect(test.host.plugins().map(({ name }) => name)).toEqual(stillThere);
  // The two listeners of the scene.
  expect(bus.subscriptions()).toHaveLength(2 + stillThere.length);
  await test.host.stop();
  await waitFor('no process and no timer', () => {
    const { processes, directories, timers } = test.holdings();
    return processes + directories + timers === 0;
  });
}

function echoesOf({ echoes }: EventScene, name: string, type: string): (string | undefined)[] {
  return echoes.filter((event) => event.source === name && event.type === type).map(({ subject }) => subject);
}

/** Codes of the failures of a plugin. Of failures in a row the log has the first. */
function failuresOf({ test }: EventScene, name: string): unknown[] {
  const own = test.log.entries.filter(
    ({ message, fields }) => message === 'an event failed' && fields?.['subscription'] === name,
  );
  return [...new Set(own.map(({ fields }) => (fields?.['error'] as RuntimeError | undefined)?.code))];
}
