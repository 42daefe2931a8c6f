// The whole way of events to a plugin, in virtual time, against a plugin that does its worst: whatever happens in whatever
// order, the invariants hold after every step.

import { fc, test } from '@fast-check/vitest';
import { afterAll, describe, expect } from 'vitest';
import { createSystem } from '../src/actors/index.ts';
import type { Code } from '../src/errors/index.ts';
import { createManualEnvironment } from '../src/ports/index.ts';
import type { EventPeerScript, ReceivedEvent, ScriptedEventPeer } from '../src/testing/plugins/scripted-event-peer.ts';
import { beginHarness, createFakeSource, leftOvers, NOTHING_LEFT } from '../test/bus/delivery/support.ts';
import type { FakeSource, Harness } from '../test/bus/delivery/support.ts';

type Forms = EventPeerScript['unimplemented'];
const FORMS: readonly Forms[] = [[], ['acked'], ['acked', 'stream'], ['unary'], ['stream', 'unary']];

const POLICY = {
  batch: { events: 3, messages: 2 },
  window: { events: 40 },
  backoff: { maxMs: 4000, jitter: 'full' as const },
};

/** One thing that happens. */
interface Step {
  readonly name: string;
  act(world: World): Promise<void> | void;
}

/** One plugin over several processes, and a plugin beside it that nothing happens to. */
class World {
  readonly #forms: Forms;
  readonly #host: Pick<Harness, 'environment' | 'system'>;
  readonly source: FakeSource = createFakeSource();
  readonly peers: ScriptedEventPeer[] = [];
  readonly bystander: Harness;
  harness: Harness;

  constructor(forms: Forms) {
    this.#forms = forms;
    const environment = createManualEnvironment();
    this.#host = { environment, system: createSystem({ environment }) };
    this.bystander = beginHarness({ host: this.#host, source: createFakeSource('other') });
    this.harness = this.begin();
  }

  begin(): Harness {
    const process = this.peers.length + 1;
    const script = { unimplemented: this.#forms };
    const harness = beginHarness({ host: this.#host, source: this.source, script, policy: POLICY, process });
    this.peers.push(harness.peer);
    return harness;
  }

  async crash(): Promise<void> {
    this.harness.connection.close();
    await Promise.all([this.harness.stream.lost(), this.harness.pass(0)]);
    this.end();
    this.harness = this.begin();
  }

  async restart(drainMs: number): Promise<void> {
    await Promise.all([this.harness.stream.stop({ drainMs }), this.harness.pass(drainMs + 20_000)]);
    this.end();
    this.harness.connection.close();
    this.harness = this.begin();
  }

  /** I8: nothing of a process is left when its stream has ended. */
  end(): void {
    for (const { type } of this.harness.facts) seen.add(type);
    const { calls, onTheirWay } = leftOvers(this.harness) as { calls: number; onTheirWay: number };
    expect([calls, onTheirWay]).toEqual([0, 0]);
  }

  get received(): readonly ReceivedEvent[] {
    return this.peers.flatMap((peer) => peer.received);
  }

  async check(): Promise<void> {
    const { source, bystander } = this;
    // I2: the books balance, and nothing is settled twice.
    expect([source.complaints, source.isBalanced]).toEqual([[], true]);
    this.#checkOrder();
    this.#checkSequences();
    this.#checkGuarantee();
    // I7: whoever is beside it has everything at once.
    bystander.source.publish(1);
    await bystander.pass(0);
    expect(bystander.source.settled.delivered).toEqual(bystander.source.published);
    // I11.
    for (const fact of this.harness.facts) {
      if (fact.type === 'stream.backingOff') expect(fact.delayMs >= 0 && fact.delayMs <= 4000).toBe(true);
    }
  }

  /** I1: whatever came first came in the order of publication, across forms, streams and processes. */
  #checkOrder(): void {
    const first = [...new Set(this.received.map(({ id }) => id))].map((id) => Number(id.slice(1)));
    expect(first).toEqual(first.toSorted((a, b) => a - b));
  }

  /** I4: sequences go up by 1 within a stream. */
  #checkSequences(): void {
    for (const peer of this.peers) {
      const last = new Map<number, number>();
      for (const { stream, sequence } of peer.received) {
        if (stream === 0) continue;
        const before = last.get(stream);
        if (before !== undefined) expect(sequence).toBe(before + 1);
        last.set(stream, sequence);
      }
    }
  }

  /** I3, by the guarantee of each form. */
  #checkGuarantee(): void {
    const { delivered, unknown } = this.source.settled;
    const handled = new Set(this.peers.flatMap((peer) => peer.handled));
    expect(delivered.filter((id) => !handled.has(id))).toEqual([]);
    const streamed = new Set<string>();
    const met = new Set<string>();
    for (const { id, form, attempt } of this.received) {
      // At most once where results may be lost; else whatever is repeated says so.
      expect([id, streamed.has(id)]).toEqual([id, false]);
      if (form === 'stream') streamed.add(id);
      if (met.has(id)) expect([id, attempt]).not.toEqual([id, 0]);
      met.add(id);
    }
    if (!this.#forms.includes('acked')) expect(unknown).toEqual([]);
  }

  /** In the end everything is settled, and everything is gone. */
  async finish(): Promise<void> {
    const { harness, source } = this;
    Object.assign(harness.peer.script, { ...FRIENDLY, unimplemented: this.#forms });
    // A stream that was opened to a deaf plugin stays deaf, and one that has taken everything may wait for ever.
    harness.peer.cutAll();
    harness.peer.proceed();
    await harness.pass(120_000);
    harness.peer.proceed();
    await harness.pass(120_000);
    const { delivered, failed, unknown } = source.settled;
    expect([source.waiting, delivered.length + failed.length + unknown.length]).toEqual([0, source.published.length]);
    await this.check();
    for (const one of [harness, this.bystander]) {
      await Promise.all([one.stream.stop({ drainMs: 1000 }), one.pass(2000)]);
    }
    this.end();
    expect(leftOvers(harness)).toEqual(NOTHING_LEFT);
  }
}

const FRIENDLY: Partial<EventPeerScript> = {
  isSilent: false,
  isDeaf: false,
  cut: undefined,
  credits: 1024,
  unaryFails: undefined,
  unaryHangs: false,
  outcome: () => 'handled',
};

const seen = new Set<string>();

const script = (name: string, change: Partial<EventPeerScript>): Step => ({
  name,
  act: ({ harness }) => void Object.assign(harness.peer.script, change),
});

function steps(): fc.Arbitrary<Step> {
  // More than a connection takes from a plain stream at once, so that some are left when it is cut.
  const publish = fc.constantFrom(1, 2, 3, 7, 12, 40).map(
    (count): Step => ({
      name: `publish ${count}`,
      act: ({ source }) => void source.publish(count),
    }),
  );
  const proceed = fc.integer({ min: 1, max: 5 }).map(
    (count): Step => ({
      name: `proceed ${count}`,
      act: ({ harness }) => harness.peer.proceed(count),
    }),
  );
  const pass = fc.constantFrom(1, 100, 300, 2000, 5000, 16_000).map(
    (ms): Step => ({
      name: `pass ${ms}`,
      act: ({ harness }) => harness.pass(ms),
    }),
  );
  const cut = fc.constantFrom<Code>('UNAVAILABLE', 'INTERNAL', 'CANCELLED').map(
    (code): Step => ({
      name: `cut ${code}`,
      act: ({ harness }) => harness.peer.cutAll(code),
    }),
  );
  const planned = fc
    .record({ message: fc.integer({ min: 1, max: 4 }), handled: fc.boolean() })
    .map((one) => script(`cut at ${one.message}${one.handled ? ', handled' : ''}`, { cut: one }));
  const garbage = fc.record({ settled: fc.nat(40), sendLimit: fc.nat(40) }).map(
    (answer): Step => ({
      name: `say ${answer.settled} ${answer.sendLimit}`,
      // An acknowledgement of what was not handled yet is a lie that nobody can see through.
      act: ({ harness }) => harness.peer.say({ ...answer, settled: answer.settled + 1000, results: [] }),
    }),
  );
  const scripts = fc.constantFrom(
    script('hold', { outcome: () => 'held' }),
    script('handle', { outcome: () => 'handled' }),
    script('fail', { outcome: () => ({ error: { code: 'HANDLER_FAILED', message: 'no' } }) }),
    script('few credits', { credits: 2 }),
    script('silent', { isSilent: true }),
    script('deaf', { isDeaf: true }),
    script('calls hang', { unaryHangs: true }),
    script('calls fail', { unaryFails: 'UNAVAILABLE' }),
    script('friendly', FRIENDLY),
  );
  const crash = fc.constant<Step>({ name: 'crash', act: (world) => world.crash() });
  const restart = fc
    .constantFrom(0, 1000)
    .map((ms): Step => ({ name: `stop ${ms}`, act: (world) => world.restart(ms) }));
  return fc.oneof(
    { weight: 6, arbitrary: publish },
    { weight: 5, arbitrary: pass },
    { weight: 3, arbitrary: cut },
    { weight: 2, arbitrary: proceed },
    { weight: 2, arbitrary: planned },
    { weight: 1, arbitrary: garbage },
    { weight: 3, arbitrary: scripts },
    { weight: 1, arbitrary: crash },
    { weight: 1, arbitrary: restart },
  );
}

describe('the way of events to a plugin', () => {
  afterAll(() => {
    for (const fact of ['opened', 'resumed', 'stalled', 'unsupported', 'cut', 'fellBack', 'backingOff', 'closed']) {
      expect([...seen]).toContain(`stream.${fact}`);
    }
  });

  test.prop([fc.constantFrom(...FORMS), fc.array(steps(), { maxLength: 40, size: 'max' })])(
    'I1 to I4, I7, I8, I11: keeps order, books and guarantees whatever the plugin does',
    async (forms, sequence) => {
      const world = new World(forms);
      await world.harness.pass(0);
      for (const { act } of sequence) {
        await act(world);
        await world.harness.pass(0);
        await world.check();
      }
      await world.finish();
    },
  );
});
