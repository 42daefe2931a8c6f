import { describe, expect, it, onTestFinished } from 'vitest';
import { createSystem } from '../../src/actors/index.ts';
import { createBus } from '../../src/bus/index.ts';
import type { AcceptedReceipt, Bus, BusOptions, EventRefused, Receipt, Subscription } from '../../src/bus/index.ts';
import { createManualEnvironment } from '../../src/ports/index.ts';
import type { DomainEvent, EventDraft, EventMap, ManualEnvironment, WireEvent } from '../../src/ports/index.ts';

describe('publish', () => {
  it('gives every matching subscription the same frozen event', async () => {
    const { bus } = started();
    const [one, other] = [received(bus, 'order.*'), received(bus, '*')];

    const receipt = accepted(bus.publish({ type: 'order.paid', payload: { amount: 7 }, metadata: { a: 'b' } }));
    await settled();

    expect(one[0]).toBe(other[0]);
    expect(one).toEqual([
      {
        id: 'event-1',
        type: 'order.paid',
        time: 0,
        source: 'host',
        contentType: 'application/json',
        metadata: { a: 'b' },
        payload: { amount: 7 },
        depth: 0,
      },
    ]);
    expect([receipt.id, receipt.matched, receipt.event === one[0]]).toEqual(['event-1', 2, true]);
  });

  it('gives nothing to a subscription whose pattern does not match', async () => {
    const { bus } = started();
    const events = received(bus, 'order.*');

    const receipt = accepted(bus.publish({ type: 'step.done' }));
    await settled();

    expect([receipt.matched, events]).toEqual([0, []]);
  });

  it('comes once to a subscription with 3 patterns that match', async () => {
    const { bus } = started();
    const subscription = bus.subscribe({ name: 'a', patterns: ['*', 'order.*', 'order.paid'] });

    bus.publish({ type: 'order.paid' });

    expect(subscription.source.waiting).toBe(1);
  });

  it('keeps what the publisher does later to its draft away from subscribers', async () => {
    const { bus } = started();
    const events = received(bus, '*');
    const draft = { type: 'a', payload: { list: [1] }, metadata: { key: 'v' } };

    bus.publish(draft);
    draft.payload.list.push(2);
    draft.metadata.key = 'w';
    await settled();

    expect([events[0]?.payload, events[0]?.metadata]).toEqual([{ list: [1] }, { key: 'v' }]);
  });

  it('lets no subscriber change what others get', async () => {
    const { bus } = started();
    const events = received(bus, '*');

    bus.publish({ type: 'a', payload: { list: [{ deep: 1 }] }, metadata: { a: 'b' } });
    await settled();

    const event = events[0] as DomainEvent<string, { list: { deep: number }[] }>;
    const parts = [event, event.payload, event.payload.list, event.payload.list[0], event.metadata];
    expect(parts.every((part) => Object.isFrozen(part))).toBe(true);
  });

  it('gives each reader bytes of its own', async () => {
    const { bus } = started();
    const given = new Uint8Array([1, 2]);

    const { event } = accepted(bus.publish({ type: 'a', payload: given }));
    given[0] = 9;
    (event.payload as Uint8Array)[1] = 9;

    expect(event.contentType).toBe('application/octet-stream');
    expect([...(event.payload as Uint8Array)]).toEqual([1, 2]);
  });

  it('reads bytes that are JSON by their content type as JSON', () => {
    const { bus } = started();

    const receipt = bus.publish({ type: 'a', payload: Buffer.from('{"a":1}'), contentType: 'application/json' });

    expect(accepted(receipt).event.payload).toEqual({ a: 1 });
  });

  it('takes time and subject from the draft', () => {
    const { bus } = started();

    const { event } = accepted(bus.publish({ type: 'a', time: 12.5, subject: 'order 7' }));

    expect([event.time, event.subject]).toEqual([12.5, 'order 7']);
  });

  it('makes the encoded form once for 2 subscriptions', () => {
    const { bus } = started();
    const [one, other] = ['a', 'b'].map((name) => bus.subscribe({ name, patterns: ['*'] }));

    bus.publish({ type: 'a' });

    const [mine] = one?.source.take(1, 1_000) ?? [];
    const [theirs] = other?.source.take(1, 1_000) ?? [];
    expect(mine?.queued.encoded).toBe(theirs?.queued.encoded);
    expect(mine?.queued.encoded.end).toBeGreaterThan(mine?.queued.encoded.start ?? 0);
  });

  it('keeps a piece of memory of 256 KiB at most alive for each event that waits, and its own bytes when it is larger', () => {
    const { bus } = started();
    const [rare, all] = ['rare', '**'].map((pattern) => bus.subscribe({ name: pattern, patterns: [pattern] }));
    for (const type of ['rare', 'often', 'rare']) {
      bus.publish({ type, payload: 'x'.repeat(100) });
      bus.publish({ type: 'often', payload: 'x'.repeat(200_000) });
      bus.publish({ type, payload: 'x'.repeat(300_000) });
    }
    for (const { queued } of all?.source.take(100, 1e9) ?? []) expect(queued.encoded.end).toBeGreaterThan(0);

    const kept = rare?.source.take(100, 1e9).map(({ queued }) => queued) ?? [];
    const sizes = kept.map(({ encoded, bytes }) => encoded.chunk.length - bytes);
    expect(kept.map(({ encoded }) => encoded.chunk.length > 262_144)).toEqual([false, true, false, true]);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(262_144);
  });

  it('names the cause, and counts its depth plus 1', () => {
    const { bus } = started();
    const first = accepted(bus.publish({ type: 'a' }));

    const { event } = accepted(bus.publish({ type: 'b' }, { cause: first.event }));

    expect([event.depth, event.causationId]).toEqual([1, first.id]);
  });

  it('refuses the fourth event of a chain with DEPTH_EXCEEDED', () => {
    const { bus } = started();
    let cause: DomainEvent | undefined;
    const depths: number[] = [];

    for (let i = 0; i < 3; i++) {
      cause = accepted(bus.publish({ type: 'a' }, { cause })).event;
      depths.push(cause.depth);
    }

    expect(depths).toEqual([0, 1, 2]);
    expect(bus.publish({ type: 'a' }, { cause })).toMatchObject({ accepted: false, reason: 'DEPTH_EXCEEDED' });
  });

  it.each<[string, unknown]>([
    ['EVENT_INVALID', undefined],
    ['EVENT_INVALID', 'a'],
    ['EVENT_TYPE_INVALID', {}],
    ['EVENT_TYPE_INVALID', { type: '' }],
    ['EVENT_TYPE_INVALID', { type: 'a'.repeat(257) }],
    ['EVENT_TYPE_INVALID', { type: 'a.*' }],
    ['SUBJECT_INVALID', { type: 'a', subject: 'a'.repeat(257) }],
    ['CONTENT_TYPE_INVALID', { type: 'a', contentType: 7 }],
    ['METADATA_INVALID', { type: 'a', metadata: { a: 1 } }],
    ['EVENT_TIME_INVALID', { type: 'a', time: Number.NaN }],
    ['PAYLOAD_INVALID', { type: 'a', payload: 1n }],
    ['PAYLOAD_INVALID', { type: 'a', payload: Buffer.from('{'), contentType: 'application/json' }],
    ['PAYLOAD_TOO_LARGE', { type: 'a', payload: 'x'.repeat(99) }],
    ['PAYLOAD_TOO_LARGE', { type: 'a', payload: new Uint8Array(101) }],
  ])('refuses with %s: %o', (code, draft) => {
    const { bus, log } = started({ maxPayloadBytes: 100 });
    const waiting = bus.subscribe({ name: 'a', patterns: ['*'] });

    const receipt = bus.publish(draft as EventDraft);

    expect(receipt).toMatchObject({ accepted: false, reason: code });
    expect([waiting.source.waiting, waiting.counters.published, log]).toEqual([0, 0, []]);
    expect(bus.counters).toMatchObject({ published: 0, refused: 1, refusedBy: { [code]: 1 } });
  });

  it('refuses with EVENT_INVALID what throws while it is read', () => {
    const { bus } = started();
    const read = (): never => {
      throw new TypeError('no');
    };

    const receipt = bus.publish(Object.defineProperty({ type: 'a' }, 'payload', { get: read }));

    expect(receipt).toMatchObject({ accepted: false, reason: 'EVENT_INVALID' });
  });

  it('takes a payload of exactly the limit', () => {
    const { bus } = started({ maxPayloadBytes: 100 });

    expect(bus.publish({ type: 'a', payload: 'x'.repeat(98) }).accepted).toBe(true);
  });

  it('gives a refused event no id', () => {
    const { bus } = started();

    bus.publish({ type: '' });

    expect(accepted(bus.publish({ type: 'a' })).id).toBe('event-1');
  });

  it('names the subscriptions that reject the event', () => {
    const { bus } = started();
    for (const name of ['a', 'b']) bus.subscribe({ name, patterns: ['*'], capacity: 1, overflow: 'reject' });
    bus.subscribe({ name: 'c', patterns: ['*'] });

    const receipts = [bus.publish({ type: 'a' }), bus.publish({ type: 'a' })].map(accepted);

    expect(receipts.map(({ rejectedBy }) => rejectedBy)).toEqual([[], ['a', 'b']]);
  });

  it('settles queued when a full subscription that blocks has room', async () => {
    const { bus } = started();
    const full = bus.subscribe({ name: 'a', patterns: ['*'], capacity: 1, overflow: 'block' });
    bus.publish({ type: 'a' });
    const { queued } = accepted(bus.publish({ type: 'a' }));
    let isQueued = false;
    void queued.then(() => {
      isQueued = true;
    });
    await settled();
    const before = isQueued;

    for (const delivery of full.source.take(1, 1_000)) full.source.delivered(delivery);
    await queued;

    expect([before, isQueued]).toEqual([false, true]);
  });

  it('settles queued after 5 s when nobody makes room', async () => {
    const { bus, environment } = started();
    bus.subscribe({ name: 'a', patterns: ['*'], capacity: 1, overflow: 'block' });
    bus.publish({ type: 'a' });
    const { queued } = accepted(bus.publish({ type: 'a' }));

    environment.clock.advance(5_000);

    await expect(queued).resolves.toEqual({ dropped: ['a'] });
  });

  it('tells by queued who dropped the event: at once, after its wait, and for want of a place to wait in', async () => {
    const { bus, environment } = started();
    const limits = { patterns: ['*'], capacity: 1 };
    bus.subscribe({ ...limits, name: 'blocks', overflow: 'block', blockMs: 100 });
    bus.subscribe({ ...limits, name: 'drops' });
    bus.subscribe({ ...limits, name: 'rejects', overflow: 'reject' });
    bus.subscribe({ ...limits, name: 'takes', overflow: 'dropOldest' });
    const receipts = [1, 2, 3].map(() => accepted(bus.publish({ type: 'a' })));

    environment.clock.advance(100);

    const outcomes = await Promise.all(receipts.map(({ queued }) => queued));
    expect(receipts.map(({ rejectedBy }) => rejectedBy)).toEqual([[], ['rejects'], ['blocks', 'rejects']]);
    expect(outcomes.map(({ dropped }) => dropped)).toEqual([
      [],
      ['drops', 'rejects', 'blocks'],
      ['blocks', 'drops', 'rejects'],
    ]);
  });

  it('tells by queued that nobody dropped an event that has waited for room', async () => {
    const { bus } = started();
    const full = bus.subscribe({ name: 'a', patterns: ['*'], capacity: 1, overflow: 'block' });
    bus.publish({ type: 'a' });
    const { queued } = accepted(bus.publish({ type: 'a' }));

    for (const delivery of full.source.take(1, 1_000)) full.source.delivered(delivery);

    await expect(queued).resolves.toEqual({ dropped: [] });
  });

  it('shares one resolved promise among publishes that wait for nobody', () => {
    const { bus } = started();

    const [one, other] = [bus.publish({ type: 'a' }), bus.publish({ type: 'a' })].map(accepted);

    expect(one?.queued).toBe(other?.queued);
  });

  it('brings 100 events that handlers publish to all handlers in one order', async () => {
    const { bus } = started({ maxDepth: 200 });
    const [one, other]: [string[], string[]] = [[], []];
    bus.on('*', (event) => {
      one.push(event.id);
      if (one.length < 100) bus.publish({ type: 'a' });
    });
    bus.on('*', (event) => void other.push(event.id));

    bus.publish({ type: 'a' });
    await settled(20);

    expect([one.length, other]).toEqual([100, one]);
  });
});

describe('the event log', () => {
  it('has every published event before publish returns', () => {
    const { bus, log } = started();

    bus.publish({ type: 'a', payload: 1 });

    expect(log).toMatchObject([{ id: 'event-1', type: 'a', subject: '', depth: 0, causationId: '' }]);
  });

  it.each<[string, () => Promise<void>]>([
    ['rejects', () => Promise.reject(new TypeError('disk full'))],
    [
      'throws',
      () => {
        throw new TypeError('disk full');
      },
    ],
  ])('that %s reaches the publisher by its receipt and stops nothing else', async (_, append) => {
    const { bus } = started({ log: { append } });
    const events = received(bus, '*');
    const failures: string[] = [];
    bus.facts.on('log.failed', ({ eventId, error }) => void failures.push(`${eventId} ${error.code}`));

    const receipt = accepted(bus.publish({ type: 'a' }));

    await expect(receipt.stored).rejects.toThrow(expect.objectContaining({ code: 'EVENT_LOG_FAILED' }));
    await settled();
    expect([events.length, failures, bus.counters.notStored]).toEqual([1, ['event-1 EVENT_LOG_FAILED'], 1]);
  });

  it('refuses the 10,001st event that a slow log has not kept yet with EVENT_LOG_FULL, and takes the next one after it has', async () => {
    const { bus, log, kept } = startedWithSlowLog();
    for (let i = 0; i < 10_000; i++) bus.publish({ type: 'a' });

    const refused = bus.publish({ type: 'a' });
    kept[0]?.();
    await settled();

    expect(refused).toMatchObject({ accepted: false, reason: 'EVENT_LOG_FULL' });
    expect([log.length, bus.publish({ type: 'a' }).accepted]).toEqual([10_000, true]);
  });

  it('is waited for by stop', async () => {
    const { bus, kept, environment } = startedWithSlowLog();
    const { stored } = accepted(bus.publish({ type: 'a' }));
    let isStopped = false;
    const stopped = bus.stop().then(() => {
      isStopped = true;
    });

    await settled();
    const before = isStopped;
    kept[0]?.();
    await Promise.all([stored, stopped]);

    expect([before, isStopped, environment.clock.pending]).toEqual([false, true, 0]);
  });

  it('is waited for by stop no longer than the drain time, and a warning says how much is missing', async () => {
    const { bus, environment } = startedWithSlowLog();
    bus.publish({ type: 'a' });
    const stopped = bus.stop({ drainMs: 700 });

    await environment.clock.advanceAsync(700);
    await stopped;

    expect(environment.log.entries).toMatchObject([{ level: 'warn', fields: { events: 1 } }]);
  });
});

describe('subscribe', () => {
  it.each<[string, object]>([
    ['PATTERN_INVALID', { name: 'b', patterns: ['a..b'] }],
    ['INVALID_OPTIONS', { name: 'b', patterns: [] }],
    ['INVALID_OPTIONS', { name: 'b', patterns: 'a' }],
    ['INVALID_OPTIONS', { name: 'b', patterns: Array.from({ length: 1_025 }, () => 'a') }],
    ['INVALID_OPTIONS', { name: '', patterns: ['a'] }],
    ['NAME_TAKEN', { name: 'a', patterns: ['a'] }],
  ])('throws %s for %o and leaves nothing behind', (code, options) => {
    const { bus } = started();
    bus.subscribe({ name: 'a', patterns: ['*'] });

    expect(() => bus.subscribe(options as never)).toThrow(expect.objectContaining({ code }));
    expect(bus.counters.subscriptions).toBe(1);
  });

  it('is forgotten as soon as it begins to stop, and its name is free', async () => {
    const { bus } = started();
    const first = bus.subscribe({ name: 'a', patterns: ['*'] });

    const report = first.stop({ drainMs: 0 });

    expect(accepted(bus.publish({ type: 'a' })).matched).toBe(0);
    expect(bus.subscribe({ name: 'a', patterns: ['*'] }).name).toBe('a');
    await expect(report).resolves.toMatchObject({ delivered: 0, dropped: 0 });
  });

  it('publishes what a handler returns, one level deeper, for itself too', async () => {
    const { bus } = started();
    const depths: number[] = [];
    bus.on('ping', (event) => {
      depths.push(event.depth);
      return [{ type: 'ping' }];
    });

    bus.publish({ type: 'ping' });
    await settled(5);

    expect([depths, bus.counters.refusedBy]).toEqual([[0, 1, 2], { DEPTH_EXCEEDED: 1 }]);
  });

  it('keeps published = delivered + dropped + failed + pending + unknown with 1 slow, 1 failing and 1 full subscriber', async () => {
    const { bus } = started();
    const subscriptions = [
      bus.on('*', () => new Promise<void>(() => {})),
      bus.on('*', () => Promise.reject(new TypeError('no'))),
      bus.subscribe({ name: 'full', patterns: ['*'], capacity: 2 }),
    ];

    for (let i = 0; i < 10; i++) bus.publish({ type: 'a' });
    await settled(3);

    expect(subscriptions.map(sumOf)).toEqual([10, 10, 10]);
    expect(subscriptions.map(({ counters }) => counters.published)).toEqual([10, 10, 10]);
  });
});

describe('on', () => {
  it('types the payload by the pattern', async () => {
    const { bus } = started<{ 'order.paid': { amount: number }; 'order.sent': { to: string } }>();
    const seen: (number | string)[] = [];
    bus.on('order.paid', ({ payload }) => void seen.push(payload.amount));
    bus.on('order.*', (event) => void seen.push(event.type === 'order.paid' ? event.payload.amount : event.payload.to));

    bus.publish({ type: 'order.sent', payload: { to: 'a' } });
    bus.publish({ type: 'order.paid', payload: { amount: 7 } });
    // @ts-expect-error the amount is a number
    bus.publish({ type: 'order.paid', payload: { amount: 'b' } });
    await settled();

    expect(seen).toEqual(['a', 7, 'b', 7, 'b']);
  });
});

describe('facts', () => {
  it('tell a refusal with code, source and type', () => {
    const { bus } = started();
    const refused: EventRefused[] = [];
    bus.facts.on('event.refused', (fact) => void refused.push(fact));

    bus.publish({ type: 'a', subject: 7 as never });
    bus.publish({ type: 'a b' });

    expect(refused).toMatchObject([
      { code: 'SUBJECT_INVALID', source: 'host', type: 'a' },
      { code: 'EVENT_TYPE_INVALID', source: 'host', type: undefined },
    ]);
  });

  it('tell the overflow of a subscription, and its beginning and end', async () => {
    const { bus } = started();
    const told: string[] = [];
    bus.facts.on(
      'subscription.started',
      ({ subscription, patterns }) => void told.push(`${subscription} ${patterns.join()}`),
    );
    bus.facts.on('subscription.overflowed', ({ name, dropped }) => void told.push(`${name} dropped ${dropped}`));
    bus.facts.on('subscription.stopped', ({ name }) => void told.push(`${name} stopped`));
    const subscription = bus.subscribe({ name: 'a', patterns: ['*'], capacity: 1 });
    subscription.source.onAvailable(() => {});
    await settled();

    bus.publish({ type: 'a' });
    bus.publish({ type: 'a' });
    await settled();
    await subscription.stop({ drainMs: 0 });

    expect(told).toEqual(['a *', 'a dropped 1', 'a stopped']);
  });

  it('reach no listener that has ended, and survive one that throws', () => {
    const { bus, environment } = started();
    const told: string[] = [];
    bus.facts.on('event.refused', () => {
      throw new TypeError('listener');
    });
    const off = bus.facts.on('event.refused', ({ code }) => void told.push(code));
    bus.publish({ type: '' });
    off();
    off();

    bus.publish({ type: '' });

    expect(told).toEqual(['EVENT_TYPE_INVALID']);
    expect(environment.log.entries.map(({ message }) => message)).toEqual(
      Array.from({ length: 2 }, () => 'a listener of the event bus threw'),
    );
  });
});

describe('stop', () => {
  it('delivers what waits, and reports what became of it', async () => {
    const { bus } = started();
    const events = received(bus, '*');
    for (let i = 0; i < 5; i++) bus.publish({ type: 'a' });

    const report = await bus.stop();

    expect(events).toHaveLength(5);
    expect(report.subscriptions).toEqual({ 'local-1': { delivered: 5, dropped: 0, failed: 0, unknown: 0 } });
  });

  it('drops what waits when the time is up', async () => {
    const { bus, environment } = started();
    bus.subscribe({ name: 'a', patterns: ['*'] });
    bus.publish({ type: 'a' });

    const stopped = bus.stop({ drainMs: 1_000 });
    await settled();
    environment.clock.advance(1_000);

    expect((await stopped).subscriptions).toMatchObject({ a: { dropped: 1 } });
  });

  it('refuses publishes and subscriptions with BUS_CLOSED from then on, and is the same twice', async () => {
    const { bus } = started();

    const stops = [bus.stop(), bus.stop()];

    expect(bus.publish({ type: 'a' })).toMatchObject({ accepted: false, reason: 'BUS_CLOSED' });
    expect(() => bus.subscribe({ name: 'a', patterns: ['*'] })).toThrow(
      expect.objectContaining({ code: 'BUS_CLOSED' }),
    );
    expect(() => bus.on('*', () => {})).toThrow(expect.objectContaining({ code: 'BUS_CLOSED' }));
    const [one, other] = await Promise.all(stops);
    expect(one).toBe(other);
  });

  it('waits for a subscription that had begun to stop before', async () => {
    const { bus, environment } = started();
    const slow = bus.subscribe({ name: 'slow', patterns: ['*'] });
    bus.publish({ type: 'a' });
    void slow.stop({ drainMs: 700 });

    const stopped = bus.stop();
    await settled();
    environment.clock.advance(700);

    expect((await stopped).subscriptions).toMatchObject({ slow: { dropped: 1 } });
  });

  it('rejects a drain time that is none', async () => {
    const { bus } = started();

    await expect(bus.stop({ drainMs: -1 })).rejects.toThrow(expect.objectContaining({ code: 'INVALID_OPTIONS' }));
    expect(bus.publish({ type: 'a' }).accepted).toBe(true);
  });
});

describe('createBus', () => {
  it.each<[string, unknown]>([
    ['options', undefined],
    ['options', null],
    ['system', {}],
    ['source', { source: 5 }],
    ['source', { source: '' }],
    ['log', { log: null }],
    ['log.append', { log: {} }],
  ])('refuses bad %s with INVALID_OPTIONS: %o', (field, options) => {
    const system = createSystem({ environment: createManualEnvironment() });
    onTestFinished(async () => void (await system.stop()));
    const given = field === 'options' ? options : field === 'system' ? options : { system, ...(options as object) };

    expect(() => createBus(given as BusOptions)).toThrow(expect.objectContaining({ code: 'INVALID_OPTIONS', field }));
  });

  it.each(['maxDepth', 'maxPayloadBytes', 'typesRemembered', 'entriesRemembered', 'maxAppends'])(
    'refuses 0 as %s',
    (field) => {
      expect(() => started({ [field]: 0 })).toThrow(expect.objectContaining({ code: 'INVALID_OPTIONS', field }));
    },
  );
});

// Helpers

interface Started<Events extends EventMap> {
  readonly bus: Bus<Events>;
  readonly environment: ManualEnvironment;
  readonly log: WireEvent[];
}

function started<Events extends EventMap = EventMap>(options: Partial<BusOptions> = {}): Started<Events> {
  const environment = createManualEnvironment();
  const system = createSystem({ environment });
  const log: WireEvent[] = [];
  onTestFinished(async () => {
    const stopped = system.stop({ deadlineMs: 100 });
    await environment.clock.advanceAsync(200);
    await stopped;
  });
  const keep = {
    async append(event: WireEvent) {
      log.push(event);
    },
  };
  return { bus: createBus<Events>({ system, log: keep, ...options }), environment, log };
}

/** With a log that keeps an event when the function of it in `kept` is called. */
function startedWithSlowLog() {
  const log: WireEvent[] = [];
  const kept: (() => void)[] = [];
  const append = (event: WireEvent): Promise<void> => {
    log.push(event);
    return new Promise((resolve) => void kept.push(resolve));
  };
  return { ...started({ log: { append } }), log, kept };
}

function received(bus: Bus, pattern: string): DomainEvent[] {
  const events: DomainEvent[] = [];
  bus.on(pattern, (event) => void events.push(event));
  return events;
}

function accepted(receipt: Receipt): AcceptedReceipt {
  if (receipt.accepted) return receipt;
  throw receipt.error;
}

function sumOf({ counters }: Subscription): number {
  return counters.delivered + counters.dropped + counters.failed + counters.pending + counters.unknown;
}

/** Lets everything run that needs no time. */
async function settled(turns = 4): Promise<void> {
  for (let i = 0; i < turns; i++) await new Promise((resolve) => setImmediate(resolve));
}
