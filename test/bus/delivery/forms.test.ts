import { describe, expect, it } from 'vitest';
import type { EmittedEvent } from '../../../src/gen/troupe/events/v1/events.ts';
import { leftOvers, NOTHING_LEFT, startHarness } from './support.ts';
import type { HarnessOptions } from './support.ts';

const FORMS: readonly (readonly [string, HarnessOptions])[] = [
  ['acked', {}],
  ['stream', { script: { unimplemented: ['acked'] } }],
  ['unary', { script: { unimplemented: ['acked', 'stream'] } }],
];

const EMITTED: EmittedEvent = {
  type: 'order.shipped',
  subject: '',
  contentType: '',
  metadata: {},
  payload: Buffer.from('1'),
  timeUnixNanos: 0n,
  clientId: '',
};

/** What is left of two events that are not handled, when a stream is stopped. */
const LEFT: Readonly<Record<string, unknown>> = {
  acked: { returned: [{ ids: ['e1', 'e2'], sent: true }], unknown: [], waiting: 2 },
  stream: { returned: [], unknown: ['e1', 'e2'], waiting: 0 },
  unary: { returned: [{ ids: ['e1'], sent: true }], unknown: [], waiting: 2 },
};

/** What the next process gets of two events, with the attempt, when the one before is lost. */
const REPEATED: Readonly<Record<string, unknown>> = {
  acked: [
    ['e1', 1],
    ['e2', 1],
  ],
  stream: [],
  unary: [
    ['e1', 1],
    ['e2', 0],
  ],
};

describe.each(FORMS)('the form %s', (form, options) => {
  it('is found, and delivers 300 events once each and in order', async () => {
    const { source, peer, pass, stream } = await startHarness(options);

    const ids = source.publish(300);
    await pass(1000);

    expect([source.settled.delivered, peer.handled]).toEqual([ids, ids]);
    expect([stream.form, new Set(peer.received.map((one) => one.form))]).toEqual([form, new Set([form])]);
  });

  it('is kept: a form that was refused is never tried again', async () => {
    const { peer, pass, facts, source } = await startHarness(options);
    source.publish(1);
    await pass(1000);
    const refused = facts.filter(({ type }) => type === 'stream.unsupported').length;
    for (let i = 0; i < 3; i++) {
      peer.cutAll();
      await pass(60_000);
    }

    expect(facts.filter(({ type }) => type === 'stream.unsupported').length).toBe(refused);
  });

  it('brings errors and emitted events of handlers back', async () => {
    const { source, peer, pass } = await startHarness(options);
    peer.script.outcome = ({ id }) =>
      id === 'e2' ? { error: { code: 'HANDLER_FAILED', message: 'no luck' }, emitted: [EMITTED] } : 'handled';

    source.publish(3);
    await pass(0);

    expect(source.settled).toEqual({ delivered: ['e1', 'e3'], failed: ['e2'], unknown: [] });
    expect([source.errors.get('e2'), source.emitted.map(({ type }) => type)]).toEqual([
      'HANDLER_FAILED',
      ['order.shipped'],
    ]);
  });

  it('delivers what waits when it is stopped, and leaves nothing behind', async () => {
    const harness = await startHarness(options);
    harness.source.publish(200);

    const ended = harness.stream.stop({ drainMs: 1000 });
    await harness.pass(0);

    expect(await ended).toEqual({ kind: 'closed' });
    expect(harness.source.settled.delivered).toHaveLength(200);
    expect(leftOvers(harness)).toEqual(NOTHING_LEFT);
  });

  it('gives back what is not handled within the time to drain, or counts it as unknown', async () => {
    const script = { ...options.script, outcome: () => 'held' as const };
    const harness = await startHarness({ ...options, script });
    harness.source.publish(2);
    await harness.pass(0);

    const ended = harness.stream.stop({ drainMs: 500 });
    await harness.pass(499);
    const before = harness.stream.actor.snapshot().status;
    await harness.pass(1001);

    expect([before, await ended]).toEqual(['active', { kind: 'closed' }]);
    const { returned, settled, waiting } = harness.source;
    expect({ returned, unknown: settled.unknown, waiting }).toEqual(LEFT[form]);
    expect(leftOvers(harness)).toEqual(NOTHING_LEFT);
  });

  it('gives back what it had when the process is lost, with the next attempt, or counts it as unknown', async () => {
    const script = { ...options.script, outcome: () => 'held' as const };
    const harness = await startHarness({ ...options, script });
    harness.source.publish(2);
    await harness.pass(0);

    harness.connection.close();
    const ended = harness.stream.lost();
    await harness.pass(0);

    expect(await ended).toEqual({ kind: 'lost' });
    expect(leftOvers(harness)).toEqual(NOTHING_LEFT);
    const next = await startHarness({ ...options, source: harness.source });
    await next.pass(0);
    expect(next.peer.received.map(({ id, attempt }) => [id, attempt])).toEqual(REPEATED[form]);
    expect([...harness.source.settled.unknown, ...harness.source.settled.delivered]).toEqual(['e1', 'e2']);
  });
});

describe('a plugin that takes events in no form', () => {
  it('has failed with EVENTS_UNSUPPORTED, and its events are given back', async () => {
    const harness = await startHarness({ script: { unimplemented: ['acked', 'stream', 'unary'] } });
    harness.source.publish(3);

    await harness.pass(0);

    expect(await harness.stream.ended).toEqual({
      kind: 'failed',
      failure: { code: 'EVENTS_UNSUPPORTED', message: 'plugin "kv" takes events in no form' },
    });
    expect(harness.source.waiting).toBe(3);
    expect(leftOvers(harness)).toEqual(NOTHING_LEFT);
  });

  it('goes on waiting for its stream when it has one and only lacks single calls', async () => {
    const { source, peer, pass, facts } = await startHarness({ script: { unimplemented: ['unary'] } });
    peer.cutAll();
    source.publish(2);
    await pass(250);

    expect(facts.map(({ type }) => type)).toContain('stream.unsupported');
    expect(peer.received.map(({ form }) => form)).toEqual(['acked', 'acked']);
    expect(source.settled.delivered).toEqual(['e1', 'e2']);
  });
});

describe('single calls', () => {
  const options = { script: { unimplemented: ['acked', 'stream'] as const, unaryHangs: true } };

  it('that run into 5 s are made 3 times, with a higher attempt each time; then the event has failed', async () => {
    const { source, peer, pass } = await startHarness(options);
    source.publish(2);

    await pass(14_999);
    const before = source.settled.failed.length;
    peer.script.unaryHangs = false;
    await pass(1);

    expect([before, source.settled.failed, source.errors.get('e1')]).toEqual([0, ['e1'], 'DEADLINE_EXCEEDED']);
    expect(peer.received.map(({ id, attempt }) => `${id} ${attempt}`)).toEqual(['e1 0', 'e1 1', 'e1 2', 'e2 0']);
    expect(source.settled.delivered).toEqual(['e2']);
  });

  it('that do not get through are no attempt of the event that fails it', async () => {
    const { source, peer, pass } = await startHarness({
      script: { unimplemented: ['acked', 'stream'], unaryFails: 'UNAVAILABLE' },
    });
    source.publish(1);
    await pass(3_000);
    peer.script.unaryFails = undefined;
    await pass(30_000);

    expect(source.settled).toEqual({ delivered: ['e1'], failed: [], unknown: [] });
  });

  it('that the plugin answers with another status fail the event', async () => {
    const { source, pass } = await startHarness({
      script: { unimplemented: ['acked', 'stream'], unaryFails: 'INTERNAL' },
    });
    source.publish(2);
    await pass(0);

    expect([source.settled.failed, source.errors.get('e2')]).toEqual([['e1', 'e2'], 'INTERNAL']);
  });
});

describe('a plain stream', () => {
  const options = { script: { unimplemented: ['acked'] as const } };

  it('numbers the events of each stream from 1', async () => {
    const { source, peer, pass } = await startHarness(options);
    source.publish(2);
    await pass(0);
    peer.cutAll();
    await pass(250);
    source.publish(2);
    await pass(0);

    expect(peer.received.map(({ sequence }) => sequence)).toEqual([1, 2, 1, 2]);
  });

  it('takes late results for 5 s after a cut, and then counts as unknown and never sends again', async () => {
    const { source, peer, pass } = await startHarness({ script: { ...options.script, outcome: () => 'held' } });
    source.publish(3);
    await pass(0);
    peer.cutAll();
    await pass(4000);
    peer.proceed(1);
    await pass(999);
    const before = [...source.settled.unknown];
    await pass(60_000);

    expect([before, source.settled]).toEqual([[], { delivered: ['e1'], failed: [], unknown: ['e2', 'e3'] }]);
    expect(peer.received.map(({ id }) => id)).toEqual(['e1', 'e2', 'e3']);
  });

  it('that is refused loses nothing: all of it goes by single calls', async () => {
    const { source, peer, pass } = await startHarness({
      script: { unimplemented: ['acked', 'stream'] },
    });
    source.publish(500);
    await pass(0);

    expect(peer.handled).toEqual(source.published);
    expect(peer.received.every(({ attempt }) => attempt === 0)).toBe(true);
  });

  it('gives back in order what single calls had begun with after a cut, and what they had not', async () => {
    const harness = await startHarness({ script: { ...options.script, isDeaf: true, unaryHangs: true } });
    harness.source.publish(40);
    await harness.pass(0);
    harness.peer.cutAll();
    await harness.pass(0);

    harness.connection.close();
    void harness.stream.lost();
    await harness.pass(0);
    const { unknown } = harness.source.settled;
    const next = await startHarness({ source: harness.source });

    expect(unknown.length).toBeGreaterThan(0);
    expect([...unknown, ...next.peer.handled]).toEqual(harness.source.published);
    expect(next.peer.received.slice(0, 2).map(({ attempt }) => attempt)).toEqual([1, 0]);
  });

  it('says how many results were for its events', async () => {
    const { source, stream, pass } = await startHarness({ ...options, hasHostChannel: false });
    source.publish(2);
    await pass(0);

    const known = stream.reportResults([
      { sequence: 1n, eventId: 'e1', emitted: [] },
      { sequence: 1n, eventId: 'e1', emitted: [] },
      { sequence: 2n, eventId: 'e1', emitted: [] },
      { sequence: 9n, eventId: 'e9', emitted: [] },
    ]);

    expect([known, source.settled.delivered]).toEqual([1, ['e1']]);
  });
});
