import { describe, expect, it, onTestFinished } from 'vitest';
import { createSystem } from '../../../src/actors/index.ts';
import { createBus, createEmitGate, createHostEventService } from '../../../src/bus/index.ts';
import type { Bus, Delivery, EmitGateOptions, EventRefused, HostEventServiceOptions } from '../../../src/bus/index.ts';
import type { Cause, EmitRequest, EmitResponse, EmittedEvent } from '../../../src/gen/troupe/events/v1/events.ts';
import { createManualEnvironment } from '../../../src/ports/index.ts';
import type { CallContext, ManualEnvironment, WireEvent } from '../../../src/ports/index.ts';

describe('emit', () => {
  it('publishes in the name of the plugin, with an id and the time of the host', async () => {
    const { emit, log } = started();

    const response = await emit({ type: 'kv.set', payload: Buffer.from('{"a":1}'), metadata: { a: 'b' } });

    expect(response).toEqual({ success: true, errorMessage: '', eventId: 'event-1', errorCode: '' });
    expect(log).toMatchObject([
      { id: 'event-1', type: 'kv.set', source: 'kv', time: 0, depth: 0, causationId: '', metadata: { a: 'b' } },
    ]);
  });

  it('keeps the time, the subject and the content type that the plugin gives', async () => {
    const { emit, log } = started();

    await emit({ type: 'kv.set', timeUnixNanos: 1_500_000n, subject: 's', contentType: 'text/plain' });

    expect(log).toMatchObject([{ time: 1.5, subject: 's', contentType: 'text/plain' }]);
  });

  // Feature 3: a table of 6 patterns.
  it.each<[string[], string, boolean]>([
    [['kv.set'], 'kv.set', true],
    [['kv.set'], 'kv.get', false],
    [['kv.*'], 'kv.get', true],
    [['kv.*'], 'kv.a.b', false],
    [['kv.**'], 'kv.a.b', true],
    [['*'], 'any.thing', true],
    [['other', 'kv.*'], 'kv.get', true],
    [[], 'kv.get', false],
  ])('with permissions %j for %s succeeds: %s', async (permissions, type, success) => {
    const { emit, log } = started({ permissions });

    expect(await emit({ type })).toMatchObject({ success, errorCode: success ? '' : 'EMIT_DENIED' });
    expect(log).toHaveLength(success ? 1 : 0);
  });

  it.each<[string, Partial<EmitRequest>]>([
    ['EVENT_INVALID', { event: undefined }],
    ['EVENT_INVALID', { event: emitted({ clientId: 'x'.repeat(257) }) }],
    ['SOURCE_FORGED', { source: 'other' }],
    ['EMIT_DENIED', { event: emitted({ type: 'other.set' }) }],
    ['EVENT_TYPE_INVALID', { event: emitted({ type: '' }) }],
    ['EVENT_TYPE_INVALID', { event: emitted({ type: 'kv..set' }) }],
    ['SUBJECT_INVALID', { event: emitted({ subject: 's'.repeat(257) }) }],
    ['CONTENT_TYPE_INVALID', { event: emitted({ contentType: 's'.repeat(257) }) }],
    ['METADATA_INVALID', { event: emitted({ metadata: { a: 'x'.repeat(20_000) } }) }],
    ['EVENT_TIME_INVALID', { event: emitted({ timeUnixNanos: -1n }) }],
    ['PAYLOAD_INVALID', { event: emitted({ payload: Buffer.from('{') }) }],
    ['PAYLOAD_TOO_LARGE', { event: emitted({ payload: Buffer.alloc(1_025), contentType: 'a/b' }) }],
    ['DEPTH_EXCEEDED', { cause: { kind: { $case: 'eventId', value: 'deep' } } }],
  ])('refuses with %s, of which nobody sees anything but a count and a fact: %o', async (code, request) => {
    const { call, bus, log, refused } = started({ permissions: ['kv.*'], deliveries: { deep: 2 } });
    const waiting = bus.subscribe({ name: 'a', patterns: ['*'] });

    const response = await call(request);

    expect(response).toMatchObject({ success: false, errorCode: code, eventId: '' });
    expect(response.errorMessage).not.toBe('');
    expect([log, waiting.counters.published, waiting.source.waiting]).toEqual([[], 0, 0]);
    expect(bus.counters).toMatchObject({ published: 0, refused: 1, refusedBy: { [code]: 1 } });
    expect(refused).toMatchObject([{ code, source: 'kv' }]);
  });

  it('takes the own name as source', async () => {
    const { call } = started();

    expect(await call({ source: 'kv' })).toMatchObject({ success: true });
  });

  it('answers BUS_CLOSED after the stop of the bus, whatever else is wrong', async () => {
    const { call, bus } = started();
    await bus.stop();

    expect(await call({ source: 'other' })).toMatchObject({ success: false, errorCode: 'BUS_CLOSED' });
  });

  it.each<[string, Cause | undefined, number, string]>([
    ['a delivered event', { kind: { $case: 'eventId', value: 'first' } }, 1, 'first'],
    ['an event it never got, as if it named none', { kind: { $case: 'eventId', value: 'made up' } }, 2, ''],
    ['nothing, with an event of depth 1 in flight', undefined, 2, ''],
    ['an empty cause, with an event of depth 1 in flight', {}, 2, ''],
    ['root: false, with an event of depth 1 in flight', { kind: { $case: 'root', value: false } }, 2, ''],
    ['a root', { kind: { $case: 'root', value: true } }, 0, ''],
  ])('counts the depth of what is caused by %s', async (_, cause, depth, causationId) => {
    const { call, log } = started({ deliveries: { first: 0 }, deepestInFlight: 1 });

    await call({ cause });

    expect(log).toMatchObject([{ depth, causationId }]);
  });

  it('counts as a root what names an unknown event while nothing is in flight', async () => {
    const { call, log } = started({ rateLimit: { perSecond: 1, burst: 1 } });
    const cause: Cause = { kind: { $case: 'eventId', value: 'made up' } };

    expect([(await call({ cause })).errorCode, (await call({ cause })).errorCode]).toEqual(['', 'RATE_LIMITED']);
    expect(log).toMatchObject([{ depth: 0 }]);
  });

  it('refuses the 1,001st root of a second with RATE_LIMITED, and takes one again 1 ms later', async () => {
    const { emit, environment } = started();
    const codes = new Set<string>();
    for (let i = 0; i < 1_000; i++) codes.add((await emit({})).errorCode);

    const refused = await emit({});
    environment.clock.advance(1);
    const again = await emit({});

    expect([[...codes], refused.errorCode, again.errorCode]).toEqual([[''], 'RATE_LIMITED', '']);
  });

  it('counts neither caused emits nor refused ones against the rate limit', async () => {
    const { emit, call } = started({ rateLimit: { perSecond: 1, burst: 1 }, deliveries: { first: 0 } });
    for (let i = 0; i < 5; i++) await call({ cause: { kind: { $case: 'eventId', value: 'first' } } });
    for (let i = 0; i < 5; i++) await call({ source: 'other' });

    expect((await emit({})).success).toBe(true);
  });

  it('counts an emit whose cause was settled against the rate limit, at the depth of that cause plus 1', async () => {
    const { call, log } = started({ rateLimit: { perSecond: 1, burst: 2 }, deliveries: { old: 0 } });
    const cause: Cause = { kind: { $case: 'eventId', value: 'old' } };

    const codes = [await call({ cause }), await call({ cause }), await call({ cause })].map((one) => one.errorCode);

    expect(codes).toEqual(['', '', 'RATE_LIMITED']);
    expect(log).toMatchObject([{ depth: 1 }, { depth: 1 }]);
  });

  it('refuses the 10,001st emit of a second whose cause is in flight with RATE_LIMITED', async () => {
    const { call } = started({ deliveries: { first: 0 } });
    const cause: Cause = { kind: { $case: 'eventId', value: 'first' } };
    const codes = new Set<string>();
    for (let i = 0; i < 10_000; i++) codes.add((await call({ cause })).errorCode);

    expect([[...codes], (await call({ cause })).errorCode]).toEqual([[''], 'RATE_LIMITED']);
  });

  it('takes another rate for emits whose cause is in flight', async () => {
    const { call } = started({ causedRateLimit: { perSecond: 1 }, deliveries: { first: 0 } });
    const cause: Cause = { kind: { $case: 'eventId', value: 'first' } };

    expect([(await call({ cause })).errorCode, (await call({ cause })).errorCode]).toEqual(['', 'RATE_LIMITED']);
  });

  it('bounds a plugin that names an old cause for 20,000 emits, each of which it gets itself, by its rate of 10', async () => {
    const { bus, environment, gate } = started({ permissions: ['loop.*'], rateLimit: { perSecond: 10 } });
    const { source, deliveries } = bus.subscribe({ name: 'kv', patterns: ['loop.*'] });
    const { implementation } = createHostEventService({ gate, clock: environment.clock, deliveries });
    bus.publish({ type: 'loop.start' });
    const [first] = source.take(1, 1_000) as [Delivery];
    source.delivered(first);
    const cause: Cause = { kind: { $case: 'eventId', value: first.queued.wire.id } };
    let successes = 0;

    for (let i = 0; i < 20_000; i++) {
      const { success } = await implementation.emit(
        requested({ cause, event: emitted({ type: 'loop.n' }) }),
        context(),
      );
      if (success) successes += 1;
      for (const delivery of source.take(64, 100_000)) source.delivered(delivery);
    }

    expect(successes).toBe(10);
  });

  it.each<[string, Partial<EmittedEvent>]>([
    ['another type', { type: 'kv.other' }],
    ['a payload of another length', { payload: Buffer.from('{"a":10}') }],
    ['another payload of the same length', { payload: Buffer.from('{"a":2}') }],
  ])(
    'refuses a client id that comes again with %s with EMIT_ID_REUSED, and knows the first one still',
    async (_, other) => {
      const { emit, log, refused } = started();
      const first = { clientId: 'c1', type: 'kv.set', payload: Buffer.from('{"a":1}') };

      const answers = [await emit(first), await emit({ ...first, ...other }), await emit(first)];

      expect(answers.map(({ errorCode, eventId }) => errorCode || eventId)).toEqual([
        'event-1',
        'EMIT_ID_REUSED',
        'event-1',
      ]);
      expect([log.length, refused.map(({ code }) => code)]).toEqual([1, ['EMIT_ID_REUSED']]);
    },
  );

  it('publishes once what comes twice with one client id, and answers alike', async () => {
    const { emit, log } = started();

    const answers = [await emit({ clientId: 'c1' }), await emit({ clientId: 'c1' }), await emit({ clientId: 'c2' })];

    expect(answers.map(({ eventId }) => eventId)).toEqual(['event-1', 'event-1', 'event-2']);
    expect(log).toHaveLength(2);
  });

  it('answers a repeated client id alike when the first emit was refused', async () => {
    const { call, bus } = started();

    const answers = [
      await call({ source: 'other', event: emitted({ clientId: 'c1' }) }),
      await call({ event: emitted({ clientId: 'c1' }) }),
    ];

    expect(answers.map(({ errorCode }) => errorCode)).toEqual(['SOURCE_FORGED', 'SOURCE_FORGED']);
    expect(bus.counters).toMatchObject({ published: 0, refused: 1 });
  });

  it('forgets the oldest of 3 client ids when it remembers 2', async () => {
    const { emit, log } = started({ clientIdsRemembered: 2 });

    for (const clientId of ['a', 'b', 'c', 'a']) await emit({ clientId });

    expect(log).toHaveLength(4);
  });

  it('waits with the answer until a full subscription that blocks has room', async () => {
    const { emit, bus } = started();
    const full = bus.subscribe({ name: 'a', patterns: ['*'], capacity: 1, overflow: 'block' });
    await emit({});
    const answer = emit({});

    expect(await isSettled(answer)).toBe(false);
    for (const delivery of full.source.take(1, 10_000)) full.source.delivered(delivery);

    expect(await answer).toMatchObject({ success: true });
  });

  it('answers after 3 s all the same, and leaves no timer behind', async () => {
    const { emit, bus, environment } = started();
    bus.subscribe({ name: 'a', patterns: ['*'], capacity: 1, overflow: 'block', blockMs: 60_000 });
    await emit({});
    const before = environment.clock.pending;
    const answer = emit({});

    expect(await isSettled(answer)).toBe(false);
    environment.clock.advance(3_000);

    expect(await answer).toMatchObject({ success: true, eventId: 'event-2' });
    // That of the publisher who waits in the subscription.
    expect(environment.clock.pending).toBe(before + 1);
  });

  it('stops waiting when the caller is gone', async () => {
    const { service, bus } = started();
    bus.subscribe({ name: 'a', patterns: ['*'], capacity: 1, overflow: 'block', blockMs: 60_000 });
    const gone = new AbortController();
    await service.emit(requested({}), context());
    const answer = Promise.resolve(service.emit(requested({}), context(gone.signal)));

    expect(await isSettled(answer)).toBe(false);
    gone.abort();

    expect(await answer).toMatchObject({ success: true });
  });
});

describe('emitBatch', () => {
  it('answers each of 3 for itself, in order', async () => {
    const { service, log } = started({ permissions: ['kv.*'] });
    const requests = ['kv.a', 'no', 'kv.b'].map((type) => requested({ event: emitted({ type }) }));

    const { responses } = await service.emitBatch({ requests }, context());

    expect(responses.map(({ success }) => success)).toEqual([true, false, true]);
    expect(log.map(({ type }) => type)).toEqual(['kv.a', 'kv.b']);
  });

  it('takes 1,000 and fails with BATCH_TOO_LARGE for 1,001, of which none is published', () => {
    const { service, log } = started();
    const requests = Array.from({ length: 1_000 }, () => requested({}));

    void service.emitBatch({ requests }, context());

    expect(log).toHaveLength(1_000);
    expect(() => service.emitBatch({ requests: [...requests, requested({})] }, context())).toThrow(
      expect.objectContaining({ code: 'BATCH_TOO_LARGE' }),
    );
    expect(log).toHaveLength(1_000);
  });

  it('publishes once what a batch has twice', () => {
    const { service, log } = started();
    const requests = [1, 2].map(() => requested({ event: emitted({ clientId: 'c' }) }));

    void service.emitBatch({ requests }, context());

    expect(log).toHaveLength(1);
  });
});

describe('reportResults', () => {
  it('hands up to 4,096 results on, and fails with BATCH_TOO_LARGE above', () => {
    const sizes: number[] = [];
    const { service } = started({ onResults: (results) => void sizes.push(results.length) });
    const results = Array.from({ length: 4_096 }, () => ({ sequence: 1n, eventId: 'e', emitted: [] }));

    void service.reportResults({ results }, context());

    expect(sizes).toEqual([4_096]);
    expect(() => service.reportResults({ results: [...results, ...results] }, context())).toThrow(
      expect.objectContaining({ code: 'BATCH_TOO_LARGE' }),
    );
  });
});

describe('admitEmitted', () => {
  it('publishes what a handler returned one level deeper, as far as the plugin may', () => {
    const { gate, bus, log } = started({ permissions: ['kv.*'], rateLimit: { perSecond: 1, burst: 1 } });
    const receipt = bus.publish({ type: 'a' });
    if (!receipt.accepted) throw receipt.error;

    const receipts = gate.admitEmitted(receipt.event, [{ type: 'kv.a' }, { type: 'no' }, { type: 'kv.b' }]);

    expect(receipts.map(({ accepted }) => accepted)).toEqual([true, false, true]);
    expect(log.slice(1)).toMatchObject([
      { type: 'kv.a', source: 'kv', depth: 1, causationId: 'event-1' },
      { type: 'kv.b', source: 'kv', depth: 1, causationId: 'event-1' },
    ]);
  });

  it('refuses what is too deep with DEPTH_EXCEEDED', () => {
    const { gate, bus } = started();
    const receipt = bus.publish({ type: 'a' }, { cause: { id: 'x', depth: 1 } });
    if (!receipt.accepted) throw receipt.error;

    expect(gate.admitEmitted(receipt.event, [{ type: 'kv.a' }])).toMatchObject([{ reason: 'DEPTH_EXCEEDED' }]);
  });

  it.each([null, undefined, 7, 'a'])('refuses the draft %j and goes on', (draft) => {
    const { gate, bus } = started();
    const receipt = bus.publish({ type: 'a' });
    if (!receipt.accepted) throw receipt.error;

    const receipts = gate.admitEmitted(receipt.event, [draft as never, { type: 'kv.a' }]);

    expect(receipts.map(({ accepted }) => accepted)).toEqual([false, true]);
  });
});

describe('createEmitGate', () => {
  it('throws PATTERN_INVALID for a permission that is no pattern', () => {
    expect(() => started({ permissions: ['a..b'] })).toThrow(expect.objectContaining({ code: 'PATTERN_INVALID' }));
  });

  it('throws INVALID_OPTIONS for a rate of 0', () => {
    expect(() => started({ rateLimit: { perSecond: 0 } })).toThrow(
      expect.objectContaining({ code: 'INVALID_OPTIONS' }),
    );
  });
});

// Helpers

interface StartOptions
  extends Partial<Pick<EmitGateOptions, 'permissions' | 'rateLimit' | 'causedRateLimit'>>,
    Partial<Omit<HostEventServiceOptions, 'gate' | 'deliveries'>> {
  readonly deliveries?: Readonly<Record<string, number>>;
  readonly deepestInFlight?: number;
}

function started(options: StartOptions = {}) {
  const { permissions = ['*'], rateLimit, causedRateLimit, deliveries, deepestInFlight, ...rest } = options;
  const environment: ManualEnvironment = createManualEnvironment();
  const system = createSystem({ environment });
  onTestFinished(async () => {
    const stopped = system.stop({ deadlineMs: 100 });
    await environment.clock.advanceAsync(60_000);
    await stopped;
  });
  const log: WireEvent[] = [];
  const append = async (event: WireEvent) => void log.push(event);
  const bus: Bus = createBus({ system, log: { append }, maxPayloadBytes: 1_024 });
  const refused: EventRefused[] = [];
  bus.facts.on('event.refused', (fact) => void refused.push(fact));
  const gate = createEmitGate({ plugin: 'kv', bus: bus.gateway, permissions, rateLimit, causedRateLimit });
  const { implementation: service } = createHostEventService({
    gate,
    clock: environment.clock,
    deliveries: {
      depthOf: (id) => deliveries?.[id],
      isInFlight: (id) => !id.startsWith('old'),
      deepestInFlight,
    },
    ...rest,
  });
  const call = async (request: Partial<EmitRequest>): Promise<EmitResponse> =>
    service.emit(requested(request), context());
  const emit = (event: Partial<EmittedEvent>) => call({ event: emitted(event) });
  return { bus, environment, log, refused, gate, service, call, emit };
}

function emitted(event: Partial<EmittedEvent>): EmittedEvent {
  const payload = Buffer.alloc(0);
  return {
    type: 'kv.set',
    subject: '',
    contentType: '',
    metadata: {},
    payload,
    timeUnixNanos: 0n,
    clientId: '',
    ...event,
  };
}

function requested(request: Partial<EmitRequest>): EmitRequest {
  return { event: emitted({}), source: '', ...request };
}

function context(signal = new AbortController().signal): CallContext {
  return { signal, metadata: {}, peer: {} as never, path: '', onReplied: () => {} };
}

/** Whether the promise settles without anything else happening. */
async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  let settled = false;
  void promise.then(() => {
    settled = true;
  });
  for (let i = 0; i < 4; i++) await new Promise((resolve) => setImmediate(resolve));
  return settled;
}
