import { describe, expect, it, onTestFinished } from 'vitest';
import { createSystem } from '../../src/actors/index.ts';
import { createBus } from '../../src/bus/index.ts';
import type { Bus, PublishOptions } from '../../src/bus/index.ts';
import { createManualEnvironment } from '../../src/ports/index.ts';
import type { EventDraft } from '../../src/ports/index.ts';

const INVALID = expect.objectContaining({ code: 'INVALID_OPTIONS' });
/** What callers without types may give. */
const anything = (value: unknown): never => value as never;

describe('publish', () => {
  it.each<[unknown]>([
    [null],
    ['a'],
    [{ source: 7 }],
    [{ source: '' }],
    [{ source: 'x'.repeat(257) }],
    [{ cause: 'abc' }],
    [{ cause: null }],
    [{ cause: {} }],
    [{ cause: { id: 5, depth: 0 } }],
    [{ cause: { id: 'a', depth: -5 } }],
    [{ cause: { id: 'a', depth: 0.5 } }],
    [{ cause: { id: 'a', depth: Number.NaN } }],
  ])('refuses the options %j with INVALID_OPTIONS, and does not throw', (options) => {
    const bus = started();

    const receipt = bus.publish({ type: 'a' }, options as PublishOptions);

    expect(receipt).toMatchObject({ accepted: false, reason: 'INVALID_OPTIONS' });
    expect(bus.counters).toMatchObject({ published: 0, refused: 1 });
  });

  it('refuses options whose getters throw with EVENT_INVALID', () => {
    const read = (): never => {
      throw new TypeError('no');
    };

    const receipt = started().publish({ type: 'a' }, Object.defineProperty({}, 'source', { get: read }));

    expect(receipt).toMatchObject({ accepted: false, reason: 'EVENT_INVALID' });
  });

  it('B3: refuses a draft that stops the bus while it is read', () => {
    const bus = started();
    const draft: EventDraft = {
      get type() {
        void bus.stop();
        return 'late';
      },
    };

    expect(bus.publish(draft)).toMatchObject({ accepted: false, reason: 'BUS_CLOSED' });
    expect(bus.counters.published).toBe(0);
  });

  it.each<[unknown]>([
    [new Map([['a', 1]])],
    [new Set([1])],
    [Promise.resolve(1)],
    [new ArrayBuffer(2)],
    [new Float32Array(2)],
    [Number.NaN],
    [Number.POSITIVE_INFINITY],
  ])('refuses the payload %o, of which JSON would make something else, with PAYLOAD_INVALID', (payload) => {
    expect(started().publish({ type: 'a', payload })).toMatchObject({ accepted: false, reason: 'PAYLOAD_INVALID' });
  });

  it('takes a payload that says itself what its JSON is', () => {
    const receipt = started().publish({ type: 'a', payload: new Date(0) });

    expect(receipt).toMatchObject({ accepted: true, event: { payload: '1970-01-01T00:00:00.000Z' } });
  });

  it('refuses a Map as metadata with METADATA_INVALID', () => {
    const metadata = anything(new Map([['a', 'b']]));

    expect(started().publish({ type: 'a', metadata })).toMatchObject({ reason: 'METADATA_INVALID' });
  });
});

describe('on', () => {
  it('throws INVALID_OPTIONS without a handler, and for options that are none', () => {
    const bus = started();

    expect(() => bus.on('a', anything(undefined))).toThrow(INVALID);
    expect(() => bus.on('a', () => {}, anything(null))).toThrow(INVALID);
    expect(bus.subscriptions()).toEqual([]);
  });
});

describe('facts.on', () => {
  it('throws INVALID_OPTIONS for a listener that is no function', () => {
    expect(() => started().facts.on('event.refused', anything(undefined))).toThrow(INVALID);
  });
});

describe('stop', () => {
  it('rejects options that are none with INVALID_OPTIONS, and goes on', async () => {
    const bus = started();

    await expect(bus.stop(anything(null))).rejects.toThrow(INVALID);
    expect(bus.publish({ type: 'a' }).accepted).toBe(true);
  });
});

describe('a handler that publishes to itself', () => {
  it('is ended by the depth limit after 3 events when it names its event as the cause, and not without', async () => {
    const bus = started();
    const runs = { named: 0, unnamed: 0 };
    bus.on('named', (event) => {
      runs.named += 1;
      bus.publish({ type: 'named' }, { cause: event });
    });
    bus.on('unnamed', () => {
      runs.unnamed += 1;
      if (runs.unnamed < 100) bus.publish({ type: 'unnamed' });
    });

    bus.publish({ type: 'named' });
    bus.publish({ type: 'unnamed' });
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));

    expect(runs).toEqual({ named: 3, unnamed: 100 });
  });
});

// Helpers

function started(): Bus {
  const environment = createManualEnvironment();
  const system = createSystem({ environment });
  onTestFinished(async () => void (await system.stop()));
  return createBus({ system });
}
