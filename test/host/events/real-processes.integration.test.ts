// Random runs of real plugin processes that are killed, cut off, restarted and stopped, recounted from what they wrote
// down. The guarantees are those of docs/events.md, one for each form.

import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import type { SubscriptionCounters } from '../../../src/bus/index.ts';
import type { Plugin } from '../../../src/host/index.ts';
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
const FORMS: readonly Form[] = ['acked', 'stream', 'unary'];

/** One step of a run. */
type Step =
  | { readonly do: 'publish'; readonly deeds: readonly Deed[] }
  /** SIGKILL, from outside; `restart` is the host's; `settle` waits until nothing is under way. */
  | { readonly do: 'kill' | 'restart' | 'settle' };

/** A whole run, and how it ends. */
interface Run {
  readonly steps: readonly Step[];
  readonly capacity: number;
  readonly end: 'stop' | 'kill';
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
  readonly crashes: number;
}

describe.each(FORMS)(`${RUNS} random lives of a plugin in the form %s`, (form) => {
  it('keep I1 to I6, I8, I11 and I12, and the guarantee of the form (I3)', { timeout: LIMIT_MS }, async () => {
    const scene = eventScene();
    await scene.journalPlugin('calm', {}, { events: { subscribe: ['work.*'] } });
    const all: string[] = [];
    const reached = new Set<string>();

    let next = 0;
    await check(randomRun(), async (run) => {
      const name = `${form}-${++next}`;
      const plugin = await scene.journalPlugin(name, { forms: [form] });
      const outcome = await live(scene, name, plugin, run);
      all.push(...outcome.ids);
      requireBooks(outcome, run);
      requireOrder(outcome);
      requireEchoes(scene, name, outcome, run);
      if (form === 'stream') requireAtMostOnce(outcome);
      else requireAtLeastOnce(outcome, run);
      note(reached, outcome, run);
    });

    // I7. Whatever became of the others, the calm one has got everything, once and in order.
    await waitFor('the calm plugin has all', () => scene.journalOf('calm').length >= all.length);
    expect(scene.journalOf('calm').map(({ id }) => id)).toEqual(all);
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
    expect(results[0]?.failures).toHaveLength(20);
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

  it.each(FORMS)(`keeps the guarantee of the form %s over ${RUNS} random lives`, { timeout: LIMIT_MS }, async (form) => {
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
        events: { subscribe: ['work.*'], emit: ['echo.*'], ...BLOCK },
      });
      const outcome = await live(scene, name, plugin, run);
      requireBooks(outcome, run);
      const ids = outcome.lines.map(({ id }) => id);
      expect(firstOnes(ids)).toEqual(outcome.ids.filter((id) => ids.includes(id)));
      if (form === 'stream') expect(ids).toEqual(firstOnes(ids));
      else if (run.end === 'stop') expect(firstOnes(ids)).toEqual(outcome.ids);
      if (outcome.crashes === 0) expect(ids).toEqual(firstOnes(ids));
      requireEchoes(scene, name, outcome, run, ['return']);
    });

    await requireNothingLeft(scene, []);
  });
});

// Helpers

function check(runs: fc.Arbitrary<Run>, hold: (run: Run) => Promise<void>): Promise<void> {
  // Each try takes real processes: a counterexample is told as it is.
  return fc.assert(fc.asyncProperty(runs, hold), { seed, numRuns: RUNS, endOnFailure: true });
}

function randomRun(deeds?: readonly Deed[]): fc.Arbitrary<Run> {
  const deed = fc.oneof(
    { weight: 30, arbitrary: fc.constantFrom<Deed>(...(deeds ?? (['nothing', 'slow', 'return', 'emit'] as const))) },
    ...(deeds === undefined
      ? [
          { weight: 4, arbitrary: fc.constantFrom<Deed>('fail', 'overreach') },
          { weight: 2, arbitrary: fc.constantFrom<Deed>('die', 'perish', 'cut', 'cut', 'drop') },
        ]
      : []),
  );
  const burst = fc.array(deed, { minLength: 1, maxLength: 120, size: 'max' });
  const step = fc.oneof(
    { weight: 5, arbitrary: burst.map((deeds): Step => ({ do: 'publish', deeds })) },
    { weight: 3, arbitrary: fc.constantFrom('kill', 'restart', 'settle').map((what): Step => ({ do: what as 'kill' })) },
  );
  return fc.record({
    steps: fc.array(step, { minLength: 3, maxLength: 10, size: 'max' }),
    capacity: fc.constantFrom(8, 64, 256),
    end: fc.constantFrom('stop', 'stop', 'stop', 'kill'),
  });
}

/** Runs the steps and the end. The books are looked at after each publish, and in each turn of the event loop besides. */
async function live({ test, bus, journalOf }: EventScene, name: string, plugin: Plugin, run: Run): Promise<Outcome> {
  const view = viewOf(bus, name);
  const balance = watch(() => expect([name, imbalance(view)]).toEqual([name, 0]));
  const ids: string[] = [];
  const deeds = new Map<string, Deed>();
  const settled: { ids: number; lines: number }[] = [];
  for (const step of run.steps) {
    if (step.do === 'publish') {
      for (const deed of step.deeds) {
        const id = await publish(bus, 'work.n', deed);
        ids.push(id);
        deeds.set(id, deed);
        balance.look();
      }
    } else if (step.do === 'kill') kill(plugin);
    else if (step.do === 'restart') plugin.restart();
    else {
      await waitFor(`${name} has settled all`, () => view.counters.pending === 0, 20_000);
      settled.push({ ids: ids.length, lines: journalOf(name).length });
    }
  }
  await (run.end === 'stop' ? plugin.stop() : plugin.kill());
  balance.end();
  const crashes = test.facts.filter((fact) => fact.type === 'plugin.failed' && fact.plugin === name).length;
  return { ids, deeds, lines: journalOf(name), settled, counters: view.counters, crashes };
}

function watch(look: () => void): { readonly look: () => void; readonly end: () => void } {
  let failure: unknown;
  let isOver = false;
  const guarded = (): void => {
    try {
      look();
    } catch (error) {
      failure ??= error;
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
  // An end by force leaves some unknown. An end in order drops nothing.
  if (end === 'stop') expect(counters.dropped).toBe(0);
}

/** I1. The order of publishing within each process, and among the first times that events were handled. */
function requireOrder({ ids, lines }: Outcome): void {
  const place = new Map(ids.map((id, index) => [id, index]));
  for (const pid of new Set(lines.map((line) => line.pid))) {
    const places = lines.filter((line) => line.pid === pid).map(({ id }) => place.get(id) ?? -1);
    expect(places).toEqual(places.toSorted((a, b) => a - b));
  }
  const handled = new Set(lines.map(({ id }) => id));
  expect(firstOnes(lines.map(({ id }) => id))).toEqual(ids.filter((id) => handled.has(id)));
}

/** I3, `acked` and `unary`: all are handled, once by each process, and again only what was not settled. */
function requireAtLeastOnce({ ids, lines, settled, counters, crashes }: Outcome, { end }: Run): void {
  if (end === 'stop') {
    expect(firstOnes(lines.map(({ id }) => id))).toEqual(ids);
    expect(counters.unknown).toBe(0);
  }
  const byProcess = lines.map(({ id, pid }) => `${id} ${pid}`);
  expect(byProcess).toEqual(firstOnes(byProcess));
  const seen = new Set<string>();
  const repeated = lines.filter(({ id }) => seen.has(id) || !seen.add(id));
  for (const line of repeated) expect(line).toMatchObject({ redelivered: true });
  if (crashes === 0) expect(repeated).toEqual([]);
  expect(repeated.length).toBeLessThanOrEqual(counters.redelivered);
  // What was settled at some instant is never handled after it.
  for (const at of settled) {
    const old = new Set(ids.slice(0, at.ids));
    expect(lines.slice(at.lines).filter(({ id }) => old.has(id))).toEqual([]);
  }
}

/** I3, `stream`: none is handled twice, and what was not handled counts as unknown or dropped. */
function requireAtMostOnce({ ids, lines, counters }: Outcome): void {
  const handled = lines.map(({ id }) => id);
  expect(handled).toEqual(firstOnes(handled));
  expect(ids.length - handled.length).toBeLessThanOrEqual(counters.unknown + counters.dropped);
}

/** I5, I12. What was emitted has the plugin as its source, its cause as cause, and is one deeper than that. */
function requireEchoes(
  scene: EventScene,
  name: string,
  { ids, deeds, lines, counters }: Outcome,
  { end }: Run,
  returning: readonly Deed[] = ['return'],
): void {
  const echoes = scene.echoes.filter(({ source }) => source === name);
  const own = new Set(ids);
  for (const { subject, causationId, depth } of echoes) {
    expect([causationId, depth, own.has(subject ?? '')]).toEqual([subject, 1, true]);
  }
  // What handlers return is published once, with the result.
  const returned = echoes.filter(({ type }) => type === 'echo.returned').map(({ subject }) => subject);
  expect(returned).toEqual(firstOnes(returned as string[]));
  const expected = ids.filter((id) => returning.includes(deeds.get(id) ?? 'nothing'));
  if (end === 'stop' && counters.unknown === 0 && deeds.size > 0) {
    if (expected.length > 0) expect(returned).toEqual(expected);
  }
  // What they emit comes once for each time that they ran.
  const emitted = echoes.filter(({ type }) => type === 'echo.emitted').map(({ subject }) => subject);
  const ran = lines.filter(({ id }) => deeds.get(id) === 'emit').length;
  expect(emitted.length).toBeLessThanOrEqual(ran);
}

/** What runs must have reached, or they show nothing. */
function note(reached: Set<string>, { counters, crashes, lines }: Outcome, { end }: Run): void {
  reached.add(end);
  if (crashes > 0) reached.add('crash');
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

function failuresOf({ test }: EventScene, name: string): unknown[] {
  return test.log.entries
    .filter(({ message, fields }) => message === 'an event failed' && fields?.['subscription'] === name)
    .map(({ fields }) => ({ ...fields, subscription: '' }));
}
